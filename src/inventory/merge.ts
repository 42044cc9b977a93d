import type { SourceFile } from '../diagnostic.ts'
import type { Draft, Setting } from './draft.ts'
import { byPrecedence } from './hierarchy.ts'
import type { Group, Host, HostVariable } from './inventory.ts'

type Settings = ReadonlyMap<string, ReadonlyMap<string, Setting>>

/** Variables of files, by group and by host. */
export interface VarsFiles {
  readonly groups: Settings
  readonly hosts: Settings
}

/**
 * Every host with its groups and merged variables. From low to high, as Ansible documents it under "Variable precedence": groups as the
 * inventory file has them, then group_vars files, each from `all` over parents to children; then the host's line, then its host_vars file.
 * So a group_vars file stands over what the inventory file says of any group.
 */
export function mergeHosts(draft: Draft, groups: ReadonlyMap<string, Group>, files: VarsFiles): Map<string, Host> {
  const ordered = [...groups.values()].sort(byPrecedence)
  const memberships = new Map<string, string[]>()
  for (const group of ordered)
    for (const name of group.hosts) {
      const list = memberships.get(name)
      if (list) list.push(group.name)
      else memberships.set(name, [group.name])
    }
  const hosts = new Map<string, Host>()
  for (const name of groups.get('all')?.hosts ?? []) {
    const { at, vars } = draft.hosts.get(name)!
    const of = memberships.get(name) ?? []
    hosts.set(name, { name, at, groups: of, vars: mergeVars(draft, of, files, [vars, files.hosts.get(name)]) })
  }
  return hosts
}

/** This machine when no file names it: Ansible's implicit localhost, with the variables of `all` and of host_vars/localhost, and connection `local`. */
export function implicitLocalhost(draft: Draft, files: VarsFiles, file: SourceFile): Host {
  const at = { file, start: 0, end: 0 }
  const local = new Map<string, Setting>([['ansible_connection', { value: { kind: 'scalar', value: 'local', at }, keyAt: at }]])
  return {
    name: 'localhost',
    at,
    groups: [],
    vars: mergeVars(draft, ['all'], files, [local, files.hosts.get('localhost')]),
    implicit: true,
  }
}

function mergeVars(
  draft: Draft,
  groups: readonly string[],
  files: VarsFiles,
  own: readonly (ReadonlyMap<string, Setting> | undefined)[],
): Map<string, HostVariable> {
  const merged = new Map<string, HostVariable>()
  for (const source of [(group: string) => draft.groups.get(group)?.vars, (group: string) => files.groups.get(group)])
    for (const group of groups) for (const [key, one] of source(group) ?? []) merged.set(key, { ...one, from: 'group', group })
  for (const level of own) for (const [key, one] of level ?? []) merged.set(key, { ...one, from: 'host' })
  return merged
}
