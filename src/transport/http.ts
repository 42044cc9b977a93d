import { setTimeout as sleep } from 'node:timers/promises'
import { type Http, type HttpAnswer, type HttpRequest, refusal, unanswered } from '../module/http.ts'
import { Secret } from '../secrets/secret.ts'

interface Settings {
  /** No more tries once this is aborted; the one under way is finished. */
  readonly stop?: AbortSignal | undefined
  /** Ends the try under way as well. */
  readonly leave?: AbortSignal | undefined
  /** Milliseconds before the second try; each further one waits twice as long. */
  readonly firstDelay?: number
}

const TRIES = 6
/** Milliseconds that one try may take. */
const TIMEOUT = 30_000
/** Milliseconds. A server that wants to be left alone for longer is obeyed by giving up. */
const LONGEST_WAIT = 60_000

type Try = { readonly answer: HttpAnswer; readonly again: boolean; readonly wait?: number }

/**
 * The controller's client: node's own fetch. A refusal for being too busy (429, 5xx) and a network error are tried again, with exponential
 * backoff and jitter, or after what Retry-After says.
 */
export function httpClient({ stop, leave, firstDelay = 500 }: Settings = {}): Http {
  return async (request) => {
    for (let count = 1; ; count++) {
      const { answer, again, wait } = await once(request, leave)
      // what an earlier try that went unanswered has deleted is gone
      if (!answer.ok && request.method === 'DELETE' && count > 1 && answer.status === 404) return { ok: true, status: 404, text: '' }
      if (answer.ok || !again) return answer.ok || count === 1 ? answer : afterTries(answer, request, count)
      const backoff = firstDelay * 2 ** (count - 1) * (0.5 + Math.random())
      const delay = Math.min(wait ?? backoff, wait === undefined ? LONGEST_WAIT : Number.POSITIVE_INFINITY)
      if (delay > LONGEST_WAIT)
        return added(answer, `the server wants to be left alone for ${Math.ceil(delay / 1000)} s: run it again then`)
      if (count === TRIES) return added(answer, `given up after ${TRIES} tries: run it again later`)
      await sleep(delay, undefined, stop && { signal: stop }).catch(() => undefined)
      if (stop?.aborted) return added(answer, 'interrupted')
    }
  }
}

const added = (answer: Extract<HttpAnswer, { ok: false }>, text: string): HttpAnswer => ({ ...answer, why: `${answer.why}: ${text}` })

/** An earlier try that went unanswered may have done its work, so that this one meets what it made. */
const afterTries = (answer: Extract<HttpAnswer, { ok: false }>, { method }: HttpRequest, count: number): HttpAnswer =>
  method === 'POST' ? added(answer, `an earlier try of ${count} may have succeeded unheard: run it again to see`) : answer

async function once(request: HttpRequest, leave: AbortSignal | undefined): Promise<Try> {
  const signal = AbortSignal.any([AbortSignal.timeout(TIMEOUT), ...(leave ? [leave] : [])])
  try {
    const response = await fetch(request.url, {
      method: request.method,
      // an address that moved is not followed with a token in hand
      redirect: 'manual',
      headers: {
        Accept: '*/*',
        'User-Agent': 'mhprov',
        ...(request.bearer && { Authorization: `Bearer ${request.bearer.reveal()}` }),
        ...(request.json !== undefined && { 'Content-Type': 'application/json' }),
      },
      ...(request.json !== undefined && { body: JSON.stringify(request.json, revealing) }),
      ...(request.parts && { body: formOf(request.parts) }),
      signal,
    })
    if (response.ok) return { answer: await whole(response), again: false }
    const answer = refusal(request, response.status, await response.text())
    const wait = retryAfter(response.headers.get('retry-after'))
    return { answer, again: response.status === 429 || response.status >= 500, ...(wait !== undefined && { wait }) }
  } catch (error) {
    return { answer: unanswered(request, reason(error)), again: !leave?.aborted && !isHopeless(error) }
  }
}

/** JSON with the secrets in it, which show their mask everywhere else. */
function revealing(this: Record<string, unknown>, key: string, value: unknown): unknown {
  const held = this[key]
  return held instanceof Secret ? held.reveal() : value
}

async function whole(response: Response): Promise<HttpAnswer> {
  const { status } = response
  if (!response.headers.get('content-type')?.startsWith('multipart/form-data')) return { ok: true, status, text: await response.text() }
  const parts: Record<string, string> = {}
  for (const [name, value] of (await response.formData()).entries()) parts[name] = typeof value === 'string' ? value : await value.text()
  return { ok: true, status, text: '', parts }
}

function formOf(parts: NonNullable<HttpRequest['parts']>): FormData {
  const form = new FormData()
  for (const { name, type, text, filename } of parts) form.append(name, new Blob([text], { type }), filename ?? name)
  return form
}

/** Seconds or a date (RFC 9110, 10.2.3), to milliseconds from now. */
function retryAfter(header: string | null): number | undefined {
  if (header === null) return undefined
  const ms = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - Date.now()
  return Number.isNaN(ms) ? undefined : Math.max(0, ms)
}

const codeOf = (error: unknown): string | undefined => {
  const cause = error instanceof Error ? (error.cause as { code?: unknown } | undefined) : undefined
  return typeof cause?.code === 'string' ? cause.code : undefined
}

/** What no second try mends: a certificate, an address that is none. */
const isHopeless = (error: unknown): boolean => /CERT|TLS|INVALID_URL|SELF_SIGNED|UNABLE_TO_VERIFY/.test(codeOf(error) ?? '')

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens at that address',
  ENOTFOUND: 'the name does not resolve: is this machine online?',
  EAI_AGAIN: 'names cannot be resolved: is this machine online?',
  ECONNRESET: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
}

function reason(error: unknown): string {
  const code = codeOf(error)
  if (code && WORDS[code]) return `${WORDS[code]} (${code})`
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return `no answer within ${TIMEOUT / 1000} s`
  if (error.name === 'AbortError') return 'interrupted'
  return error.cause instanceof Error ? error.cause.message : error.message
}
