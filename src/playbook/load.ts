import { dirname, resolve } from 'node:path'
import type { Diagnostic, Source } from '../diagnostic.ts'
import type { AnyModule } from '../module/define.ts'
import { type Entry, entry, type MapValue, parseYaml, readYaml, type Value } from '../yaml.ts'
import { loadArgumentSpecs } from './argument-specs.ts'
import { PLAY } from './keywords.ts'
import { Reader } from './reader.ts'
import { templateOf } from './render.ts'
import { loadRoles } from './role.ts'
import { loadSecrets } from './secrets.ts'
import { type Found, inherit, loadTasks, type Surroundings } from './task-list.ts'
import { type Inherited, isTask, type Node, type Play, type Playbook, type Task } from './tree.ts'

const NOTHING: Inherited = { when: [], tags: [], vars: [], environment: [] }

interface Reading {
  readonly reader: Reader
  readonly modules: ReadonlyMap<string, AnyModule>
  readonly nextId: () => number
  readonly importing: readonly string[]
}

/** A playbook as far as it could be read, and what was wrong with the rest: compile() goes on from here, so that all faults are shown at once. */
export interface LoadedPlaybook {
  readonly playbook: Playbook
  readonly problems: readonly Diagnostic[]
}

/** Reads a playbook and everything it imports. All faults of form at once; nothing about values or hosts yet. */
export function loadPlaybook(path: string, modules: ReadonlyMap<string, AnyModule>): LoadedPlaybook {
  const reading = begin(modules)
  return finish(path, loadFile(resolve(path), undefined, NOTHING, reading), reading)
}

/** A playbook from text that is in no file: `mhprov run`. */
export function parsePlaybook(text: string, path: string, modules: ReadonlyMap<string, AnyModule>): LoadedPlaybook {
  const reading = begin(modules)
  const parsed = parseYaml({ path, text })
  if (!parsed.ok) return { playbook: { path, plays: [], lost: new Set() }, problems: parsed.problems }
  return finish(path, parsed.value ? loadPlays(parsed.value, process.cwd(), NOTHING, reading) : [], reading)
}

const finish = (path: string, plays: Play[], { reader }: Reading): LoadedPlaybook => ({
  playbook: { path, plays, lost: reader.lost },
  problems: reader.problems,
})

function begin(modules: ReadonlyMap<string, AnyModule>): Reading {
  let id = 0
  return { reader: new Reader(), modules, nextId: () => ++id, importing: [] }
}

function loadFile(path: string, at: Source | undefined, inherited: Inherited, reading: Reading): Play[] {
  const { reader } = reading
  if (reading.importing.includes(path)) {
    reader.fault('invalid-value', `this import goes round in a circle: ${path} is being read already`, at!)
    return []
  }
  const read = readYaml(path, at)
  if (!read.ok) {
    reader.problems.push(...read.problems)
    return []
  }
  if (!read.value) {
    reader.fault('invalid-value', `${path} is empty: a playbook is a list of plays`, at ?? { file: { path, text: '' }, start: 0, end: 0 })
    return []
  }
  return loadPlays(read.value, dirname(path), inherited, { ...reading, importing: [...reading.importing, path] })
}

function loadPlays(value: Value, dir: string, inherited: Inherited, reading: Reading): Play[] {
  const { reader } = reading
  if (value.kind !== 'list') {
    reader.fault('invalid-value', 'a playbook is a list of plays', value.at, 'begin each play with "- hosts: …"')
    return []
  }
  return value.items.flatMap((item) => {
    if (item.kind !== 'map') {
      reader.fault('invalid-value', 'a play must be a mapping', item.at, 'such as "- hosts: all" with tasks below it')
      return []
    }
    const imported = entry(item, 'import_playbook') ?? entry(item, 'ansible.builtin.import_playbook')
    if (!imported) return loadPlay(item, dir, inherited, reading)
    const fit = ['name', 'when', 'tags', 'vars', imported.key]
    for (const one of item.entries) if (!fit.includes(one.key)) reader.unknownKey(one, 'import_playbook', fit)
    const file = reader.word(imported.value, 'import_playbook')
    return file ? loadFile(resolve(dir, file), imported.value.at, inherit(item, { reader, inherited }), reading) : []
  })
}

