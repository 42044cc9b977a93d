import type { HttpReply } from './http-reply.ts'

/** The answer's headers as keys: lower case, `-` as `_`, those that come more than once joined. */
export function headerKeys(reply: HttpReply): Record<string, string> {
  const keys: Record<string, string> = {}
  for (const [name, value] of reply.headers) {
    const key = name.toLowerCase().replaceAll('-', '_')
    keys[key] = keys[key] === undefined ? value : `${keys[key]}, ${value}`
  }
  if (keys.location !== undefined && URL.canParse(keys.location, reply.url)) keys.location = new URL(keys.location, reply.url).href
  return keys
}

/** A body as text, in the character set its type names; UTF-8 without one. */
export function decodeBody(body: Buffer, type: string): string {
  const charset = /charset="?([^\s";]+)/i.exec(type)?.[1] ?? 'utf-8'
  try {
    return new TextDecoder(charset, { ignoreBOM: true }).decode(body)
  } catch (error) {
    if (error instanceof RangeError) return body.toString()
    throw error
  }
}

/** `json`, when the type says it is JSON (or JavaScript, as Ansible counts it) and it is. */
export function parseJson(content: string, type: string): { json?: unknown } {
  if (!/json|javascript/.test(type.split(';')[0]!.split('/')[1] ?? '')) return {}
  try {
    return { json: JSON.parse(content.replace(/^\ufeff/, '')) as unknown }
  } catch (error) {
    if (error instanceof SyntaxError) return {}
    throw error
  }
}
