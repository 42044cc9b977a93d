import type { Run } from '../check.ts'
import { clientOf, describe } from '../client.ts'
import { type Fault, fault } from '../fault.ts'
import { publicWay } from '../ways.ts'
import type { Lookups } from './resolve.ts'

const REDIRECTS = 5

/** `m.server` of a hostname's well-known, as other servers read it: redirects are followed, its Content-Type is not looked at. */
async function delegationOf({ world, context, patience }: Run, hostname: string): Promise<{ ok: true; server: string } | Fault> {
  let url = new URL(`https://${hostname}/.well-known/matrix/server`)
  for (let count = 0; count <= REDIRECTS; count++) {
    const way = publicWay(world, url.hostname, { port: Number(url.port || 443), host: url.host, certificate: url.hostname })
    const reply = await clientOf(way, context.signal, patience).ask({ path: `${url.pathname}${url.search}` })
    if (!reply.ok) return reply
    const { location } = reply.headers
    if (reply.status >= 300 && reply.status < 400 && location !== undefined) {
      if (!URL.canParse(location, url.href)) return fault(`a redirect to ${location}, which is no address`)
      url = new URL(location, url)
      if (url.protocol !== 'https:') return fault(`a redirect to ${url.href}, without TLS`)
      continue
    }
    const server = reply.json?.['m.server']
    if (reply.status !== 200 || typeof server !== 'string') return fault(describe(reply))
    return { ok: true, server }
  }
  return fault(`more than ${REDIRECTS} redirects`)
}

/** What the resolution of a server name asks for, asked in the world. */
export const lookupsOf = (run: Run): Lookups => ({ ...run.world, delegation: (hostname) => delegationOf(run, hostname) })
