import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Source } from '../diagnostic.ts'
import { type Entry, entry, type MapValue, readYaml } from '../yaml.ts'
import { BLOCK } from './keywords.ts'
import { loadRole } from './role.ts'
import { inherit, loadTasks, type Surroundings } from './task-list.ts'
import type { Node } from './tree.ts'

/** `import_tasks: FILE`, looked for beside the importing file, then as in a role. */
export function importTasks(value: MapValue, key: Entry, around: Surroundings): Node[] {
  const { reader } = around
  onlyShared(value, key, around, 'import_tasks')
  const file = key.value.kind === 'map' ? entry(key.value, 'file')?.value : key.value
  const name = file && reader.word(file, 'import_tasks')
  if (!file || !name) return []
  const path =
    around.dirs.flatMap((dir) => [join(dir, name), join(dir, 'tasks', name)]).find((one) => existsSync(one)) ??
    resolve(around.dirs[0]!, name)
  return loadTaskFile(path, file.at, { ...around, inherited: inherit(value, around) })
}

/** The tasks of a file; its own folder becomes the first place for files it names. */
export function loadTaskFile(path: string, at: Source | undefined, around: Surroundings): Node[] {
  const { reader } = around
  if (around.importing.includes(path)) {
    reader.fault('invalid-value', `this import goes round in a circle: ${path} is being read already`, at!)
    return []
  }
  const read = readYaml(path, at)
  if (!read.ok) {
    reader.problems.push(...read.problems)
    return []
  }
  if (!read.value) return []
  const dirs = [...new Set([dirname(path), ...around.dirs])]
  return loadTasks(read.value, { ...around, dirs, importing: [...around.importing, path] }, 'a file of tasks')
}

/** `import_role:` as a task. As documented for Ansible's module, `public` and `allow_duplicates` are true unless given. */
export function importRole(value: MapValue, key: Entry, around: Surroundings): Node[] {
  const { reader } = around
  onlyShared(value, key, around, 'import_role')
  const form = reader.mapping(key.value, 'import_role', [
    'name',
    'tasks_from',
    'vars_from',
    'defaults_from',
    'handlers_from',
    'public',
    'allow_duplicates',
  ])
  const name = form && entry(form, 'name')
  if (!form) return []
  if (!name) {
    reader.fault('missing-key', 'import_role needs the name of the role', key.keyAt)
    return []
  }
  const from = (part: string) => {
    const found = entry(form, part)?.value
    return found ? reader.word(found, part) : undefined
  }
  const flag = (option: string) => {
    const found = entry(form, option)?.value
    return (found && reader.boolean(found, option)) ?? true
  }
  const role = reader.word(name.value, 'name')
  if (!role) return []
  return loadRole(role, name.value.at, around, {
    inherited: inherit(value, around),
    vars: [],
    allowDuplicates: flag('allow_duplicates'),
    public: flag('public'),
    parts: {
      tasks: from('tasks_from'),
      vars: from('vars_from'),
      defaults: from('defaults_from'),
      handlers: from('handlers_from'),
    },
  })
}

function onlyShared(value: MapValue, key: Entry, { reader }: Surroundings, what: string): void {
  const fit = Object.keys(BLOCK).filter((word) => !['block', 'rescue', 'always'].includes(word))
  for (const one of value.entries) if (one !== key && !fit.includes(one.key)) reader.unknownKey(one, what, fit)
}
