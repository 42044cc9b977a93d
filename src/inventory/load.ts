import { readFileSync, statSync } from 'node:fs'
import { dirname, extname, join } from 'node:path'
import { bad, problem, type Result, type SourceFile } from '../diagnostic.ts'
import { type Draft, newDraft, warn } from './draft.ts'
import { buildGroups } from './hierarchy.ts'
import { type Inventory, LOCALHOST } from './inventory.ts'
import { implicitLocalhost, mergeHosts } from './merge.ts'
import { readInventoryFile } from './read.ts'
import { isFolder, list, readVarsFolder, refuseVaults } from './vars-files.ts'

export type { Group, Host, HostVariable, Inventory } from './inventory.ts'

/** What is no inventory in a folder of inventories, as Ansible's INVENTORY_IGNORE_EXTS has it. */
const IGNORED = ['.pyc', '.pyo', '.swp', '.bak', '.rpm', '.md', '.txt', '.rst', '.orig', '.cfg', '.retry']
const VARS_FOLDERS = ['group_vars', 'host_vars']

/**
 * Loads Ansible's YAML inventory: one file, or a folder whose files are read in ASCII order, with the group_vars and host_vars beside it.
 * All faults of all files at once; doubtful things are the result's warnings.
 */
export function loadInventory(path: string): Result<Inventory> {
  const draft = newDraft()
  const files = inventoryFiles(draft, path)
  for (const file of files.sources) readInventoryFile(draft, file)
  const groups = buildGroups(draft)
  if (!groups || files.sources.length === 0) return bad(...draft.problems)
  for (const name of draft.hosts.keys())
    if (draft.groups.has(name))
      warn(
        draft,
        'invalid-value',
        `"${name}" is both a host and a group; a pattern means the host`,
        draft.hosts.get(name)!.at,
        'rename one of them',
      )
  const vars = {
    groups: readVarsFolder(draft, join(files.dir, 'group_vars'), [...draft.groups.keys()]),
    hosts: readVarsFolder(draft, join(files.dir, 'host_vars'), [
      ...draft.hosts.keys(),
      ...LOCALHOST.filter((name) => !draft.hosts.has(name)),
    ]),
  }
  const all = [...draft.groups.values(), ...draft.hosts.values()].map((one) => one.vars)
  for (const settings of [...all, ...vars.groups.values(), ...vars.hosts.values()])
    for (const one of settings.values()) refuseVaults(draft, one.value)
  if (draft.problems.length > 0) return bad(...draft.problems)
  const value: Inventory = {
    file: path,
    dir: files.dir,
    hosts: mergeHosts(draft, groups, vars),
    groups,
    localhost: implicitLocalhost(draft, vars, { path, text: '' }),
  }
  return { ok: true, value, ...(draft.warnings.length > 0 && { warnings: draft.warnings }) }
}

/** No hosts but this machine, for a playbook of localhost alone (Ansible: implicit localhost). */
export function emptyInventory(): Inventory {
  const draft = newDraft()
  const nothing = { groups: new Map(), hosts: new Map() }
  const groups = buildGroups(draft) ?? new Map()
  return {
    file: 'inventory.yaml',
    dir: '.',
    hosts: new Map(),
    groups,
    localhost: implicitLocalhost(draft, nothing, { path: 'inventory.yaml', text: '' }),
  }
}

function inventoryFiles(draft: Draft, path: string): { dir: string; sources: SourceFile[] } {
  let paths = [path]
  let dir = dirname(path)
  try {
    if (statSync(path).isDirectory()) {
      dir = path
      const entries = list(path).filter((one) => !IGNORED.includes(extname(one.name)) && !VARS_FOLDERS.includes(one.name))
      const folders = entries.filter((one) => isFolder(one, join(path, one.name)))
      for (const one of folders) warn(draft, 'missing-file', `the folder ${join(path, one.name)} is not read`, placeOf(path))
      paths = entries.filter((one) => !folders.includes(one)).map((one) => join(path, one.name))
      if (paths.length === 0) draft.problems.push(problem('missing-file', `the folder ${path} holds no inventory file`))
    }
    return { dir, sources: paths.map((one) => ({ path: one, text: readFileSync(one, 'utf8') })) }
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : (error as Error).message
    draft.problems.push(problem('missing-file', `cannot read the inventory ${path}: ${why}`))
    return { dir, sources: [] }
  }
}

const placeOf = (path: string) => ({ file: { path, text: '' }, start: 0, end: 0 })
