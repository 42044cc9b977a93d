import { existsSync, statSync } from 'node:fs'
import { isAbsolute, join, resolve } from 'node:path'
import type { Source } from '../diagnostic.ts'
import { type Entry, entry, readYaml, type Value } from '../yaml.ts'
import { loadTaskFile } from './import.ts'
import type { Reader } from './reader.ts'
import { type Exports, inherit, type Surroundings } from './task-list.ts'
import { type Inherited, isTask, type Node, type Role } from './tree.ts'

/** File names other than `main` for a role's parts (`tasks_from` and its kin). */
export interface Parts {
  readonly tasks?: string | undefined
  readonly vars?: string | undefined
  readonly defaults?: string | undefined
  readonly handlers?: string | undefined
}

/** The `roles:` of a play: names, or mappings with `role`, keywords and, as Ansible allows, variables beside them. */
export function loadRoles(value: Value, around: Surroundings): Node[] {
  const { reader } = around
  return reader.list(value, 'roles').flatMap((item) => {
    if (item.kind === 'scalar') {
      const name = reader.word(item, 'a role')
      return name ? loadRole(name, item.at, around, { inherited: around.inherited, vars: [] }) : []
    }
    const named = item.kind === 'map' ? (entry(item, 'role') ?? entry(item, 'name')) : undefined
    if (item.kind !== 'map' || !named) {
      reader.fault('invalid-value', 'a role is its name, or a mapping with "role: NAME"', item.at)
      return []
    }
    const words = [
      'role',
      'name',
      'when',
      'tags',
      'vars',
      'become',
      'become_user',
      'environment',
      'check_mode',
      'diff',
      'ignore_errors',
      'no_log',
      'delegate_to',
      'run_once',
      'timeout',
    ]
    const loose = item.entries.filter((one) => !words.includes(one.key))
    reader.variables({ ...item, entries: loose }, 'variables of a role')
    const name = reader.word(named.value, 'role')
    const vars = entry(item, 'vars')
    const given = vars ? reader.variables(vars.value, 'vars') : []
    const inherited = inherit({ ...item, entries: item.entries.filter((one) => one !== vars) }, around, loose)
    return name ? loadRole(name, named.value.at, around, { inherited, vars: given }) : []
  })
}

/** How a role is used at one place. */
interface Use {
  readonly inherited: Inherited
  /** From `vars:` beside its name in `roles:`; for the roles it needs they are no more than its own `vars/`. */
  readonly vars: readonly Entry[]
  /** Runs though the same use came by before; undefined leaves it to the role's meta. */
  readonly allowDuplicates?: boolean
  /** false: its variables are its own, the rest of the play does not see them. */
  readonly public?: boolean
  readonly parts?: Parts
}

/**
 * A role's tasks; its handlers and variables go to the play. Searched for in `roles/` beside the playbook, then as a path.
 * No tasks when the same use runs before (Ansible's "Running a role multiple times in one play"). What surrounds a use counts as
 * part of it: one that other tags or conditions may leave out does not stand in for another.
 */
