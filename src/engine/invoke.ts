import type { Change, ModuleResult, Output, Plan } from '../module/define.ts'
import type { Fact } from '../module/fact.ts'
import type { Redactor } from '../secrets/redact.ts'
import type { Shell } from '../transport/transport.ts'
import type { Failure, PlannedChange, Status } from './event.ts'
import type { FactCache } from './fact-cache.ts'
import { exposesFact, exposure, ON_COMMAND_LINE, secretsIn, withoutOld } from './guard.ts'
import { answersTo, flatten, type Prepared } from './questions.ts'
import { runStep, type StepContext } from './step.ts'

/** Where and how one module is carried out. */
export interface Setting {
  readonly shell: Shell
  readonly cache: FactCache
  readonly check: boolean
  /** Later tasks are to believe what this one predicts: the whole run is a dry run. */
  readonly foresee: boolean
  readonly step: Omit<StepContext, 'shell' | 'saved'>
  /** Told what will be changed, before it is. */
  readonly onPlan: (changes: readonly Change[]) => void
  /** More questions that may ride along when something is asked anyway. */
  readonly ahead: () => readonly Fact[]
  /** Something was changed: what is known of the host no longer holds, and fewer questions are asked ahead. */
  readonly onChange: () => void
  /** The user says that this changes nothing (`changed_when: false`). */
  readonly onlyReads: boolean
  readonly secrets: Redactor
  /** In a dry run: the earlier task that may create what is missing now. */
  readonly clouded: string | undefined
  /** In a dry run: whether earlier tasks were left out by their tags. */
  readonly leftOut: boolean
}

export interface Outcome {
  readonly status: Status
  readonly result: Record<string, unknown>
  readonly changes: readonly PlannedChange[]
  readonly failure?: Failure
  readonly directive?: string
  /** Of a dry run: the task that decides. */
  readonly because?: string
  /** The result was not earned by running: only what is in it may be read. */
  readonly assumed?: true
  /** A dry run planned something whose further effects nobody can name. */
  readonly opaque?: true
}

/** One module, once, on one host: facts, plan, steps, facts again, result. */
export async function invoke(prepared: Prepared, setting: Setting): Promise<Outcome> {
  const { module, want, inputs } = prepared
  const { cache, check, secrets } = setting
  secrets.mask(secretsIn(want))
  const first = module.facts?.(want, inputs)
  if (flatten(first).some((fact) => exposesFact(fact, secrets))) return refused(ON_COMMAND_LINE)
  ask(flatten(first), setting)
  const firstAnswers = await answersTo(first, cache)
  const second = module.more?.(want, firstAnswers, inputs)
  if (flatten(second).some((fact) => exposesFact(fact, secrets))) return refused(ON_COMMAND_LINE)
  ask(flatten(second), setting)
  const is = { ...firstAnswers, ...(await answersTo(second, cache)) }
  secrets.keep(module.secrets?.(is) ?? [])

  const planned = module.plan(want, is, inputs)
  const told: Plan = Array.isArray(planned) ? { changes: planned as Change[] } : (planned as Plan)
  const plan = { ...told, changes: told.changes.map((change) => withoutOld(change, secrets)) }
  const missing = check && [...flatten(first), ...flatten(second)].some((fact) => !cache.isPredicted(fact) && isAbsent(fact, cache))
  const clouded = missing ? setting.clouded : undefined
  const failure = plan.failure ?? exposure(plan.changes, setting.step.environment, secrets, cache)
  if (failure !== undefined) {
    // a dry run does not fail for want of what a task that did not run would have made
    const because = clouded ?? (missing && setting.leftOut ? LEFT_OUT : undefined)
    if (because) return { status: 'maybe', result: { changed: false, msg: failure }, changes: [], because, assumed: true }
    const result = { ...module.result?.(want, is, [], inputs), changed: false, failed: true, msg: failure }
    return { status: 'failed', result, changes: [], failure: { reason: 'step-failed', message: failure } }
  }
  const changes = plan.changes.map(({ summary, diff }) => ({ summary, ...(diff && { diff }) }))
  if (plan.changes.length === 0) {
    const result = { changed: false, ...(plan.message && { msg: plan.message }), ...module.result?.(want, is, [], inputs) }
    if (clouded) return { status: 'maybe', result, changes: [], because: clouded, assumed: true }
    return settle(result, changes, plan)
  }
  const onlyReads = setting.onlyReads && plan.changes.every((change) => change.opaque || change.reads)
  const writes = plan.changes.some((change) => !change.reads) && !onlyReads
  if (check) return predict(prepared, plan, changes, is, { ...setting, onlyReads }, writes)
  setting.onPlan(plan.changes)
  return carryOut(prepared, plan, changes, setting, writes)
}

const refused = (message: string): Outcome => ({
  status: 'failed',
  result: { changed: false, failed: true, msg: message },
  changes: [],
  failure: { reason: 'step-failed', message },
})

const LEFT_OUT = 'the tasks that their tags leave out'

/** Writes the unknown ones of these, together with what lies ahead. */
function ask(facts: readonly Fact[], { cache, shell, ahead }: Setting): void {
  if (facts.some((fact) => !cache.has(fact))) cache.prefetch(shell, [...facts, ...ahead()])
}

const isAbsent = (fact: Fact, cache: FactCache): boolean => {
  const value = cache.peek(fact)
  return fact.kind.isAbsent ? fact.kind.isAbsent(value) : value === undefined || value === null
}

