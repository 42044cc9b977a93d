import { didYouMean } from '../did-you-mean.ts'
import type { AnyModule } from '../module/define.ts'
import { type Entry, entry, type MapValue, type Value } from '../yaml.ts'
import { importRole, importTasks } from './import.ts'
import { BLOCK, foreignHint, TASK } from './keywords.ts'
import type { Reader } from './reader.ts'
import type { Block, Inherited, Node, Role, Task } from './tree.ts'

/** Where a list of tasks stands: what it inherits, and where its files are looked for. */
export interface Surroundings {
  readonly reader: Reader
  readonly modules: ReadonlyMap<string, AnyModule>
  readonly inherited: Inherited
  readonly play: string
  readonly playDir: string
  readonly dirs: readonly string[]
  readonly role?: Role
  readonly handlers?: true
  /** Files being imported, outermost first: an import of one of them is a circle. */
  readonly importing: readonly string[]
  /** Shared by the whole playbook. */
  readonly nextId: () => number
  readonly found: Found
}

/** Where a role met on the way leaves what is for the rest of the play. */
export interface Found {
  /** By the file they are from, which is loaded once; in the order in which they were loaded last. */
  readonly handlers: Map<string, readonly Task[]>
  readonly vars: Entry[]
  readonly defaults: Entry[]
  /** The uses of roles that come by before the present place in any case, each with the variables it left. */
  readonly uses: Map<string, Exports>
}

export type Exports = Pick<Found, 'vars' | 'defaults'>

/** Collection prefixes under which Ansible knows the modules. */
const COLLECTION = /^(ansible\.(builtin|legacy|posix)|community\.(general|docker|postgresql))\./

export function loadTasks(value: Value, around: Surroundings, what: string): Node[] {
  return around.reader.list(value, what).flatMap((item) => loadNode(item, around))
}

function loadNode(value: Value, around: Surroundings): Node[] {
  const nodes = readNode(value, around)
  const register = nodes.length === 0 && value.kind === 'map' ? entry(value, 'register')?.value : undefined
  if (register?.kind === 'scalar') around.reader.lost.add(String(register.value))
  return nodes
}

function readNode(value: Value, around: Surroundings): Node[] {
  const { reader } = around
  if (value.kind !== 'map') {
    reader.fault('invalid-value', 'a task must be a mapping', value.at, 'such as "- name: …" with the module below it')
    return []
  }
  const block = entry(value, 'block')
  if (block && around.handlers) {
    const wayOut = 'make each of its tasks a handler of its own, all with the same "listen: TOPIC", and notify the topic'
    reader.fault('invalid-value', 'a handler cannot be a block', block.keyAt, wayOut)
    return []
  }
  if (block) return loadBlock(value, around)
  const moduleEntries = value.entries.filter((one) => !Object.hasOwn(TASK, one.key))
  const named = moduleEntries.filter((one) => !foreignHint(one.key))
  const strange = moduleEntries.find((one) => foreignHint(one.key))
  if (strange) reader.unknownKey(strange, 'a task', Object.keys(TASK))
  const [first, second] = named
  if (!first) {
    if (!strange) reader.fault('missing-key', 'this task names no module', value.at, 'add one, such as "copy:" or "command:"')
    return []
  }
  const plain = first.key.replace(COLLECTION, '')
  const key = plain === 'systemd' ? 'systemd_service' : plain
  if (key === 'import_tasks') return importTasks(value, first, around)
  if (key === 'import_role') return importRole(value, first, around)
  if (second) {
    const known = [...Object.keys(TASK), ...around.modules.keys()]
    const wrong = named.find((one) => !around.modules.has(one.key.replace(COLLECTION, '')))
    if (wrong)
      reader.fault('unknown-key', `"${wrong.key}" is neither a task keyword nor a module`, wrong.keyAt, didYouMean(wrong.key, known))
    else
      reader.fault(
        'invalid-value',
        `a task has one module; this one has ${first.key} and ${second.key}`,
        second.keyAt,
        'make two tasks of it',
      )
    return []
  }
  const module = around.modules.get(key)
  if (!module) {
    const words = [...around.modules.keys(), 'import_tasks', 'import_role']
    reader.fault(
      'unknown-module',
      `unknown module "${first.key}"`,
      first.keyAt,
      didYouMean(key, [...words, ...Object.keys(TASK)]) ?? '`mhprov modules` lists them',
    )
    return []
  }
  return [loadTask(value, module, first, around)]
}

