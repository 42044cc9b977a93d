import type { z } from 'zod'
import type { Rights, World, ZoneState } from './world.ts'

/** A refusal as the API gives it. */
export class Refusal extends Error {
  readonly status: number
  readonly code: number
  readonly chain: readonly { code: number; message: string }[]

  constructor(status: number, code: number, message: string, chain: readonly { code: number; message: string }[] = []) {
    super(message)
    this.status = status
    this.code = code
    this.chain = chain
  }
}

export interface Call {
  readonly world: World
  readonly rights: Rights
  readonly url: URL
  /** The named pieces of the path. */
  readonly at: Readonly<Record<string, string>>
  readonly type: string
  readonly body: Buffer
}

/** What an endpoint gives back: a result for the envelope, a page of a list, or a body of its own. */
export type Reply = { readonly result: unknown } | { readonly list: readonly unknown[] } | { readonly response: Response }

export interface Endpoint {
  readonly method: string
  /** `/zones/{zone}/dns_records`. */
  readonly path: string
  /** Without Read or Edit, which the method says. */
  readonly permission?: string
  readonly write?: boolean
  /** Names of query parameters that are understood besides those of pages. */
  readonly query?: readonly string[]
  readonly answer: (call: Call) => Reply | Promise<Reply>
}

/** The body as JSON of a shape; unknown keys are refused, which the API does for some and should for all. */
export function bodyOf<T extends z.ZodType>({ type, body }: Call, shape: T): z.output<T> {
  if (!/^application\/json\b/.test(type)) throw new Refusal(415, 10415, `Content-Type must be application/json, not "${type}"`)
  let json: unknown
  try {
    json = JSON.parse(body.toString())
  } catch {
    throw new Refusal(400, 6007, 'Malformed JSON in request body')
  }
  const parsed = shape.safeParse(json)
  if (parsed.success) return parsed.data
  const [first] = parsed.error.issues
  throw new Refusal(400, 1004, `Validation error: ${first!.path.join('.')}: ${first!.message}`)
}

export function zoneOf({ world, at, rights }: Call): ZoneState {
  const zone = world.zones.find((one) => one.id === at.zone)
  if (!zone) throw new Refusal(404, 7003, `Could not route to /zones/${at.zone}, perhaps your object identifier is invalid?`)
  if (rights.zones && !rights.zones.includes(zone.name)) throw new Refusal(403, 9109, 'Unauthorized to access requested resource')
  return zone
}

export function accountOf({ world, at }: Call): string {
  if (!world.accounts.some((one) => one.id === at.account)) throw new Refusal(403, 10000, 'Authentication error')
  return at.account!
}
