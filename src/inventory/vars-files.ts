import { type Dirent, existsSync, readdirSync, statSync } from 'node:fs'
import { extname, join } from 'node:path'
import { problem, type Source } from '../diagnostic.ts'
import { nearest } from '../did-you-mean.ts'
import { readYaml, type Value } from '../yaml.ts'
import { type Draft, fault, type Setting, warn } from './draft.ts'

/** Ansible's extensions of YAML files, in the order in which it looks for them. */
const EXTENSIONS = ['', '.yml', '.yaml', '.json']

/**
 * The variables that a folder `group_vars` or `host_vars` holds, by group or host. For NAME the first of a folder NAME (all its files,
 * in lexical order, folders in it too), a file NAME, NAME.yml, NAME.yaml or NAME.json is read (Ansible: "Organizing host and group variables").
 */
export function readVarsFolder(draft: Draft, folder: string, names: readonly string[]): Map<string, Map<string, Setting>> {
  const found = new Map<string, Map<string, Setting>>()
  if (!existsSync(folder)) return found
  try {
    readNames(draft, folder, names, found)
  } catch (error) {
    draft.problems.push(problem('missing-file', `cannot read ${folder}: ${(error as Error).message}`))
  }
  return found
}

function readNames(draft: Draft, folder: string, names: readonly string[], found: Map<string, Map<string, Setting>>): void {
  for (const name of names) {
    if (name.includes('/') || name === '.' || name === '..') continue
    const [path, ...others] = EXTENSIONS.map((extension) => join(folder, name + extension)).filter((candidate) => existsSync(candidate))
    if (path === undefined) continue
    const vars = new Map<string, Setting>()
    for (const file of statSync(path).isDirectory() ? filesBelow(path) : [path]) readVars(draft, file, vars)
    for (const other of others)
      warn(
        draft,
        'missing-file',
        `${other} is not read: ${path} comes first`,
        { file: { path: other, text: '' }, start: 0, end: 0 },
        'keep one of them',
      )
    found.set(name, vars)
  }
  warnOfMisspelt(draft, folder, names, found)
}

function filesBelow(folder: string): string[] {
  return list(folder).flatMap((one) => {
    const path = join(folder, one.name)
    if (isFolder(one, path)) return filesBelow(path)
    return EXTENSIONS.includes(extname(one.name)) ? [path] : []
  })
}

/** A folder's entries in ASCII order, without hidden ones and backup copies. */
export const list = (folder: string): Dirent[] =>
  readdirSync(folder, { withFileTypes: true })
    .filter((one) => !one.name.startsWith('.') && !one.name.endsWith('~'))
    .sort((a, b) => (a.name < b.name ? -1 : 1))

export const isFolder = (one: Dirent, path: string): boolean =>
  one.isDirectory() || (one.isSymbolicLink() && existsSync(path) && statSync(path).isDirectory())

function readVars(draft: Draft, path: string, vars: Map<string, Setting>): void {
  const read = readYaml(path)
  if (!read.ok) {
    draft.problems.push(...read.problems)
    return
  }
  const { value } = read
  if (value === undefined || (value.kind === 'scalar' && value.value === null)) return
  if (value.kind === 'scalar' && isVault(value.value)) refuseVault(draft, value.at)
  else if (value.kind !== 'map') {
    const start = { ...value.at, end: value.at.start + 1 }
    fault(draft, 'invalid-value', 'a file of variables must be a mapping', start, 'such as "http_port: 80"')
  } else
    for (const { key, keyAt, value: one } of value.entries)
      if (key !== 'ansible_group_priority') vars.set(key, { value: one, keyAt })
      else warn(draft, 'invalid-value', `${key} has no effect here`, keyAt, 'set it in the inventory file, below "vars:" of the group')
}

const isVault = (value: unknown): boolean => typeof value === 'string' && value.startsWith('$ANSIBLE_VAULT;')

function refuseVault(draft: Draft, at: Source): void {
  fault(
    draft,
    'invalid-value',
    'this is encrypted by ansible-vault, which mhprov does not read',
    { ...at, end: at.start + 1 },
    'see it with "ansible-vault view", and keep it in a file of variables that only you can read',
  )
}

/** Faults for every value that ansible-vault encrypted, however deep. */
export function refuseVaults(draft: Draft, value: Value): void {
  if (value.kind === 'list') for (const item of value.items) refuseVaults(draft, item)
  else if (value.kind === 'map') for (const one of value.entries) refuseVaults(draft, one.value)
  else if (isVault(value.value)) refuseVault(draft, value.at)
}

/** A file for a name that the inventory does not know may belong to a neighbouring inventory: only one that a name without a file nearly has is told of. */
function warnOfMisspelt(draft: Draft, folder: string, names: readonly string[], found: ReadonlyMap<string, unknown>): void {
  const lacking = names.filter((name) => !found.has(name))
  for (const one of list(folder)) {
    const extension = extname(one.name)
    const name = EXTENSIONS.includes(extension) ? one.name.slice(0, one.name.length - extension.length) : one.name
    const near = names.includes(name) || names.includes(one.name) ? undefined : nearest(name, lacking)
    if (near === undefined) continue
    const at = { file: { path: join(folder, one.name), text: '' }, start: 0, end: 0 }
    draft.warnings.push({
      ...problem('unknown-host', `this file is for "${name}", which the inventory does not name`, at, `did you mean "${near}"?`),
      severity: 'warning',
    })
  }
}
