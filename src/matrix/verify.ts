import type { ProgramContext } from '../module/program.ts'
import type { Check, CheckResult, Run } from './check.ts'
import { clientAddress, login, registration } from './checks/accounts.ts'
import { cleanup } from './checks/cleanup.ts'
import { media } from './checks/media.ts'
import { message } from './checks/message.ts'
import { database, health, release, versions } from './checks/server.ts'
import { adminClosed, encodedSlash, tls } from './checks/web.ts'
import { clientOf } from './client.ts'
import type { VerifyInput } from './programs.ts'
import { apacheWay, synapseWay } from './ways.ts'

/** In the order they run and are shown. Only `login` counts against a rate limit of logins: once a run. */
export const CHECKS: readonly Check[] = [
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
  cleanup,
]

/** Milliseconds that a whole run may wait for rate limits. */
const PATIENCE = 60_000

/** The program behind `matrix_verify`: every check's result, in order. What they make on the server is removed again. */
export async function verify(want: VerifyInput, context: ProgramContext): Promise<CheckResult[]> {
  const patience = { left: PATIENCE, say: context.say }
  const run: Run = {
    want,
    context,
    synapse: clientOf(synapseWay(want, context), context.signal, patience),
    apache: clientOf(apacheWay(want, context), context.signal, patience),
  }
  const results: CheckResult[] = []
  for (const check of CHECKS) results.push(await carryOut(check, run, results))
  return results
}

async function carryOut(check: Check, run: Run, before: readonly CheckResult[]): Promise<CheckResult> {
  const { id, name, from, needs, always } = check
  const skipped = (detail: string): CheckResult => ({ id, name, from, ok: null, detail, ms: 0 })
  if (run.context.signal.aborted && !always) return skipped('interrupted')
  const unmet = before.find((one) => needs.includes(one.id) && one.ok !== true)
  if (unmet) return skipped(`not reached: it needs "${unmet.name}"`)
  run.context.say(name)
  const began = Date.now()
  const verdict = await check.run(run)
  // what was cut off has not failed
  if (!verdict.ok && run.context.signal.aborted && !always) return skipped('interrupted')
  const hint = 'hint' in verdict && verdict.hint !== undefined ? { hint: verdict.hint } : {}
  return { id, name, from, ok: verdict.ok, detail: verdict.detail, ...hint, ms: Date.now() - began }
}
