import { type Code, type Diagnostic, problem, type Source } from '../diagnostic.ts'
import type { Value } from '../yaml.ts'

/** A variable as one place sets it. */
export interface Setting {
  readonly value: Value
  readonly keyAt: Source
}

export interface DraftHost {
  readonly name: string
  at: Source
  readonly vars: Map<string, Setting>
}

/** What a group names: `at` is the place of the name. */
export interface Member {
  readonly kind: 'host' | 'group'
  readonly name: string
  readonly at: Source
}

export interface DraftGroup {
  readonly name: string
  at: Source | undefined
  /** In the order of the document. */
  readonly members: Member[]
  readonly vars: Map<string, Setting>
  priority: number
}

/** An inventory while it is read: all that its files say, and all that is wrong with them. */
export interface Draft {
  readonly hosts: Map<string, DraftHost>
  readonly groups: Map<string, DraftGroup>
  readonly problems: Diagnostic[]
  readonly warnings: Diagnostic[]
}

export const newDraft = (): Draft => {
  const draft: Draft = { hosts: new Map(), groups: new Map(), problems: [], warnings: [] }
  draftGroup(draft, 'all', undefined)
  draftGroup(draft, 'ungrouped', undefined)
  return draft
}

/** The group of this name, made when it is new; a group may be told of in several places. */
export function draftGroup(draft: Draft, name: string, at: Source | undefined): DraftGroup {
  const known = draft.groups.get(name)
  if (known) {
    known.at ??= at
    return known
  }
  const group: DraftGroup = { name, at, members: [], vars: new Map(), priority: 1 }
  draft.groups.set(name, group)
  return group
}

/** The host of this name, made when it is new. Its place is where the document first names it. */
export function draftHost(draft: Draft, name: string, at: Source): DraftHost {
  const known = draft.hosts.get(name)
  if (known) {
    if (known.at.file === at.file && at.start < known.at.start) known.at = at
    return known
  }
  const host: DraftHost = { name, at, vars: new Map() }
  draft.hosts.set(name, host)
  return host
}

export function fault(draft: Draft, code: Code, message: string, at: Source, hint?: string): void {
  draft.problems.push(problem(code, message, at, hint))
}

export function warn(draft: Draft, code: Code, message: string, at: Source, hint?: string): void {
  draft.warnings.push({ ...problem(code, message, at, hint), severity: 'warning' })
}
