import type { ProgramContext } from '../module/program.ts'
import type { Check, CheckResult, From, Run } from './check.ts'
import { clientAddress, login, registration } from './checks/accounts.ts'
import { cleanup } from './checks/cleanup.ts'
import { media } from './checks/media.ts'
import { message } from './checks/message.ts'
import { publicClientApi } from './checks/outside/client-api.ts'
import { cors, corsWellKnown } from './checks/outside/cors.ts'
import { federationVersion, resolution, signingKey } from './checks/outside/federation.ts'
import { reachMatrixHost, reachServerName } from './checks/outside/reach.ts'
import { robots } from './checks/outside/robots.ts'
import { tester } from './checks/outside/tester.ts'
import { tunnel } from './checks/outside/tunnel.ts'
import { wellKnownClient, wellKnownServer } from './checks/outside/well-known.ts'
import { database, health, release, versions } from './checks/server.ts'
import { adminClosed, encodedSlash, tls } from './checks/web.ts'
import { type Client, clientOf } from './client.ts'
import { worldOf } from './outside/world.ts'
import type { VerifyInput } from './programs.ts'
import type { Way } from './way.ts'
import { apacheWay, publicWay, synapseWay } from './ways.ts'

/** From outside, a check that was made through Apache: what fails here and not there is the fault of what stands between. */
const again = (check: Check): Check => ({
  ...check,
  id: `${check.id}_outside`,
  from: 'outside',
  needs: [check.id, 'public_client_api', ...check.needs.filter((id) => id !== 'tls')],
})

/** In the order they run and are shown. Only `login` counts against a rate limit of logins: once a run. */
const HOST: readonly Check[] = [
  health,
  versions,
  release,
  database,
  tls,
  encodedSlash,
  adminClosed,
  registration,
  login,
  clientAddress,
  message,
  media,
]

/** In the order of the hops. The first that comes with a token is the one that looks for its address: Synapse notes each address of a token once in two minutes. */
const OUTSIDE: readonly Check[] = [
  reachServerName,
  wellKnownClient,
  wellKnownServer,
  corsWellKnown,
  reachMatrixHost,
  publicClientApi,
  cors,
  again(encodedSlash),
  again(adminClosed),
  again(clientAddress),
  again(message),
  again(media),
  resolution,
  federationVersion,
  signingKey,
  robots,
]

/** The checks that are wanted. */
export const checksOf = ({ tunnelMetricsPort, outside }: Pick<VerifyInput, 'tunnelMetricsPort' | 'outside'>): readonly Check[] => [
  ...HOST,
  ...(tunnelMetricsPort === undefined ? [] : [tunnel]),
  ...(outside ? OUTSIDE : []),
  ...(outside?.tester === undefined ? [] : [tester]),
  cleanup,
]

/** Milliseconds that a whole run may wait for rate limits. */
const PATIENCE = 60_000

/** The program behind `matrix_verify`: every check's result, in order. What they make on the server is removed again. */
export const verify = (want: VerifyInput, context: ProgramContext): Promise<CheckResult[]> => carryOutAll(checksOf(want), want, context)

/** Each check in turn. A need that is not among them counts as met. */
export async function carryOutAll(checks: readonly Check[], want: VerifyInput, context: ProgramContext): Promise<CheckResult[]> {
  const patience = { left: PATIENCE, say: context.say }
  const world = worldOf(want.outside ?? {}, context.signal)
  const client = (way: Way) => clientOf(way, context.signal, patience)
  const ways: Record<From, Client> = {
    host: client(synapseWay(want, context)),
    'through Apache': client(apacheWay(want, context)),
    outside: client(publicWay(world, want.matrixHost)),
  }
  const run: Run = { want, context, world, patience, synapse: ways.host, rooms: [] }
  const results: CheckResult[] = []
  for (const check of checks) results.push(await carryOut(check, run, ways[check.from], results))
  return results
}

async function carryOut(check: Check, run: Run, web: Client, before: readonly CheckResult[]): Promise<CheckResult> {
  const { id, name, from, needs, always } = check
  const skipped = (detail: string): CheckResult => ({ id, name, from, ok: null, detail, ms: 0 })
  if (run.context.signal.aborted && !always) return skipped('interrupted')
  const unmet = before.find((one) => needs.includes(one.id) && one.ok !== true)
  if (unmet) return skipped(`not reached: it needs "${unmet.name}"`)
  run.context.say(name)
  const began = Date.now()
  const verdict = await check.run(run, web)
  // what was cut off has not failed
  if (!verdict.ok && run.context.signal.aborted && !always) return skipped('interrupted')
  const hint = 'hint' in verdict && verdict.hint !== undefined ? { hint: verdict.hint } : {}
  return { id, name, from, ok: verdict.ok, detail: verdict.detail, ...hint, ms: Date.now() - began }
}