async function predict(
  { module, want, inputs }: Prepared,
  plan: Plan,
  changes: PlannedChange[],
  is: Record<string, unknown>,
  { cache, onPlan, onlyReads, foresee, secrets }: Setting,
  writes: boolean,
): Promise<Outcome> {
  if (writes) onPlan(plan.changes)
  const opaque = plan.changes.some((change) => change.opaque || change.starts) && !onlyReads
  if (plan.changes.some((change) => change.opaque || change.reads)) {
    const result = { changed: writes, msg: 'not run in a dry run' }
    if (foresee) cache.predict(plan.changes.flatMap((change) => change.makes ?? []))
    const status: Status = writes ? 'changed' : onlyReads ? 'ok' : 'skipped'
    return {
      status,
      result: { ...result, ...(status === 'skipped' && { skipped: true }) },
      changes: writes ? changes : [],
      assumed: true,
      ...(opaque && { opaque }),
    }
  }
  if (foresee) cache.predict(plan.changes.flatMap((change) => change.makes ?? []))
  const after = { ...is, ...(await answersTo(module.facts?.(want, inputs), cache)) }
  secrets.keep(module.secrets?.(after) ?? [])
  const result = {
    changed: writes,
    ...(plan.message && { msg: plan.message }),
    ...module.result?.(want, after, [], inputs),
    ...diffOf(plan.changes),
  }
  return { ...settle(result, changes, plan), ...(opaque && { opaque }) }
}

async function carryOut(prepared: Prepared, plan: Plan, changes: PlannedChange[], setting: Setting, writes: boolean): Promise<Outcome> {
  const { module, want, inputs } = prepared
  const { cache, shell } = setting
  const steps = plan.changes.flatMap((change) => change.steps)
  const outputs: Output[] = []
  const saved = new Map<string, string>()
  let is: Record<string, unknown> = {}
  for (const [i, step] of steps.entries()) {
    // time passes during a request or a wait: what was known before it may not hold after
    if (i === 0 && writes) setting.onChange()
    else if (i === 0 && plan.changes.some((change) => change.reads)) cache.forget()
    const running = runStep(step, { ...setting.step, shell, saved })
    // the last step's answer and those to the next questions come back together: nothing is waited for in between
    const last = i === steps.length - 1 && step.do === 'run'
    if (last) {
      running.catch(() => undefined)
      if (writes || module.result) cache.prefetch(shell, [...flatten(module.facts?.(want, inputs)), ...(writes ? setting.ahead() : [])])
    }
    const output = await running
    outputs.push(output)
    if (output.code !== 0 && !(step.do === 'run' && step.anyExit)) return failedStep(output, outputs, changes)
    if (step.do === 'run' && step.anyExit && output.code === 124 && setting.step.timeout !== undefined)
      return failedStep(output, outputs, changes, setting.step.timeout)
  }
  const first = module.facts?.(want, inputs)
  // after a last step that is no script, nothing has been asked yet
  if (writes || module.result) ask(flatten(first), { ...setting, ahead: () => (writes ? setting.ahead() : []) })
  is = await answersTo(first, cache)
  const second = module.more?.(want, is, inputs)
  if (module.result) ask(flatten(second), { ...setting, ahead: () => [] })
  if (module.result) is = { ...is, ...(await answersTo(second, cache)) }
  setting.secrets.keep(module.secrets?.(is) ?? [])
  const result = { changed: writes, ...module.result?.(want, is, outputs, inputs), ...diffOf(plan.changes) }
  // what a program or an API answered is not for reading: what went wrong is in the result
  return settle(result, changes, plan, steps.at(-1)?.do === 'run' ? outputs.at(-1) : undefined)
}

const diffOf = (changes: readonly Change[]) => {
  const diffs = changes.flatMap((change) => (change.diff ? [change.diff] : []))
  return diffs.length === 0 ? {} : { diff: diffs.length === 1 ? diffs[0] : diffs }
}

/** A result says itself whether it failed or changed; the module has the last word over the plan. */
function settle(result: ModuleResult, changes: PlannedChange[], plan: Plan, output?: Output): Outcome {
  const directive = plan.directive ? { directive: plan.directive } : {}
  if (!result.failed) return { status: result.changed ? 'changed' : result.skipped ? 'skipped' : 'ok', result, changes, ...directive }
  const message = result.msg ?? 'failed'
  return { status: 'failed', result, changes, failure: { reason: 'step-failed', message, ...(output && tails(output)) } }
}

function failedStep(output: Output, outputs: readonly Output[], changes: PlannedChange[], timeout?: number): Outcome {
  const stderr = output.stderr.toString()
  const stdout = output.stdout.toString()
  const message =
    output.code === 124 && timeout !== undefined
      ? `it took longer than ${timeout} s and was ended`
      : (lastLine(stderr) ?? lastLine(stdout) ?? `a step ended with exit code ${output.code}`)
  const result = { changed: outputs.length > 1, failed: true, msg: message, rc: output.code, stdout, stderr }
  return {
    status: 'failed',
    result,
    changes,
    failure: { reason: timeout !== undefined && output.code === 124 ? 'timeout' : 'step-failed', message, ...tails(output) },
  }
}

const lastLine = (text: string): string | undefined => text.trim().split('\n').at(-1)?.trim() || undefined

const TAIL = 20

function tails(output: Output): Pick<Failure, 'exit' | 'stdoutTail' | 'stderrTail'> {
  const tail = (bytes: Buffer) => bytes.toString().trimEnd().split('\n').slice(-TAIL).join('\n')
  const stdoutTail = tail(output.stdout)
  const stderrTail = tail(output.stderr)
  return { exit: output.code, ...(stdoutTail && { stdoutTail }), ...(stderrTail && { stderrTail }) }
}