export function loadRole(name: string, at: Source, around: Surroundings, use: Use): Node[] {
  const { reader } = around
  const parts = use.parts ?? {}
  const places = isAbsolute(name)
    ? [name]
    : [...around.dirs, around.playDir].flatMap((dir) => [join(dir, 'roles', name), resolve(dir, name)])
  const dir = places.find((place) => existsSync(place) && statSync(place).isDirectory())
  if (!dir) {
    reader.fault('missing-file', `there is no role "${name}"`, at, `looked in ${[...new Set(places)].slice(0, 4).join(', ')}`)
    return []
  }
  if (around.importing.includes(dir)) {
    reader.fault('invalid-value', `role "${name}" needs itself`, at)
    return []
  }
  const found = use.public === false ? { ...around.found, vars: [], defaults: [] } : around.found
  const meta = readMeta(dir, at, reader)
  const same = useKey(dir, use, around)
  const before = around.found.uses.get(same)
  if (before && !(use.allowDuplicates ?? meta.allowDuplicates)) {
    leave(before, found)
    return []
  }
  const variables = (kind: 'defaults' | 'vars', file = 'main'): readonly Entry[] => {
    const path = find(dir, kind, file)
    const read = path ? readYaml(path, at) : undefined
    if (read && !read.ok) reader.problems.push(...read.problems)
    return read?.ok && read.value ? reader.variables(read.value, `${kind}/${file}`) : []
  }
  const own = { vars: variables('vars', parts.vars), defaults: variables('defaults', parts.defaults) }
  const outer = around.role ?? { vars: [], defaults: [] }
  const id = around.nextId()
  const asRole = (needed: Exports): Role => ({
    id,
    name,
    dir,
    vars: [...outer.vars, needed.vars, own.vars, use.vars],
    defaults: [needed.defaults, ...outer.defaults, own.defaults],
  })
  const inner: Surroundings = { ...around, found, dirs: [dir, around.playDir], importing: [...around.importing, dir] }
  const needed: Exports = { vars: [], defaults: [] }
  const dependencies = meta.dependencies
    ? loadRoles(meta.dependencies, {
        ...inner,
        inherited: use.inherited,
        role: asRole({ vars: [], defaults: [] }),
        dirs: [join(dir, '..', '..'), around.playDir],
        found: { ...found, ...needed },
      })
    : []
  const exported = { vars: [...needed.vars, ...own.vars], defaults: [...needed.defaults, ...own.defaults] }
  leave(exported, found)
  around.found.uses.set(same, exported)
  const inherited = use.vars.length > 0 ? { ...use.inherited, vars: [...use.inherited.vars, use.vars] } : use.inherited
  const within: Surroundings = { ...inner, inherited, role: asRole(needed) }
  const handlers = find(dir, 'handlers', parts.handlers ?? 'main')
  if (handlers) {
    const loaded = loadTaskFile(handlers, at, { ...within, handlers: true }).filter(isTask)
    found.handlers.delete(handlers)
    found.handlers.set(handlers, loaded)
  }
  const tasks = find(dir, 'tasks', parts.tasks ?? 'main')
  if (!tasks && parts.tasks) reader.fault('missing-file', `role "${name}" has no tasks/${parts.tasks}`, at)
  return [...dependencies, ...(tasks ? loadTaskFile(tasks, at, within) : [])]
}

function leave(exported: Exports, found: Exports): void {
  found.vars.push(...exported.vars)
  found.defaults.push(...exported.defaults)
}

/** The same for uses of a role that do the same: everything they were given, without the places it was written at. */
const useKey = (dir: string, { inherited, vars, parts = {} }: Use, { handlers }: Surroundings): string =>
  JSON.stringify([dir, inherited, vars, parts, handlers], (key, value: unknown) => (key === 'at' || key === 'keyAt' ? undefined : value))

/** What meta/main.yml says: the roles to run first, and whether this one may run again as it is. */
function readMeta(dir: string, at: Source, reader: Reader): { dependencies: Value | undefined; allowDuplicates: boolean } {
  const path = find(dir, 'meta', 'main')
  const read = path ? readYaml(path, at) : undefined
  if (read && !read.ok) reader.problems.push(...read.problems)
  const said = (key: string) => (read?.ok && read.value?.kind === 'map' ? entry(read.value, key)?.value : undefined)
  const again = said('allow_duplicates')
  return { dependencies: said('dependencies'), allowDuplicates: (again && reader.boolean(again, 'allow_duplicates')) ?? false }
}

const find = (dir: string, part: string, name: string): string | undefined =>
  [name, `${name}.yml`, `${name}.yaml`].map((file) => join(dir, part, file)).find((path) => existsSync(path) && statSync(path).isFile())