function loadPlay(value: MapValue, dir: string, outer: Inherited, reading: Reading): Play[] {
  const { reader } = reading
  reader.mapping(value, 'a play', Object.keys(PLAY))
  const at = (name: string) => entry(value, name)?.value
  const hosts = entry(value, 'hosts')
  if (!hosts) {
    reader.fault('missing-key', 'this play does not say which hosts it is for', value.at, 'add "hosts: all"')
    return []
  }
  const pattern = reader.words(hosts.value, 'hosts').join(',')
  const title = at('name')
  const name = (title && reader.word(title, 'name')) || pattern
  // a play's own vars are a precedence level of their own, not an inherited layer
  const inherited = inherit({ ...value, entries: value.entries.filter((one) => one.key !== 'vars') }, { reader, inherited: outer })
  const found: Found = { handlers: new Map(), vars: [], defaults: [], uses: new Map() }
  const around: Surroundings = { ...reading, inherited, play: name, playDir: dir, dirs: [dir], found }
  const tasks = (part: string, more: Partial<Surroundings> = {}): Node[] => {
    const list = at(part)
    return list ? loadTasks(list, { ...around, ...more }, part) : []
  }
  const flag = (keyword: string, otherwise: boolean) => {
    const found = at(keyword)
    return (found && reader.boolean(found, keyword)) ?? otherwise
  }
  const specs = at('argument_specs') ? loadArgumentSpecs(at('argument_specs')!, dir, reader) : []
  const roles = at('roles')
  const before = tasks('pre_tasks')
  const fromRoles = roles ? loadRoles(roles, around) : []
  const sections = [before, [...fromRoles, ...tasks('tasks')], tasks('post_tasks')]
  const own = tasks('handlers', { handlers: true }).filter(isTask)
  return [
    {
      name,
      at: value.at,
      hosts: pattern,
      hostsAt: hosts.value.at,
      dir,
      vars: lastOfKey([...(at('vars') ? reader.variables(at('vars')!, 'vars') : []), ...varsFiles(at('vars_files'), dir, reader)]),
      specs,
      secrets: at('secrets') ? loadSecrets(at('secrets')!, reader) : [],
      gatherFacts: flag('gather_facts', true),
      serial: serial(at('serial'), reader),
      forceHandlers: flag('force_handlers', false),
      sections,
      handlers: settleNames([...[...found.handlers.values()].flat(), ...own]),
      roleVars: lastOfKey(found.vars),
      defaults: lastOfKey([...specs.flatMap((one) => one.default ?? []), ...found.defaults]),
    },
  ]
}

const lastOfKey = (entries: readonly Entry[]): Entry[] => [...new Map(entries.map((one) => [one.key, one])).values()]

/** Of the handlers of one name the last answers to it. An earlier one stays while something else can call it: its role's prefix or a topic. */
function settleNames(handlers: readonly Task[]): Task[] {
  const nameOf = ({ name }: Task) => (name?.kind === 'scalar' && !templateOf(name) ? String(name.value) : undefined)
  return handlers.flatMap((handler, i) => {
    const name = nameOf(handler)
    const later = name === undefined ? [] : handlers.slice(i + 1).filter((other) => nameOf(other) === name)
    if (later.length === 0) return [handler]
    const prefixed = handler.role && !later.some((other) => other.role?.name === handler.role!.name)
    return prefixed || handler.listen.length > 0 ? [{ ...handler, overridden: true as const }] : []
  })
}

function varsFiles(value: Value | undefined, dir: string, reader: Reader): Entry[] {
  if (!value) return []
  const files = value.kind === 'list' ? value.items : [value]
  return files.flatMap((file) => {
    const name = reader.word(file, 'vars_files')
    const read = name ? readYaml(resolve(dir, name), file.at) : undefined
    if (read && !read.ok) reader.problems.push(...read.problems)
    return read?.ok && read.value ? reader.variables(read.value, name!) : []
  })
}

function serial(value: Value | undefined, reader: Reader): (number | string)[] {
  if (!value) return []
  const items = value.kind === 'list' ? value.items : [value]
  return items.flatMap((item): (number | string)[] => {
    const text = item.kind === 'scalar' ? String(item.value) : ''
    if (/^[1-9]\d*$/.test(text)) return [Number(text)]
    if (/^(100|[1-9]\d?)%$/.test(text)) return [text]
    reader.fault('invalid-value', 'serial must be a number of hosts above 0, a percentage such as "30%", or a list of these', item.at)
    return []
  })
}
