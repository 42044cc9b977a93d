import { randomUUID } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import { type Check, good, type Verdict } from '../check.ts'
import { describe, must, refusal } from '../client.ts'
import { fault } from '../fault.ts'
import { connection, explain } from '../way.ts'

const DAY = 86_400_000
/** Of a certificate's lifetime; certbot renews when a third is left. */
const ENOUGH = 1 / 3

export const tls: Check = {
  id: 'tls',
  name: 'certificate',
  from: 'through Apache',
  needs: ['health'],
  run: async ({ apache }) => {
    const end = new AbortController()
    const stop = () => end.abort()
    const timer = setTimeout(stop, 20_000)
    apache.signal.addEventListener('abort', stop, { once: true })
    try {
      const socket = (await connection(apache.way, end.signal)) as TLSSocket
      const life = lifetime(socket.getPeerCertificate(), Date.now())
      if (!life.ok) return life
      const reply = await must(apache, { path: '/_matrix/client/versions' }, 'asking for the versions')
      if (!reply.ok) return reply
      if (Array.isArray(reply.json?.versions)) return life
      return fault(
        `asking for the versions: ${describe(reply)}`,
        'another virtual host answers, or no ProxyPass leads to Synapse: check ServerName, and a2dissite what stands before it',
      )
    } catch (error) {
      return end.signal.aborted
        ? fault('no TLS connection within 20 s', apache.way.unanswered)
        : explain(error as NodeJS.ErrnoException, apache.way)
    } finally {
      clearTimeout(timer)
      apache.signal.removeEventListener('abort', stop)
      end.abort()
    }
  },
}

/** Whether enough of a certificate's life is left at `now` (milliseconds). */
export function lifetime({ valid_from, valid_to }: { valid_from: string; valid_to: string }, now: number): Verdict {
  const [from, to] = [Date.parse(valid_from), Date.parse(valid_to)]
  const days = Math.floor((to - now) / DAY)
  const until = new Date(to).toISOString().slice(0, 10)
  if ((to - now) / (to - from) > ENOUGH) return good(`valid until ${until}`)
  return fault(
    `the certificate ends on ${until}, in ${days} ${days === 1 ? 'day' : 'days'}: a third of its lifetime or less is left`,
    'its renewal does not work: see certbot renew --dry-run and systemctl list-timers; make a self-signed one anew',
  )
}

const NO_DECODE = 'AllowEncodedSlashes NoDecode'

export const encodedSlash: Check = {
  id: 'encoded_slash',
  name: 'encoded slashes',
  from: 'through Apache',
  needs: ['tls'],
  run: async ({ apache, want }) => {
    const alias = `#mhprov/${randomUUID()}:${want.serverName}`
    const reply = await apache.ask({ path: `/_matrix/client/v3/directory/room/${encodeURIComponent(alias)}` })
    if (!reply.ok) return reply
    const errcode = reply.json?.errcode
    const said = String(reply.json?.error ?? '')
    // Synapse repeats the alias as it understood it
    if (errcode === 'M_NOT_FOUND' && said.includes('%'))
      return fault('%2F arrives encoded twice', 'nocanon is missing on the ProxyPass line: with it Apache hands the path on as it came')
    if (errcode === 'M_UNRECOGNIZED') return fault('M_UNRECOGNIZED', `the proxy decodes %2F: ${NO_DECODE} and nocanon are missing`)
    // whatever else Synapse says of the alias: it was asked for one
    if (typeof errcode === 'string') return good('%2F stays %2F')
    if (reply.status === 404)
      return fault('404 from Apache itself', `it refuses %2F: ${NO_DECODE} is missing in the virtual host of ${want.matrixHost}`)
    return refusal(apache, reply, 'looking a room alias up')
  },
}

export const adminClosed: Check = {
  id: 'admin_closed',
  name: 'admin API closed',
  from: 'through Apache',
  needs: ['tls'],
  run: async ({ apache }) => {
    const reply = await apache.ask({ path: '/_synapse/admin/v1/server_version' })
    if (!reply.ok) return reply
    if (reply.status !== 200 || !reply.json) return good(`refused (${reply.status})`)
    return fault(
      '/_synapse/admin/v1/server_version answers',
      'anyone can try the admin API: proxy only /_matrix and /_synapse/client, not /_synapse or /',
    )
  },
}
