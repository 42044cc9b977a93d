import { hostNamed, type Inventory } from '../inventory/inventory.ts'
import { OMIT } from './arguments.ts'
import { type Binding, dataLayer, entryLayer, type Layer, mapLayer, Scope } from './scope.ts'
import type { Play, Role, Task } from './tree.ts'

/** What a run was started with, as far as variables can see it. */
export interface RunOptions {
  readonly check: boolean
  readonly diff: boolean
  readonly verbosity: number
  readonly tags: readonly string[]
  readonly skipTags: readonly string[]
  /** `-e`: over everything else. */
  readonly extra: ReadonlyMap<string, Binding>
  /** Values of the playbook's secrets: a text each, or a mapping of texts. */
  readonly secrets: ReadonlyMap<string, unknown>
}

/** What a run has learnt of one host; lives from play to play. */
export interface Knowledge {
  /** By `register` and `set_fact`. */
  readonly registered: Map<string, unknown>
  /** `ansible_*` names to values, once asked. */
  readonly facts: Map<string, unknown>
}

export const nothingKnown = (): Knowledge => ({ registered: new Map(), facts: new Map() })

export interface HostScopeInput {
  readonly inventory: Inventory
  readonly host: string
  readonly play: Play
  /** Hosts of the play, and of the current batch. */
  readonly playHosts: readonly string[]
  readonly options: RunOptions
  readonly knowledge: (host: string) => Knowledge
  readonly declared?: ReadonlySet<string>
}

/**
 * The variables of a host in a play. Highest first: -e; secrets; registered and set_fact; (the task's own, put in by taskScope); facts;
 * host; group; play (over it, its roles' vars); role defaults. Names that mhprov itself gives (inventory_hostname …) stand over the inventory.
 */
export function hostScope(input: HostScopeInput): { top: Layer[]; base: Layer[]; defaults: Layer; declared: ReadonlySet<string> } {
  const { inventory, host, play, options, knowledge } = input
  const known = knowledge(host)
  const vars = hostNamed(inventory, host)?.vars ?? new Map()
  const from = (level: 'host' | 'group') => mapLayer(new Map([...vars].filter(([, one]) => one.from === level)))
  return {
    top: [mapLayer(options.extra), dataLayer(options.secrets), dataLayer(known.registered)],
    base: [magic(input), dataLayer(known.facts), from('host'), from('group'), entryLayer(play.roleVars), entryLayer(play.vars)],
    defaults: entryLayer(play.defaults),
    declared: input.declared ?? new Set(),
  }
}

/** A task's scope: its own, its block's and its role's variables over the host's, loop variables over all but -e; its role's defaults at the bottom. */
export function taskScope(
  host: ReturnType<typeof hostScope>,
  task: Task | undefined,
  loop: ReadonlyMap<string, unknown> = new Map(),
): Scope {
  const [extra, ...learnt] = host.top
  const layers = (lists: Role['vars'] = []) => lists.toReversed().map(entryLayer)
  const own = layers(task?.vars)
  const role = task?.role
    ? [
        ...layers(task.role.vars),
        dataLayer(
          new Map<string, unknown>([
            ['role_name', task.role.name],
            ['role_path', task.role.dir],
          ]),
        ),
      ]
    : []
  return new Scope(
    [extra!, dataLayer(loop), ...learnt, ...own, ...role, ...host.base, ...layers(task?.role?.defaults), host.defaults],
    host.declared,
  )
}

function magic(input: HostScopeInput): Layer {
  const { inventory, host, play, options } = input
  const data = (value: unknown): Binding => ({ data: value })
  const member = hostNamed(inventory, host)
  const groups = () => Object.fromEntries([...inventory.groups.values()].map((group) => [group.name, [...group.hosts]]))
  const fallback = (name: string, value: unknown): [string, Binding][] => (member?.vars.has(name) ? [] : [[name, data(value)]])
  return mapLayer(
    new Map<string, Binding>([
      ['inventory_hostname', data(host)],
      ['inventory_hostname_short', data(host.split('.')[0])],
      ['inventory_file', data(inventory.file)],
      ['inventory_dir', data(inventory.dir)],
      ['group_names', data((member?.groups ?? []).filter((group: string) => group !== 'all').sort())],
      ['groups', { make: groups }],
      ['hostvars', { make: () => hostvars(input) }],
      ['playbook_dir', data(play.dir)],
      ['ansible_play_name', data(play.name)],
      ['ansible_play_hosts', data([...input.playHosts])],
      ['ansible_play_hosts_all', data([...input.playHosts])],
      ['ansible_play_batch', data([...input.playHosts])],
      ['ansible_check_mode', data(options.check)],
      ['ansible_diff_mode', data(options.diff)],
      ['ansible_verbosity', data(options.verbosity)],
      ['ansible_run_tags', data(options.tags.length > 0 ? [...options.tags] : ['all'])],
      ['ansible_skip_tags', data([...options.skipTags])],
      ['omit', data(OMIT)],
      ...fallback('ansible_host', host),
    ]),
  )
}

/** Every host's variables, made when looked at. */
function hostvars(input: HostScopeInput): Record<string, unknown> {
  const all: Record<string, unknown> = {}
  for (const name of input.inventory.hosts.keys())
    Object.defineProperty(all, name, { enumerable: true, get: () => taskScope(hostScope({ ...input, host: name }), undefined).object() })
  return all
}
