import type { Draft, DraftGroup } from './draft.ts'
import { fault } from './draft.ts'
import type { Group } from './inventory.ts'

/**
 * Draft groups to groups: who is whose child, how deep, with which hosts. Undefined when groups contain themselves, which is told of
 * at the key that closes the circle. A group without a parent is a child of `all`; a host in no group is in `ungrouped`.
 */
export function buildGroups(draft: Draft): Map<string, Group> | undefined {
  if (findCycles(draft)) return undefined
  const children = new Map([...draft.groups.values()].map((group) => [group.name, childrenOf(group)]))
  const adopted = new Set([...children.values()].flat())
  const top = children.get('all') ?? []
  for (const name of draft.groups.keys()) if (name !== 'all' && !adopted.has(name) && !top.includes(name)) top.push(name)

  const everyone = inDocumentOrder(draft)
  const hosts = new Map<string, string[]>()
  for (const group of draft.groups.values()) hosts.set(group.name, [...hostsOf(draft, group)])
  const grouped = new Set([...hosts].flatMap(([name, members]) => (name === 'all' || name === 'ungrouped' ? [] : members)))
  hosts.set('all', everyone)
  hosts.set(
    'ungrouped',
    everyone.filter((name) => !grouped.has(name)),
  )

  const depths = depthsBelowAll(children)
  const groups = [...draft.groups.values()].map((group): [string, Group] => [
    group.name,
    {
      name: group.name,
      ...(group.at && { at: group.at }),
      hosts: hosts.get(group.name) ?? [],
      children: children.get(group.name) ?? [],
      depth: depths.get(group.name) ?? 0,
      priority: group.priority,
    },
  ])
  return new Map(groups)
}

/** By depth, then `ansible_group_priority`, then name in ASCII order: the order in which Ansible merges a host's groups. */
export const byPrecedence = (a: Group, b: Group): number =>
  a.depth - b.depth || a.priority - b.priority || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)

const childrenOf = (group: DraftGroup): string[] => [...new Set(group.members.flatMap((one) => (one.kind === 'group' ? [one.name] : [])))]

/** Files in the order of reading, and within a file by place; the hosts of one range stay as they are. */
function inDocumentOrder(draft: Draft): string[] {
  const files = [...new Set([...draft.hosts.values()].map((host) => host.at.file))]
  return [...draft.hosts.values()]
    .sort((a, b) => files.indexOf(a.at.file) - files.indexOf(b.at.file) || a.at.start - b.at.start)
    .map((host) => host.name)
}

function hostsOf(draft: Draft, group: DraftGroup, found = new Set<string>(), seen = new Set<string>()): Set<string> {
  seen.add(group.name)
  for (const member of group.members)
    if (member.kind === 'host') found.add(member.name)
    else if (!seen.has(member.name)) hostsOf(draft, draft.groups.get(member.name)!, found, seen)
  return found
}

function depthsBelowAll(children: ReadonlyMap<string, readonly string[]>): Map<string, number> {
  const depths = new Map<string, number>()
  const order: string[] = []
  const visit = (name: string): void => {
    if (depths.has(name)) return
    depths.set(name, 0)
    for (const child of children.get(name) ?? []) visit(child)
    order.unshift(name)
  }
  visit('all')
  for (const name of order)
    for (const child of children.get(name) ?? []) depths.set(child, Math.max(depths.get(child) ?? 0, (depths.get(name) ?? 0) + 1))
  return depths
}

function findCycles(draft: Draft): boolean {
  const done = new Set<string>()
  const before = draft.problems.length
  const visit = (group: DraftGroup, path: readonly string[]): void => {
    if (done.has(group.name)) return
    const here = [...path, group.name]
    for (const member of group.members) {
      if (member.kind !== 'group') continue
      const back = here.indexOf(member.name)
      if (back < 0) visit(draft.groups.get(member.name)!, here)
      else {
        const circle = [...here.slice(back), member.name].join(' > ')
        fault(
          draft,
          'invalid-value',
          `the group "${member.name}" contains itself: ${circle}`,
          member.at,
          'groups may have several parents, but no circles',
        )
      }
    }
    done.add(group.name)
  }
  for (const group of draft.groups.values()) visit(group, [])
  return draft.problems.length > before
}
