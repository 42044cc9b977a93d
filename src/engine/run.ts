import type { Program, ProgramPlay } from '../playbook/compile.ts'
import { hostScope, type Knowledge, nothingKnown } from '../playbook/host-scope.ts'
import { isSelected } from '../playbook/tags.ts'
import { pathOf, type Task } from '../playbook/tree.ts'
import type { Connection } from '../transport/transport.ts'
import { HostLost } from '../transport/transport.ts'
import { becomeOf, type Dependencies, type HostContext, type SharedByPlay, scopeOf } from './context.ts'
import type { Event, Failure, Summary } from './event.ts'
import { answersTo } from './memory.ts'
import { Place } from './place.ts'
import { prepare, readsBefore } from './prepare.ts'
import { summarize } from './summary.ts'
import { runHandlers, walk } from './walk.ts'

interface HostState {
  readonly knowledge: Knowledge
  readonly remote: Place
  readonly local: Place
  began: number | undefined
  end: 'failed' | 'unreachable' | 'interrupted' | undefined
  failure: Failure | undefined
  over: boolean
  /** In a dry run: the latest task whose effects nobody can name, also of an earlier play. */
  cloudedBy: string | undefined
  leftOut: boolean
}

/** Runs a compiled playbook on its hosts. Prints nothing, never throws for what a host does; everything is in the events and the summary. */
export async function run(program: Program, given: Dependencies): Promise<Summary> {
  const began = Date.now()
  let summary: Summary | undefined
  const emit = (event: Event) => {
    summary = summarize(summary, event)
    given.emit(event)
  }
  const deps: Dependencies = { ...given, emit }
  const hosts = [...new Set(program.plays.flatMap((play) => play.hosts))]
  const states = new Map(hosts.map((host) => [host, newState(host, deps)]))
  // nobody waits any longer: what is under way on a host is left to end by itself
  const leave = () => [...states.values()].forEach((state) => void Promise.all([state.remote.close(), state.local.close()]))
  deps.leave?.addEventListener('abort', leave, { once: true })
  emit({ type: 'run:start', mode: program.options.check ? 'check' : 'apply', playbook: program.playbook.path, hosts })
  for (const play of program.plays) {
    if (deps.stop.aborted) break
    const ready = play.hosts.filter((host) => states.get(host)?.end === undefined)
    if (ready.length === 0) continue
    emit({ type: 'play:start', play: play.play.name, hosts: [...ready] })
    if (!(await runPlay(program, play, deps, states))) break
  }
  for (const [host, state] of states) endHost(host, state, deps)
  await Promise.all([...states.values()].flatMap((state) => [state.remote.close(), state.local.close()]))
  deps.leave?.removeEventListener('abort', leave)
  const whole: Summary = { ...summary!, ms: Date.now() - began }
  emit({ type: 'run:end', summary: whole })
  return whole
}

function newState(host: string, deps: Dependencies): HostState {
  return {
    knowledge: nothingKnown(),
    remote: new Place(() => deps.connect(host), deps.http),
    local: new Place(() => deps.connectLocal(), deps.http),
    began: undefined,
    end: undefined,
    failure: undefined,
    over: false,
    cloudedBy: undefined,
    leftOut: false,
  }
}

async function runPlay(program: Program, play: ProgramPlay, deps: Dependencies, states: ReadonlyMap<string, HostState>): Promise<boolean> {
  const whole = { ended: false }
  for (const batch of play.batches) {
    if (whole.ended || deps.stop.aborted) return true
    const ready = batch.filter((host) => states.get(host)!.end === undefined)
    const shared: SharedByPlay = { once: new Map(), ended: false, play: whole }
    await atMost(deps.forks, ready, (host) => runHost(program, play, host, ready, deps, states, shared))
    // a batch that failed whole ends the run, as in Ansible: no hosts are left to go on with
    if (ready.length > 0 && ready.every((host) => states.get(host)!.end !== undefined)) return false
  }
  return true
}

