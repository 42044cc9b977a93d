import { bad, type Diagnostic, problem, type Result } from '../diagnostic.ts'
import { didYouMean } from '../did-you-mean.ts'
import { hostNamed } from '../inventory/inventory.ts'
import type { Inventory } from '../inventory/load.ts'
import { selectHosts } from '../inventory/select.ts'
import { checkArgumentSpecs, slips } from './argument-specs.ts'
import { type Arguments, nameArguments } from './arguments.ts'
import { checkTask, staticallyOff } from './check.ts'
import { hostScope, nothingKnown, type RunOptions, taskScope } from './host-scope.ts'
import type { LoadedPlaybook } from './load.ts'
import { readsOf, render } from './render.ts'
import type { Scope } from './scope.ts'
import { isSelected, unknownTags } from './tags.ts'
import { readsOfTask, readsToPlan } from './task-reads.ts'
import { type Play, type Playbook, type Task, tasksOf } from './tree.ts'

/** A playbook with its hosts: what the engine runs. */
export interface Program {
  readonly playbook: Playbook
  readonly inventory: Inventory
  readonly options: RunOptions
  readonly plays: readonly ProgramPlay[]
  /** Names of the playbook's secrets that the selected tasks and the handlers read. */
  readonly secretsRead: ReadonlySet<string>
}

export interface ProgramPlay {
  readonly play: Play
  readonly hosts: readonly string[]
  /** The play's hosts in the batches `serial` makes; one after another. */
  readonly batches: readonly (readonly string[])[]
  /** Per task: its parameters by name, the same for every host. */
  readonly args: ReadonlyMap<Task, Arguments>
  /** Names that some task registers or sets, or that facts will give. */
  readonly declared: ReadonlySet<string>
}

export interface CompileInput {
  readonly loaded: LoadedPlaybook
  readonly inventory: Inventory
  readonly limit?: string
  readonly options: RunOptions
  /** Names of the facts that a host will answer, with their `ansible_` prefix. */
  readonly factNames: readonly string[]
  /** Names of the playbook's secrets that have a value, or will get one before anything connects. */
  readonly secretNames?: ReadonlySet<string>
}

/** Settles, for every host, all that can be known without one. Every fault of the whole playbook is in the answer, each once. */
export function compile(input: CompileInput): Result<Program> {
  const { inventory, options } = input
  const { playbook } = input.loaded
  const problems: Diagnostic[] = [...input.loaded.problems, ...unknownTags(playbook, [...options.tags, ...options.skipTags])]
  const everDeclared = new Map<string, boolean>()
  const knowledge = () => nothingKnown()
  const secretNames = input.secretNames ?? new Set<string>()
  const secretsRead = new Set<string>()
  const plays = playbook.plays.map((play) => {
    const chosen = selectHosts(inventory, play.hosts, input.limit, play.hostsAt)
    if (!chosen.ok) problems.push(...chosen.problems)
    const hosts = chosen.ok ? chosen.value.map((host) => host.name) : []
    const tasks = tasksOf(play.sections.flat())
    const args = new Map([...tasks, ...play.handlers].map((task) => [task, nameArguments(task.module, task.args, task.at)]))
    for (const [, one] of args) problems.push(...one.problems)
    const facts = play.gatherFacts || tasks.some((task) => task.module.name === 'setup') ? ['ansible_facts', ...input.factNames] : []
    const declared = new Set<string>([...facts, ...RESCUE, ...playbook.lost, ...secretNames])
    for (const host of hosts.length > 0 ? hosts : chosen.ok ? [] : [...inventory.hosts.keys()].slice(0, 1)) {
      const soFar = new Map(everDeclared)
      for (const name of declared) soFar.set(name, true)
      const base = hostScope({ inventory, host, play, playHosts: hosts, options, knowledge, declared: new Set() })
      const checked = hosts.length > 0 ? play.specs : []
      const wrong = checkArgumentSpecs(checked, taskScope({ ...base, declared }, undefined), host, play.hostsAt)
      problems.push(...wrong.values(), ...slips(checked, hostNamed(inventory, host)?.vars ?? new Map()))
      // told once, as what is missing
      for (const [name, { code }] of wrong) if (code === 'missing-key') soFar.set(name, true)
      for (const task of [...tasks, ...play.handlers]) {
        if (play.handlers.includes(task)) for (const name of tasks.flatMap((one) => registers(one, args))) soFar.set(name, true)
        const selected = play.handlers.includes(task) || isSelected(task.tags, options.tags, options.skipTags)
        const scope = taskScope({ ...base, declared: new Set(soFar.keys()) }, task)
        // what is wrong only because an option is wrong is told at the option
        const follows = wrong.size > 0 && [...scope.reached(readsOfTask(task, args.get(task)!))].some((name) => wrong.has(name))
        checkTask(task, args.get(task)!, scope, (one) => (follows && one.code === 'invalid-value' ? 0 : problems.push(one)))
        if (selected && [...soFar.values()].includes(false)) {
          const there = [...soFar].flatMap(([name, is]) => (is ? [name] : []))
          problems.push(...leftOut(task, args.get(task)!, taskScope({ ...base, declared: new Set(there) }, task), soFar))
        }
        if (selected && secretNames.size > 0) for (const name of secretsOf(task, args.get(task)!, scope, secretNames)) secretsRead.add(name)
        for (const name of registers(task, args)) soFar.set(name, (soFar.get(name) ?? false) || selected)
      }
    }
    for (const task of [...tasks, ...play.handlers]) {
      for (const name of registers(task, args)) {
        declared.add(name)
        everDeclared.set(name, (everDeclared.get(name) ?? false) || isSelected(task.tags, options.tags, options.skipTags))
      }
      problems.push(...unknownHandlers(task, play))
    }
    return { play, hosts, batches: batches(hosts, play.serial), args, declared: new Set([...declared, ...everDeclared.keys()]) }
  })
  const errors = unique(problems)
  return errors.some((one) => one.severity === 'error')
    ? bad(...errors)
    : { ok: true, value: { playbook, inventory, options, plays, secretsRead }, warnings: errors }
}

