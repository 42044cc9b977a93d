import { randomBytes } from 'node:crypto'
import { type Account, type Check, good, type Run } from '../check.ts'
import { type Client, must } from '../client.ts'
import { type Fault, fault } from '../fault.ts'
import { register } from '../register.ts'
import { seenOutside } from './outside/seen.ts'

/** Addresses for documentation (RFC 5737): nobody connects from there. */
const FORGED = '203.0.113.7'
const FORGED_CF = '203.0.113.9'

export const registration: Check = {
  id: 'register',
  name: 'registration',
  from: 'host',
  needs: ['versions'],
  run: async (run) => {
    const tag = randomBytes(4).toString('hex')
    const admin = await throwaway(run, `mhprov-${tag}-admin`, true)
    if (!admin.ok) return admin
    run.admin = admin.account
    const user = await throwaway(run, `mhprov-${tag}-user`, false)
    if (!user.ok) return user
    run.user = user.account
    const server = run.user.id.slice(run.user.id.indexOf(':') + 1)
    if (server !== run.want.serverName)
      return fault(`Synapse calls itself ${server}, not ${run.want.serverName}`, 'server_name here must be that of homeserver.yaml')
    return good('an administrator and a user made')
  },
}

async function throwaway({ synapse, want }: Run, name: string, admin: boolean): Promise<{ ok: true; account: Account } | Fault> {
  const password = randomBytes(18).toString('base64url')
  const made = await register(synapse, want.secret.reveal(), { name, password, admin })
  return made.ok ? { ok: true, account: { name, password, id: made.id, token: made.token } } : made
}

/** Tells the forged requests of one way apart from the others of the same user. */
const agent = ({ way }: Client) => `mhprov (forged address${way.outside ? ', outside' : ''})`

export const login: Check = {
  id: 'login',
  name: 'password login',
  from: 'through Apache',
  needs: ['tls', 'register'],
  run: async (run, web) => {
    const { name, password, id } = run.user!
    const reply = await must(
      web,
      {
        path: '/_matrix/client/v3/login',
        headers: forged(run, web),
        json: { type: 'm.login.password', identifier: { type: 'm.id.user', user: name }, password },
      },
      'logging in',
      {
        M_FORBIDDEN: 'is password_config.enabled false in homeserver.yaml?',
        M_UNKNOWN: 'is password_config.enabled false in homeserver.yaml?',
      },
    )
    // login itself works: when it will let someone in again is for the rate limit to say
    if (!reply.ok && reply.limited) return { ok: null, detail: reply.detail }
    if (!reply.ok) return reply
    const { access_token: token, user_id } = reply.json ?? {}
    if (typeof token !== 'string') return fault('logging in: the answer holds no access_token')
    run.login = token
    return user_id === id ? good('the user is let in') : fault(`logged in as ${String(user_id)}, not ${id}`)
  },
}

/** Only by a tunnel may anybody say of himself what Cloudflare saw; its edge takes such a header for its own. */
const forged = ({ want }: Run, web: Client) => ({
  'User-Agent': agent(web),
  'X-Forwarded-For': FORGED,
  ...(!(want.tunnel && web.way.outside) && { 'CF-Connecting-IP': FORGED_CF }),
})

export const clientAddress: Check = {
  id: 'client_address',
  name: 'client address',
  from: 'through Apache',
  needs: ['tls', 'register'],
  run: async (run, web) => {
    const { synapse } = run
    const { token } = run.user!
    const used = await must(web, { path: '/_matrix/client/v3/account/whoami', token, headers: forged(run, web) }, 'asking who one is')
    if (!used.ok) return used
    const path = `/_synapse/admin/v1/whois/${encodeURIComponent(run.user!.id)}`
    const reply = await must(synapse, { path, token: run.admin!.token }, 'asking where the user came from')
    if (!reply.ok) return reply
    const seen = addresses(reply.json, agent(web))
    if (seen.includes(FORGED))
      return fault(
        `Synapse believes a forged X-Forwarded-For (${FORGED})`,
        'RequestHeader unset X-Forwarded-For is missing in the virtual host: rate limits and bans by address can be evaded',
      )
    if (seen.includes(FORGED_CF))
      return fault(
        `Synapse believes a forged CF-Connecting-IP (${FORGED_CF})`,
        'the virtual host believes CF-Connecting-IP of anybody: only of the tunnel it may, or take that line away',
      )
    if (web.way.outside) return seenOutside(seen, run, web)
    if (seen.includes(HERE)) return good(`${HERE}, forged ones ignored`)
    return fault(
      `Synapse saw ${seen.join(', ') || 'no address'}, not ${HERE} from which Apache was asked`,
      'x_forwarded: true is missing in the listener of homeserver.yaml, or Apache sends no X-Forwarded-For',
    )
  },
}

/** Apache is asked from its own host. */
const HERE = '127.0.0.1'

/** Addresses of the forged requests, latest last (Synapse's documentation, "Query current sessions for a user"). */
function addresses(whois: Readonly<Record<string, unknown>> | undefined, agent: string): string[] {
  const devices = Object.values((whois?.devices ?? {}) as Record<string, { sessions?: { connections?: Connection[] }[] }>)
  return devices
    .flatMap((device) => device.sessions ?? [])
    .flatMap((session) => session.connections ?? [])
    .filter((one) => one.user_agent === agent)
    .sort((a, b) => (a.last_seen ?? 0) - (b.last_seen ?? 0))
    .map((one) => String(one.ip))
}

interface Connection {
  readonly ip?: string
  readonly last_seen?: number
  readonly user_agent?: string
}
