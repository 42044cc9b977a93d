import { type Check, good, type Run, type Verdict } from '../../check.ts'
import { type Client, clientOf, describe, type Reply, refusal } from '../../client.ts'
import { type Fault, fault } from '../../fault.ts'
import { lookupsOf } from '../../outside/delegation.ts'
import { resolveServerName, targetsOf } from '../../outside/resolve.ts'
import { publicWay } from '../../ways.ts'

/** A web client's, as its browser sends it. */
export const ORIGIN = { Origin: 'https://app.element.io' }
export const WELL_KNOWN = { client: '/.well-known/matrix/client', server: '/.well-known/matrix/server' } as const

/** Asks the server name itself, whose web site may be anyone's. */
export const apexOf = ({ world, want, patience, context }: Run): Client =>
  clientOf(publicWay(world, want.serverName), context.signal, patience)

const KEPT = 'Servers keep what they read there for a day, and an error for an hour.'
const UNSERVED =
  'nothing serves it: the Worker needs the routes example.com/.well-known/matrix/client* and …/server* with your name; or Apache an Alias in the virtual host of the server name.'

/** The document at the path, and with a query, too: a cache-buster must not miss the Worker. */
async function documentAt(apex: Client, path: string): Promise<Reply | Fault> {
  let first: Reply | undefined
  for (const asked of [path, `${path}?x=1`]) {
    const reply = await apex.ask({ path: asked, headers: ORIGIN })
    if (!reply.ok) return { ...reply, detail: `GET ${asked}: ${reply.detail}` }
    if (reply.status >= 300 && reply.status < 400)
      return fault(
        `${asked} is redirected to ${reply.headers.location ?? 'elsewhere'}`,
        'not all servers follow: answer at the server name itself, and take this path out of the redirect (to www, say).',
      )
    if (reply.status !== 200)
      return refusal(apex, reply, `GET ${asked}`, {
        '404': first ? 'with a query it is not served: the Worker’s routes must end in *' : UNSERVED,
      })
    if (!reply.json) return fault(`GET ${asked}: ${describe(reply)}, where a JSON object must be`, UNSERVED)
    first ??= reply
  }
  return first!
}

const isJson = ({ headers }: Reply): boolean => /^application\/json\b/i.test(String(headers['content-type'] ?? ''))
const typeOf = ({ headers }: Reply): string => String(headers['content-type'] ?? 'no Content-Type')

export const wellKnownClient: Check = {
  id: 'well_known_client',
  name: 'client discovery',
  from: 'outside',
  needs: ['reach_server_name'],
  run: async (run) => {
    const reply = await documentAt(apexOf(run), WELL_KNOWN.client)
    if (!reply.ok) return reply
    if (!isJson(reply)) return fault(`it is served as ${typeOf(reply)}`, 'some clients want Content-Type: application/json')
    const base = (reply.json?.['m.homeserver'] as { base_url?: unknown } | null | undefined)?.base_url
    const wanted = `https://${run.want.matrixHost}`
    if (String(base).replace(/\/$/, '') === wanted) return good(String(base))
    return fault(`m.homeserver.base_url is ${said(base)}, not ${wanted}`, `correct it in ${WELL_KNOWN.client}. ${KEPT}`)
  },
}

export const wellKnownServer: Check = {
  id: 'well_known_server',
  name: 'server discovery',
  from: 'outside',
  needs: ['reach_server_name'],
  run: async (run) => {
    const reply = await documentAt(apexOf(run), WELL_KNOWN.server)
    const found = reply.ok ? delegates(reply, run.want.matrixHost) : reply
    if (found.ok !== false) return found
    const now = await resolveServerName(run.want.serverName, lookupsOf(run))
    const where = now.ok ? ` As it is, other servers go to ${targetsOf(now)}.` : ''
    return { ...found, hint: `${found.hint ?? ''}${where}`.trim() }
  },
}

function delegates(reply: Reply, matrixHost: string): Verdict {
  const server = reply.json?.['m.server']
  const wanted = `${matrixHost}:443`
  // servers read it whatever its type (server-server API, "Resolving server names", step 3)
  if (server === wanted) return good(isJson(reply) ? wanted : `${wanted} (served as ${typeOf(reply)}, which servers tolerate)`)
  if (server === matrixHost)
    return fault(
      `m.server is ${matrixHost}, without a port`,
      `it must be ${wanted}: without it SRV records count, and port 8448 last. ${KEPT}`,
    )
  return fault(`m.server is ${said(server)}, not ${wanted}`, `correct it in ${WELL_KNOWN.server}. ${KEPT}`)
}

const said = (value: unknown): string => (value === undefined ? 'missing' : typeof value === 'string' ? value : JSON.stringify(value))