function loadTask(value: MapValue, module: AnyModule, key: Entry, around: Surroundings): Task {
  const { reader } = around
  const at = (name: string) => entry(value, name)?.value
  const templated = (name: string) => {
    const found = at(name)
    return found && reader.templated(found)
  }
  const loopControl = at('loop_control')
  const control = loopControl ? reader.mapping(loopControl, 'loop_control', ['loop_var', 'index_var', 'label', 'pause']) : undefined
  const controlAt = (name: string) => (control ? entry(control, name)?.value : undefined)
  const controlWord = (name: string) => {
    const found = controlAt(name)
    return found && reader.word(found, name)
  }
  const listen = at('listen')
  if (listen && !around.handlers)
    reader.fault('unknown-key', 'only a handler can listen', entry(value, 'listen')!.keyAt, 'use notify here, listen on the handler')
  const register = at('register')
  const notify = at('notify')
  const registered = register && reader.word(register, 'register')
  if (registered && !/^[A-Za-z_]\w*$/.test(registered))
    reader.fault('invalid-value', `"${registered}" cannot be a variable's name`, register.at)
  const conditions = (name: string) => {
    const found = at(name)
    return found && reader.conditions(found, name)
  }
  const args = withArgs(reader.templated(key.value), at('args'), reader)
  const optional = <K extends string, V>(name: K, found: V | undefined) =>
    (found === undefined ? {} : { [name]: found }) as { [P in K]?: V }
  return {
    kind: 'task',
    id: around.nextId(),
    module,
    args,
    at: key.keyAt,
    name: templated('name'),
    ...inherit(value, around),
    ...optional('loop', templated('loop')),
    loopVar: controlWord('loop_var') ?? 'item',
    ...optional('indexVar', controlWord('index_var')),
    ...optional('label', controlAt('label') && reader.templated(controlAt('label')!)),
    ...optional('loopPause', controlAt('pause') && reader.templated(controlAt('pause')!)),
    ...optional('register', registered),
    ...optional('registerAt', register?.at),
    notify: notify ? listOf(reader.templated(notify)) : [],
    listen: listen ? reader.words(listen, 'listen') : [],
    until: conditions('until') ?? [],
    ...optional('retries', templated('retries')),
    ...optional('delay', templated('delay')),
    ...optional('changedWhen', conditions('changed_when')),
    ...optional('failedWhen', conditions('failed_when')),
    ...optional('role', around.role),
    play: around.play,
    dirs: around.dirs,
  }
}

const listOf = (value: Value): readonly Value[] => (value.kind === 'list' ? value.items : [value])

/** `args:` adds parameters beside the module's own; a free form moves in under its name when the engine normalises it. */
function withArgs(own: Value, args: Value | undefined, reader: Reader): Value {
  if (!args) return own
  if (args.kind !== 'map') {
    reader.fault('invalid-value', 'args must be a mapping of parameters', args.at)
    return own
  }
  reader.templated(args)
  if (own.kind === 'map') return { ...own, entries: [...own.entries, ...args.entries.filter((one) => !entry(own, one.key))] }
  return { kind: 'map', at: own.at, entries: [{ key: FREE_FORM, keyAt: own.at, value: own }, ...args.entries] }
}

/** Stands for the free form's parameter until the module is asked what it is called. */
export const FREE_FORM = '_raw_params'

function loadBlock(value: MapValue, around: Surroundings): Block[] {
  const { reader } = around
  reader.mapping(value, 'a block', Object.keys(BLOCK))
  const inherited = inherit(value, around)
  const part = (name: 'block' | 'rescue' | 'always') => {
    const found = entry(value, name)
    // a role used in a rescue, or after a task that fails, may never run: what follows the block must not count on it
    const inner = { ...around, inherited, found: { ...around.found, uses: new Map(around.found.uses) } }
    return found ? loadTasks(found.value, inner, name) : []
  }
  const name = entry(value, 'name')?.value
  return [
    {
      kind: 'block',
      name: name && reader.word(name, 'name'),
      at: value.at,
      block: part('block'),
      rescue: part('rescue'),
      always: part('always'),
    },
  ]
}

/** The keywords that pass from a play, block, role or import to the tasks in it. */
export function inherit(value: MapValue, around: { reader: Reader; inherited: Inherited }, own: readonly Entry[] = []): Inherited {
  const { reader, inherited: outer } = around
  const at = (name: string) => entry(value, name)?.value
  const when = at('when')
  const tags = at('tags')
  const vars = at('vars')
  const environment = at('environment')
  const kept: Record<string, Value> = {}
  for (const [keyword, field] of Object.entries(PASSED)) {
    const found = at(keyword)
    if (found) kept[field] = reader.templated(found)
  }
  const delegate = at('delegate_to')
  if (delegate?.kind === 'scalar' && !['localhost', '127.0.0.1'].includes(String(delegate.value)) && !String(delegate.value).includes('<%'))
    reader.fault(
      'invalid-value',
      `a task can be delegated to localhost only, not to "${delegate.value}"`,
      delegate.at,
      'give that host a play of its own',
    )
  const variables = [...(vars ? reader.variables(vars, 'vars') : []), ...own]
  return {
    ...outer,
    ...kept,
    when: [...outer.when, ...(when ? reader.conditions(when, 'when') : [])],
    tags: [...new Set([...outer.tags, ...(tags ? reader.words(tags, 'tags') : [])])],
    vars: variables.length > 0 ? [...outer.vars, variables] : outer.vars,
    environment: environment ? [...outer.environment, reader.templated(environment)] : outer.environment,
  }
}

const PASSED = {
  become: 'become',
  become_user: 'becomeUser',
  check_mode: 'checkMode',
  ignore_errors: 'ignoreErrors',
  no_log: 'noLog',
  run_once: 'runOnce',
  delegate_to: 'delegateTo',
  diff: 'diff',
  timeout: 'timeout',
} as const
