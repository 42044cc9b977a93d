import type { Secret } from '../secrets/secret.ts'

/** One part of a multipart body. */
export interface Part {
  readonly name: string
  readonly type: string
  readonly text: string
  /** Makes it a file rather than a field. */
  readonly filename?: string
}

/** A request of the controller. Plain data: it can be printed, compared and stored. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly url: string
  /** Sent as `Authorization: Bearer`; it is never part of a message. */
  readonly bearer?: Secret
  /** May hold Secrets; what is sent has their values. */
  readonly json?: unknown
  readonly parts?: readonly Part[]
  /** What to do about a refusal, said after it: the first that fits the answer. */
  readonly hints?: readonly Hint[]
}

export interface Hint {
  readonly status?: number
  /** One of the codes in the answer's `errors`. */
  readonly code?: number
  /** Part of what the answer says. */
  readonly says?: string
  readonly text: string
}

/** What came of a request. Total: a refusal and a dead network are answers too. */
export type HttpAnswer =
  | { readonly ok: true; readonly status: number; readonly text: string; readonly parts?: Readonly<Record<string, string>> }
  | {
      readonly ok: false
      /** Undefined when nobody answered. */
      readonly status?: number
      readonly codes: readonly number[]
      /** For a person: the request, what was said to it, and the way out. */
      readonly why: string
    }

/** Sends a request, again and again while there is hope. Never rejects. */
export type Http = (request: HttpRequest) => Promise<HttpAnswer>

interface Complaint {
  readonly code: number
  readonly message: string
}

/** The `errors` of an answer in Cloudflare's envelope, with those they were caused by; none of another answer. */
export function complaintsIn(body: string): Complaint[] {
  try {
    const { errors } = JSON.parse(body) as { errors?: unknown }
    return Array.isArray(errors) ? errors.flatMap(complaint) : []
  } catch {
    return [] // a page of a proxy, or nothing at all
  }
}

function complaint(one: { code?: unknown; message?: unknown; error_chain?: unknown } | null): Complaint[] {
  const chain = Array.isArray(one?.error_chain) ? one.error_chain.flatMap(complaint) : []
  return one && typeof one.code === 'number' ? [{ code: one.code, message: String(one.message ?? '') }, ...chain] : chain
}

const nameOf = ({ method, url }: HttpRequest): string => `${method} ${URL.canParse(url) ? new URL(url).pathname : url}`

/** What an answer that is no success says: method and path, status, the server's own codes and words, the way out. */
export function refusal(request: HttpRequest, status: number, body: string): Extract<HttpAnswer, { ok: false }> {
  const complaints = complaintsIn(body)
  const codes = complaints.map((one) => one.code)
  const said = complaints.map(({ code, message }) => `${message || 'error'} (code ${code})`).join(', ')
  const hint = request.hints?.find(
    (one) =>
      (one.status === undefined || one.status === status) &&
      (one.code === undefined || codes.includes(one.code)) &&
      (one.says === undefined || said.includes(one.says)),
  )
  return { ok: false, status, codes, why: `${nameOf(request)}: ${status}${said && ` ${said}`}${hint ? `: ${hint.text}` : ''}` }
}

/** The same for a request that nobody answered. */
export const unanswered = (request: HttpRequest, why: string): Extract<HttpAnswer, { ok: false }> => ({
  ok: false,
  codes: [],
  why: `${nameOf(request)}: ${why}`,
})
