import { type Check, good } from '../../check.ts'
import type { Client, Reply, Request } from '../../client.ts'
import { type Fault, fault } from '../../fault.ts'
import { apexOf, ORIGIN, WELL_KNOWN } from './well-known.ts'

// What a browser wants before it shows a page of another origin an answer, also one that is an error (Fetch standard, "CORS protocol").

const PREFLIGHT = { ...ORIGIN, 'Access-Control-Request-Method': 'GET' }

export const corsWellKnown: Check = {
  id: 'cors_well_known',
  name: 'discovery in browsers',
  from: 'outside',
  needs: ['well_known_client', 'well_known_server'],
  run: async (run) => {
    const apex = apexOf(run)
    const hint =
      'web clients say that they cannot connect: send Access-Control-Allow-Origin: * with every answer (in Apache: Header always set)'
    for (const path of Object.values(WELL_KNOWN)) {
      const problem =
        (await openTo(apex, { path, headers: ORIGIN }, hint)) ??
        (await openTo(apex, { method: 'OPTIONS', path, headers: PREFLIGHT }, hint, preflight))
      if (problem) return problem
    }
    return good('open to all origins, OPTIONS too')
  },
}

const LOGIN = '/_matrix/client/v3/login'

export const cors: Check = {
  id: 'cors',
  name: 'API in browsers',
  from: 'outside',
  needs: ['public_client_api'],
  run: async (_run, web) => {
    const hint = 'Synapse sends it with every answer: something before it takes it away, adds a second one, or answers itself'
    const asks = [
      { path: '/_matrix/client/versions', headers: ORIGIN },
      { path: '/_matrix/client/v3/account/whoami', headers: ORIGIN },
      { path: '/_matrix/client/v3/mhprov', headers: ORIGIN },
    ]
    for (const request of asks) {
      const problem = await openTo(web, request, hint)
      if (problem) return problem
    }
    const headers = { ...ORIGIN, 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'authorization,content-type' }
    const problem = await openTo(web, { method: 'OPTIONS', path: LOGIN, headers }, hint, (reply) => preflight(reply) ?? authorized(reply))
    return problem ?? good('open to all origins, errors and OPTIONS too')
  },
}

async function openTo(
  client: Client,
  request: Request,
  hint: string,
  further?: (reply: Reply) => string | undefined,
): Promise<Fault | undefined> {
  const what = `${request.method ?? 'GET'} ${request.path}`
  const reply = await client.ask(request)
  if (!reply.ok) return { ...reply, detail: `${what}: ${reply.detail}` }
  const problem = origin(reply) ?? further?.(reply)
  return problem === undefined ? undefined : fault(`${what} (${reply.status}): ${problem}`, hint)
}

function origin({ headers }: Reply): string | undefined {
  const allowed = headers['access-control-allow-origin']
  if (allowed === '*') return undefined
  if (allowed === undefined) return 'no Access-Control-Allow-Origin'
  // node joins what is sent twice
  return allowed.includes(',')
    ? `Access-Control-Allow-Origin is sent twice (${allowed})`
    : `Access-Control-Allow-Origin is ${allowed}, not *`
}

const preflight = ({ status }: Reply): string | undefined =>
  status >= 200 && status < 300 ? undefined : 'a preflight must be answered with 2xx'

const authorized = ({ headers }: Reply): string | undefined =>
  String(headers['access-control-allow-headers'] ?? '')
    .toLowerCase()
    .includes('authorization')
    ? undefined
    : 'Access-Control-Allow-Headers does not hold Authorization'
