import { createHash } from 'node:crypto'
import type { LocalFile } from '../../module/local-file.ts'

/** What is sent as a request's body, and the Content-Type it has unless a header says otherwise. */
export type HttpBody = { readonly bytes: Buffer; readonly type?: string } | { readonly why: string }

export type BodyFormat = 'raw' | 'json' | 'form-urlencoded' | 'form-multipart'

/** A part of a form that is a file of the controller. */
export const formFile = (field: unknown): string | undefined =>
  isMap(field) && typeof field.filename === 'string' && field.content === undefined ? field.filename : undefined

/** The body in its format. `files` are the form's files that were read, by field. */
export function httpBody(body: unknown, format: BodyFormat, files: Readonly<Record<string, readonly LocalFile[] | undefined>>): HttpBody {
  if (format === 'json') return { bytes: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)), type: 'application/json' }
  if (format === 'form-multipart') return multipart(body, files)
  if (format === 'form-urlencoded' && typeof body !== 'string') return urlencoded(body)
  const type = 'application/x-www-form-urlencoded'
  return { bytes: Buffer.from(typeof body === 'object' ? JSON.stringify(body) : String(body)), type }
}

const isMap = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

// As forms are encoded (WHATWG URL, application/x-www-form-urlencoded), which Python's urlencode agrees with but for `~`.
function urlencoded(body: unknown): HttpBody {
  const pairs = isMap(body) ? Object.entries(body) : body
  if (!Array.isArray(pairs)) return { why: 'failed to parse body as form_urlencoded: expected a mapping or a list of pairs' }
  const form = new URLSearchParams()
  for (const pair of pairs) {
    if (!Array.isArray(pair) || pair.length !== 2) return { why: 'failed to parse body as form_urlencoded: too many values to unpack' }
    for (const value of Array.isArray(pair[1]) ? pair[1] : [pair[1]]) form.append(String(pair[0]), plain(value))
  }
  return { bytes: Buffer.from(form.toString()), type: 'application/x-www-form-urlencoded' }
}

const plain = (value: unknown) => (typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value ?? ''))

// RFC 7578; the boundary follows from the content, so the same form is the same bytes.
function multipart(body: unknown, files: Readonly<Record<string, readonly LocalFile[] | undefined>>): HttpBody {
  if (!isMap(body)) return { why: 'the body of a form-multipart request must be a mapping of its fields' }
  const parts: Buffer[] = []
  for (const [name, field] of Object.entries(body)) {
    const made = part(name, field, files[name]?.[0])
    if (typeof made === 'string') return { why: made }
    parts.push(made)
  }
  const digest = createHash('sha256')
  for (const one of parts) digest.update(one)
  const boundary = `mhprov-${digest.digest('hex').slice(0, 32)}`
  const bytes = Buffer.concat([
    ...parts.flatMap((one) => [Buffer.from(`--${boundary}\r\n`), one, Buffer.from('\r\n')]),
    Buffer.from(`--${boundary}--\r\n`),
  ])
  return { bytes, type: `multipart/form-data; boundary=${boundary}` }
}

function part(name: string, field: unknown, file: LocalFile | undefined): Buffer | string {
  const { filename, content, mime_type: type, multipart_encoding: encoding } = isMap(field) ? field : { content: field }
  if (content === undefined && !file) return `the form's field "${name}" needs a filename or a content`
  if (content === undefined && !file?.bytes)
    return `the form's file "${name}" is larger than 1 MiB: copy it to the host and send it from there with src and remote_src`
  const bytes = content === undefined ? file!.bytes! : Buffer.from(plain(content))
  const base64 = encoding === 'base64'
  const shown = typeof filename === 'string' ? filename.slice(filename.lastIndexOf('/') + 1) : undefined
  const lines = [
    `Content-Disposition: form-data; name=${quoted(name)}${shown === undefined ? '' : `; filename=${quoted(shown)}`}`,
    ...(typeof type === 'string' ? [`Content-Type: ${type}`] : shown === undefined ? [] : ['Content-Type: application/octet-stream']),
    ...(base64 ? ['Content-Transfer-Encoding: base64'] : []),
  ]
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), base64 ? Buffer.from(bytes.toString('base64')) : bytes])
}

// the form of HTML's "multipart/form-data encoding algorithm"
const quoted = (name: string) => `"${name.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A')}"`
