import { createHash } from 'node:crypto'
import type { Hint, Http, HttpAnswer, HttpRequest } from '../../module/http.ts'
import type { Secret } from '../../secrets/secret.ts'
import { permissionFor } from './permission.ts'

/** Where the API is and with whose token. Part of every key: `by` tells one token from another, which a Secret does not. */
export interface Api {
  readonly url: string
  readonly token: Secret
  readonly by: string
}

export const apiOf = (want: { readonly api_url: string; readonly api_token: Secret }): Api => ({
  url: want.api_url.replace(/\/+$/, ''),
  token: want.api_token,
  by: createHash('sha256').update(want.api_token.reveal()).digest('hex').slice(0, 16),
})

/** What the API says of something, or why it cannot be known. */
export type Known<T> =
  | { readonly ok: true; readonly value: T }
  /** `refused`: the token may not. `missing`: there is no such thing. */
  | { readonly ok: false; readonly why: string; readonly refused?: true; readonly missing?: true }

export const known = <T>(value: T): Known<T> => ({ ok: true, value })

const TOKENS = 'https://dash.cloudflare.com/profile/api-tokens'
const BAD = `Cloudflare does not know this token: is it whole, and neither expired nor deleted? ${TOKENS}`

/** Codes as the API gives them: 6003 and 6111 for a header that is none, 9109 and 10000 for a token that is wrong or may not. */
function hints(method: HttpRequest['method'], path: string): Hint[] {
  const permission = permissionFor(method, path)
  const text = `the token lacks the permission "${permission}", or is not for this ${path.startsWith('/accounts') ? 'account' : 'zone'}: ${TOKENS}`
  return [
    { code: 6003, text: BAD },
    { code: 6111, text: BAD },
    { code: 9109, says: 'Invalid access token', text: BAD },
    { code: 1000, says: 'Invalid API Token', text: BAD },
    { status: 401, text },
    { status: 403, text },
  ]
}

type Body = Pick<HttpRequest, 'json' | 'parts'>

/** A request to the API, with what to say when it is refused. Values in a path are quoted by `path`. */
export const request = (api: Api, method: HttpRequest['method'], path: string, body: Body = {}): HttpRequest => ({
  method,
  url: api.url + path,
  bearer: api.token,
  ...body,
  hints: hints(method, path.replace(/\?.*/, '')),
})

/** Quotes the values in a path or a query. */
export const path = (parts: TemplateStringsArray, ...values: readonly string[]): string =>
  parts.map((part, i) => (i === 0 ? part : encodeURIComponent(values[i - 1]!) + part)).join('')

interface Envelope<T> {
  readonly success?: boolean
  readonly result: T
  readonly result_info?: { readonly page?: number; readonly total_pages?: number; readonly total_count?: number }
}

/** Reads what an answer holds in the API's envelope. */
async function envelope<T>(http: Http, api: Api, where: string): Promise<Known<Envelope<T>>> {
  const answer = await http(request(api, 'GET', where))
  if (!answer.ok) return refused(http, api, answer)
  try {
    const whole = JSON.parse(answer.text) as Envelope<T>
    if (whole.success === true) return known(whole)
  } catch {
    // said below
  }
  return { ok: false, why: `GET ${where}: the answer is not one of Cloudflare's API: is api_url right?` }
}

const said = (answer: Extract<HttpAnswer, { ok: false }>): Extract<Known<never>, { ok: false }> => ({
  ok: false,
  why: answer.why,
  ...((answer.status === 401 || answer.status === 403) && { refused: true }),
  ...(answer.status === 404 && { missing: true }),
})

/** A refusal. The API words a dead token like a missing permission; what can be told apart is asked for. */
async function refused(http: Http, api: Api, answer: Extract<HttpAnswer, { ok: false }>): Promise<Extract<Known<never>, { ok: false }>> {
  const plain = said(answer)
  if (!plain.refused || answer.why.endsWith(BAD)) return plain
  const verified = await http(request(api, 'GET', '/user/tokens/verify'))
  const status = verified.ok ? (JSON.parse(verified.text) as Envelope<{ status?: string } | null>).result?.status : undefined
  return status === undefined || status === 'active' ? plain : { ...plain, why: `${answer.why} (the token is ${status})` }
}

/** One thing. */
export async function read<T>(http: Http, api: Api, where: string): Promise<Known<T>> {
  const found = await envelope<T>(http, api, where)
  return found.ok ? known(found.value.result) : found
}

const PER_PAGE = 50

/** A list, all of its pages; `where` has a query already. */
export async function readAll<T>(http: Http, api: Api, where: string): Promise<Known<T[]>> {
  const all: T[] = []
  for (let page = 1; ; page++) {
    const found = await envelope<T[] | null>(http, api, `${where}&page=${page}&per_page=${PER_PAGE}`)
    if (!found.ok) return found
    const items = found.value.result ?? []
    all.push(...items)
    const pages = found.value.result_info?.total_pages
    if (items.length === 0 || (pages === undefined ? items.length < PER_PAGE : page >= pages)) return known(all)
  }
}

/** The text of something that is no JSON, with its parts when it has some. */
export async function readText(
  http: Http,
  api: Api,
  where: string,
): Promise<Known<{ text: string; parts?: Readonly<Record<string, string>> }>> {
  const answer = await http(request(api, 'GET', where))
  return answer.ok ? known({ text: answer.text, ...(answer.parts && { parts: answer.parts }) }) : refused(http, api, answer)
}
