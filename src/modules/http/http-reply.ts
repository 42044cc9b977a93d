/** What came back, of all the places a request was sent on to. */
export interface HttpReply {
  /** Exit code of the program that asked; 0 when there was an answer. */
  readonly rc: number
  /** Status of the last answer, -1 without one. */
  readonly status: number
  /** "Not Found", as the server put it. */
  readonly reason: string
  /** The last place asked. */
  readonly url: string
  /** Of the last answer, in order, names as they were sent. */
  readonly headers: readonly (readonly [string, string])[]
  /** Every Set-Cookie of every answer. */
  readonly cookies: readonly string[]
  /** What the program said of its failure. */
  readonly error: string
}

/** From the header lines of all answers, one block after the other, each ended by an empty line. */
export function httpReply(rc: number, url: string, heads: string, error: string): HttpReply {
  const blocks = heads
    .split(/\r?\n\r?\n/)
    .map((block) =>
      block
        .replace(/\r?\n[ \t]+/g, ' ')
        .split(/\r?\n/)
        .filter((line) => line !== ''),
    )
    .filter((lines) => /^HTTP\//.test(lines[0] ?? ''))
  const fields = (lines: readonly string[]) =>
    lines.slice(1).flatMap((line): [string, string][] => {
      const colon = line.indexOf(':')
      return colon < 0 ? [] : [[line.slice(0, colon), line.slice(colon + 1).trim()]]
    })
  const last = blocks.at(-1) ?? []
  const [, status = '-1', reason = ''] = /^HTTP\/\S+ (\d+) ?(.*)$/.exec(last[0] ?? '') ?? []
  const cookies = blocks.flatMap((lines) => fields(lines).filter(([name]) => name.toLowerCase() === 'set-cookie'))
  return {
    rc,
    status: rc === 0 ? Number(status) : -1,
    reason,
    url,
    headers: fields(last),
    cookies: cookies.map(([, value]) => value),
    error: error.trim(),
  }
}

/** Value of a header, whatever the case of its name. */
export const header = (reply: HttpReply, name: string): string | undefined =>
  reply.headers.find(([one]) => one.toLowerCase() === name.toLowerCase())?.[1]

/** Why there was no answer, in the words Ansible has for it where it has some. Codes are curl's (curl(1), EXIT CODES). */
export function describeFailure(reply: HttpReply): string {
  const said = reply.error || `exit code ${reply.rc}`
  if ([51, 60].includes(reply.rc)) {
    const host = /^https?:\/\/([^/?#]*)/.exec(reply.url)?.[1] ?? reply.url
    return `Failed to validate the SSL certificate for ${host.includes(':') ? host : `${host}:443`}: certificate verify failed (${said})`
  }
  if (reply.rc === 18) return `Incomplete read: ${said}`
  if (reply.rc === 28) return `Connection failure: timed out (${said})`
  return `Request failed: ${said}`
}

/** Names to values, each once: a later one replaces an earlier, one that is expired is dropped (RFC 6265 5.2). `now` is milliseconds. */
export function cookieJar(lines: readonly string[], now: number): { cookies: Record<string, string>; text: string } {
  const jar = new Map<string, { value: string; path: string }>()
  for (const line of lines) {
    const [pair = '', ...attributes] = line.split(';').map((part) => part.trim())
    const equals = pair.indexOf('=')
    if (equals < 1) continue
    const attribute = (name: string) => attributes.find((one) => one.toLowerCase().startsWith(`${name}=`))?.slice(name.length + 1)
    const age = attribute('max-age')
    const expires = Date.parse(attribute('expires') ?? '')
    const over = age === undefined ? expires <= now : Number(age) <= 0
    const name = pair.slice(0, equals)
    jar.delete(name)
    if (!over) jar.set(name, { value: pair.slice(equals + 1), path: attribute('path') ?? '' })
  }
  // the longest path first, and the latest of equals first, as Python's cookie jar gives them back
  const sorted = [...jar].reverse().sort(([, a], [, b]) => b.path.length - a.path.length)
  return {
    cookies: Object.fromEntries([...jar].map(([name, { value }]) => [name, value])),
    text: sorted.map(([name, { value }]) => `${name}=${value}`).join('; '),
  }
}

/** Where the redirects among the answers' header lines lead, from the place first asked. */
export function finalUrl(heads: string, url: string): string {
  let at = url
  for (const block of heads.split(/\r?\n\r?\n/)) {
    const to = /^HTTP\/\S+ 30[12378] /m.test(block) ? /^location:\s*(\S+)/im.exec(block)?.[1] : undefined
    if (to !== undefined && URL.canParse(to, at)) at = new URL(to, at).href
  }
  return at
}
