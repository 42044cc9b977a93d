import type { HbaRule } from './hba-file.ts'
import { hides, keyOf, meets, surelyWinsOver, winsOver } from './hba-match.ts'

interface Task {
  /** What stands before and behind the rule in its task. */
  readonly earlier: readonly HbaRule[]
  readonly later: readonly HbaRule[]
}

const rejects = ({ method }: HbaRule): boolean => method === 'reject'

/**
 * Where a new rule goes: before the first one that would win over it, as PostgreSQL takes the first that fits. But whom a `reject` keeps
 * out stays out, unless the rule is an exception to all of it; and rules of one task keep their order, as far as each can be reached.
 */
export function placeOf(rule: HbaRule, rules: readonly (HbaRule | undefined)[], { earlier, later }: Task): number {
  const keysOf = (some: readonly HbaRule[]) => new Set(some.filter((other) => meets(other, rule)).map(keyOf))
  const before = keysOf(earlier)
  const behind = keysOf(rejects(rule) ? later.filter((other) => !rejects(other) && !hides(rule, other)) : [])
  const keepsOut = (other: HbaRule) => !rejects(rule) && rejects(other) && meets(other, rule) && !surelyWinsOver(other, rule)
  // behind one that hides it the rule could never be reached; and what stands there is not reached by its connections
  const hider = rules.findIndex((other) => other && hides(other, rule))
  const end = hider < 0 ? rules.length : hider
  const last = rules.findLastIndex((other, at) => at < end && other && (before.has(keyOf(other)) || keepsOut(other)))
  const winner = rules.findIndex((other, at) => at > last && other && (winsOver(other, rule) || behind.has(keyOf(other))))
  return winner < 0 ? rules.length : winner
}