async function runHost(
  program: Program,
  play: ProgramPlay,
  host: string,
  batch: readonly string[],
  deps: Dependencies,
  states: ReadonlyMap<string, HostState>,
  shared: SharedByPlay,
): Promise<void> {
  const state = states.get(host)!
  if (state.began === undefined) deps.emit({ type: 'host:start', host })
  state.began ??= Date.now()
  const context: HostContext = {
    host,
    program,
    play,
    deps,
    shared,
    knowledge: state.knowledge,
    vars: hostScope({
      inventory: program.inventory,
      host,
      play: play.play,
      playHosts: batch,
      options: program.options,
      knowledge: (other) => states.get(other)?.knowledge ?? nothingKnown(),
      declared: play.declared,
    }),
    remote: state.remote,
    local: state.local,
    files: new Map(),
    upcoming: [],
    window: Number.MAX_SAFE_INTEGER,
    cloudedBy: state.cloudedBy,
    leftOut: state.leftOut,
    notified: new Map(),
    arrivals: new Map(),
    turnsLeft: [],
    rescuers: 0,
    ended: false,
    changedBy: undefined,
    endedRole: undefined,
  }
  try {
    const failure = await wholePlay(context)
    if (deps.stop.aborted) state.end = 'interrupted'
    else if (failure) Object.assign(state, { end: 'failed', failure })
  } catch (error) {
    if (deps.stop.aborted) state.end = 'interrupted'
    else if (error instanceof HostLost)
      Object.assign(state, {
        end: 'unreachable',
        failure: { reason: 'unreachable', message: error.message, ...(error.hint && { hint: error.hint }) },
      })
    else
      Object.assign(state, {
        end: 'failed',
        failure: { reason: 'bug', message: String(error), ...(error instanceof Error && error.stack && { stderrTail: error.stack }) },
      })
  }
  state.cloudedBy = context.cloudedBy
  state.leftOut = context.leftOut
  if (state.end !== undefined) endHost(host, state, deps)
}

async function wholePlay(context: HostContext): Promise<Failure | undefined> {
  const { play } = context.play
  const { tags, skipTags } = context.program.options
  const selected = play.sections.flatMap(pathOf).filter((task) => isSelected(task.tags, tags, skipTags))
  // with every task delegated, or none to run, the host itself is left alone
  if (selected.some((task) => !task.delegateTo && !task.module.controller)) await openShells(context, selected)
  for (const [i, section] of play.sections.entries()) {
    context.upcoming = pathOf(section)
    await readFiles(context)
    const failure = await walk(context, section)
    if (failure && !play.forceHandlers) return failure
    // what an earlier run owes comes after this run's tasks: they may be what mends it
    if (i === play.sections.length - 1) remindOwed(context)
    const later = await runHandlers(context)
    if (failure ?? later) return failure ?? later
  }
  return undefined
}

function remindOwed(context: HostContext): void {
  const { name, handlers } = context.play.play
  for (const owed of context.deps.owed?.of(name, context.host) ?? []) {
    const handler = handlers.find((one) => answersTo(context, one)[0] === owed)
    if (handler && !context.ended) context.notified.set(handler, {})
    else context.deps.owed?.done(name, context.host, owed)
  }
}

/** Opens the connection and every shell that is known to be needed, so that a wrong password is met before the first task. */
async function openShells(context: HostContext, tasks: readonly Task[]): Promise<void> {
  const connection: Connection = await context.remote.connection()
  const users = new Map<string, ReturnType<typeof becomeOf>>()
  for (const task of tasks) {
    const scope = scopeOf(context, task)
    if (task.delegateTo || task.module.controller) continue
    try {
      const become = becomeOf(context, task, scope, false)
      users.set(become?.user ?? '', become)
    } catch {
      users.set('', undefined) // whom to become is known only later
    }
  }
  // a user whom an earlier task is to make is not there yet: the task that becomes it will say so if that stays true
  const missing = (error: unknown) => {
    if (!(error instanceof HostLost && error.reason === 'no-user')) throw error
  }
  await Promise.all([...users.values()].slice(0, 4).map((become) => connection.shell(become).catch(missing)))
}

/** Reads the controller's files that coming tasks name, so that questions about them can be asked ahead. */
async function readFiles(context: HostContext): Promise<void> {
  const { tags, skipTags } = context.program.options
  for (const task of context.upcoming) {
    if (!task.module.inputs || task.loop || task.delegateTo || !isSelected(task.tags, tags, skipTags)) continue
    const home = task.module.controller ? '' : (await (await context.remote.connection()).shell()).home
    const scope = scopeOf(context, task)
    if (scope.ready(readsBefore(context, task))) await prepare(context, task, scope, home)
  }
}

function endHost(host: string, state: HostState, deps: Dependencies): void {
  if (state.over || state.began === undefined) return
  state.over = true
  deps.emit({
    type: 'host:end',
    host,
    status: state.end ?? (deps.stop.aborted ? 'interrupted' : 'ok'),
    ms: Date.now() - state.began,
    ...(state.failure && { failure: state.failure }),
  })
}

/** Runs `work` for each item, at most `limit` at once, in order of the items. */
async function atMost<T>(limit: number, items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items]
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item)
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker))
}
