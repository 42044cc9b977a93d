import { createHmac } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ProgramContext } from '../module/program.ts'
import { type Client, clientOf, must } from './client.ts'
import type { Fault } from './fault.ts'
import { fault } from './fault.ts'
import type { AccountInput } from './programs.ts'
import { synapseWay } from './ways.ts'

export interface NewAccount {
  readonly name: string
  readonly password: string
  readonly admin: boolean
}

export interface Registered {
  readonly ok: true
  readonly id: string
  readonly token: string
}

/** HMAC-SHA1 in hexadecimal (Synapse's documentation, "Shared-Secret Registration"). */
export const registrationMac = (secret: string, nonce: string, { name, password, admin }: NewAccount): string =>
  createHmac('sha1', secret)
    .update([nonce, name, password, admin ? 'admin' : 'notadmin'].join('\0'))
    .digest('hex')

const PATH = '/_synapse/admin/v1/register'

/** Makes an account by the shared secret, which works whether registration is open or not. `errcode` M_USER_IN_USE: the name is taken. */
export async function register(synapse: Client, secret: string, account: NewAccount): Promise<Registered | Fault> {
  const what = `registering ${account.name}`
  const off = 'is registration_shared_secret set in homeserver.yaml? It does nothing when Matrix Authentication Service is used'
  const given = await must(synapse, { path: PATH }, `asking for a nonce to register`, { '400': off, '404': off })
  if (!given.ok) return given
  const nonce = String(given.json?.nonce ?? '')
  const mac = registrationMac(secret, nonce, account)
  const { name: username, password, admin } = account
  const made = await must(synapse, { path: PATH, json: { nonce, username, password, admin, mac } }, what, {
    '403': 'registration_shared_secret is not the one that Synapse runs with: is the container restarted since it was changed?',
  })
  if (!made.ok) return made
  const { user_id: id, access_token: token } = made.json ?? {}
  if (typeof id !== 'string' || typeof token !== 'string') return fault(`${what}: the answer holds no user_id or access_token`)
  return { ok: true, id, token }
}

/** Times that are tried, half a second apart: after a restart of PostgreSQL Synapse finds its connections dead one by one, and fails at each. */
const TRIES = 10

async function registerPatiently(synapse: Client, secret: string, account: NewAccount): Promise<Registered | Fault> {
  for (let tries = 1; ; tries++) {
    const made = await register(synapse, secret, account)
    // Synapse's word for an internal error
    if (made.ok || made.errcode !== 'M_UNKNOWN' || tries === TRIES) return made
    await sleep(500, undefined, { signal: synapse.signal }).catch(() => undefined)
  }
}

/** The program behind `matrix_user`. */
export async function makeAccount(want: AccountInput, context: ProgramContext): Promise<{ ok: true; user_id: string } | Fault> {
  const synapse = clientOf(synapseWay(want, context), context.signal, { left: 60_000, say: context.say })
  const { name, admin } = want
  const made = await registerPatiently(synapse, want.secret.reveal(), { name, password: want.password.reveal(), admin })
  if (!made.ok) return made
  // the session that came with it is nobody's
  const closed = await must(synapse, { path: '/_matrix/client/v3/logout', token: made.token, json: {} }, `ending the session of ${made.id}`)
  return closed.ok ? { ok: true, user_id: made.id } : closed
}
