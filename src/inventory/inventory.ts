import type { Source } from '../diagnostic.ts'
import type { Value } from '../yaml.ts'

/** A host's variable after merging. Its value may hold templates, rendered by whoever reads it. */
export interface HostVariable {
  readonly value: Value
  /** The variable's name where it was written. */
  readonly keyAt: Source
  readonly from: 'host' | 'group'
  /** The group it comes from. */
  readonly group?: string
}

export interface Host {
  readonly name: string
  /** Where it is first named. */
  readonly at: Source
  /** All groups it is in, parents and `all` included, in the order in which their variables are merged: later ones win. */
  readonly groups: readonly string[]
  readonly vars: ReadonlyMap<string, HostVariable>
  /** It is this machine, named by no inventory file: its connection is `local`, and patterns find it by its name only. */
  readonly implicit?: true
}

export interface Group {
  readonly name: string
  /** Where it is first named; absent for an `all` or `ungrouped` that no file names. */
  readonly at?: Source
  /** Names of all its hosts, those of its children included, in the order of the document. */
  readonly hosts: readonly string[]
  readonly children: readonly string[]
  /** Longest way down from `all`, which is 0. */
  readonly depth: number
  /** `ansible_group_priority`; 1 unless set. */
  readonly priority: number
}

export interface Inventory {
  /** The path it was loaded from: a file or a folder. */
  readonly file: string
  /** The folder of group_vars and host_vars: the file's, or `file` itself. */
  readonly dir: string
  /** In the order of the document. */
  readonly hosts: ReadonlyMap<string, Host>
  /** `all` and `ungrouped` are always there. */
  readonly groups: ReadonlyMap<string, Group>
  /** What `localhost` means when no file defines it; not in `hosts`, not part of `all`. */
  readonly localhost: Host
}

/** Names that mean this machine although the inventory need not define them (Ansible: implicit localhost). */
export const LOCALHOST: readonly string[] = ['localhost', '127.0.0.1', '::1']

/** The host of this name. `localhost`, `127.0.0.1` and `::1` stand for each other and for this machine when none is defined. */
export function hostNamed(inventory: Inventory, name: string): Host | undefined {
  const host = inventory.hosts.get(name)
  if (host || !LOCALHOST.includes(name)) return host
  return LOCALHOST.map((other) => inventory.hosts.get(other)).find((other) => other !== undefined) ?? inventory.localhost
}