/** Set while a rescue runs. */
const RESCUE = ['ansible_failed_task', 'ansible_failed_result']

/** The names a task gives to later ones. */
export function registers(task: Task, args: ReadonlyMap<Task, Arguments>): string[] {
  const set =
    task.module.name === 'set_fact' ? (args.get(task)?.entries ?? []).map((one) => one.key).filter((key) => key !== 'cacheable') : []
  return [...(task.register ? [task.register] : []), ...set]
}

function secretsOf(task: Task, args: Arguments, scope: Scope, names: ReadonlySet<string>): string[] {
  if (staticallyOff(task, scope)) return []
  const reads = readsOfTask(task, args)
  const reached = scope.reached(reads)
  return [...names].filter((name) => reads.open || reached.has(name))
}

/** Reads of a registered name whose task `--tags` leaves out; `scope` is without those names, so that a condition `has(vars.name)` is false. */
function leftOut(task: Task, args: Arguments, scope: Scope, soFar: ReadonlyMap<string, boolean>): Diagnostic[] {
  if (staticallyOff(task, scope)) return []
  return readsToPlan(task, args)
    .names.filter(({ name, optional }) => !optional && !scope.has(name) && soFar.get(name) === false)
    .map(({ name }) =>
      problem(
        'undefined-variable',
        `"${name}" is registered by a task that --tags or --skip-tags leaves out`,
        task.at,
        'give that task the tag too, or `always`',
      ),
    )
}

function unknownHandlers(task: Task, play: Play): Diagnostic[] {
  const known = play.handlers.flatMap((handler) => [...handlerNames(handler)])
  return task.notify.flatMap((value) => {
    if (readsOf(value).names.length > 0 || value.kind !== 'scalar') return []
    const name = String(value.value)
    return known.includes(name)
      ? []
      : [problem('unknown-handler', `no handler is called "${name}"`, value.at, didYouMean(name, known) ?? 'this play has no handlers')]
  })
}

/** What a handler answers to: its name, `ROLE : NAME`, and the topics it listens on. */
export function handlerNames(handler: Task): string[] {
  const name =
    handler.name?.kind === 'scalar' && readsOf(handler.name).names.length === 0 ? String(render(handler.name, NO_VARIABLES)) : undefined
  return [
    ...(name ? [...(handler.overridden ? [] : [name]), ...(handler.role ? [`${handler.role.name} : ${name}`] : [])] : []),
    ...handler.listen,
  ]
}

const NO_VARIABLES = { has: () => false, get: () => undefined }

function batches(hosts: readonly string[], serial: readonly (number | string)[]): string[][] {
  if (serial.length === 0) return hosts.length > 0 ? [[...hosts]] : []
  const sizes = serial.map((one) =>
    typeof one === 'number' ? one : Math.max(1, Math.floor((hosts.length * Number.parseInt(one, 10)) / 100)),
  )
  const out: string[][] = []
  for (let from = 0; from < hosts.length; ) {
    const size = sizes[Math.min(out.length, sizes.length - 1)]!
    out.push(hosts.slice(from, from + size))
    from += size
  }
  return out
}

function unique(problems: readonly Diagnostic[]): Diagnostic[] {
  const seen = new Set<string>()
  return problems.filter((one) => {
    const id = JSON.stringify([one.code, one.message, one.at?.file.path, one.at?.start])
    return !seen.has(id) && seen.add(id)
  })
}
