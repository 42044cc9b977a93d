import { existsSync, statSync } from 'node:fs'
import { isAbsolute, join, resolve } from 'node:path'
import type { Source } from '../diagnostic.ts'
import { type Entry, entry, readYaml, type Value } from '../yaml.ts'
import { loadTaskFile } from './import.ts'
import { inherit, type Surroundings } from './task-list.ts'
import { type Inherited, isTask, type Node } from './tree.ts'

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
      return name ? loadRole(name, item.at, around.inherited, around) : []
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
    return name ? loadRole(name, named.value.at, inherit(item, around, loose), around) : []
  })
}

/** A role's tasks; its handlers and defaults go to the play. Searched for in `roles/` beside the playbook, then as a path. */
export function loadRole(name: string, at: Source, inherited: Inherited, around: Surroundings, parts: Parts = {}): Node[] {
  const { reader } = around
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
  const variables = (kind: 'defaults' | 'vars', file = 'main'): readonly Entry[] => {
    const path = find(dir, kind, file)
    const read = path ? readYaml(path, at) : undefined
    if (read && !read.ok) reader.problems.push(...read.problems)
    return read?.ok && read.value ? reader.variables(read.value, `${kind}/${file}`) : []
  }
  around.found.defaults.push(...variables('defaults', parts.defaults))
  const own = variables('vars', parts.vars)
  const inner: Surroundings = {
    ...around,
    inherited: { ...inherited, vars: own.length > 0 ? [own, ...inherited.vars] : inherited.vars },
    role: { name, dir },
    dirs: [dir, around.playDir],
    importing: [...around.importing, dir],
  }
  const before = dependencies(dir, at, { ...inner, role: inner.role! })
  const handlers = find(dir, 'handlers', parts.handlers ?? 'main')
  if (handlers) around.found.handlers.push(...loadTaskFile(handlers, at, { ...inner, handlers: true }).filter(isTask))
  const tasks = find(dir, 'tasks', parts.tasks ?? 'main')
  if (!tasks && parts.tasks) reader.fault('missing-file', `role "${name}" has no tasks/${parts.tasks}`, at)
  return [...before, ...(tasks ? loadTaskFile(tasks, at, inner) : [])]
}

/** The roles in meta/main.yml's `dependencies`, run first. */
function dependencies(dir: string, at: Source, around: Surroundings): Node[] {
  const path = find(dir, 'meta', 'main')
  const read = path ? readYaml(path, at) : undefined
  if (read && !read.ok) around.reader.problems.push(...read.problems)
  const list = read?.ok && read.value?.kind === 'map' ? entry(read.value, 'dependencies') : undefined
  return list ? loadRoles(list.value, { ...around, dirs: [join(dir, '..', '..'), around.playDir] }) : []
}

const find = (dir: string, part: string, name: string): string | undefined =>
  [name, `${name}.yml`, `${name}.yaml`].map((file) => join(dir, part, file)).find((path) => existsSync(path) && statSync(path).isFile())
