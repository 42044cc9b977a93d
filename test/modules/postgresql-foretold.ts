import type { SqlAnswer } from '../../src/facts/sql.ts'
import type { AnyModule, Change, Plan } from '../../src/module/define.ts'
import type { Fact } from '../../src/module/fact.ts'

/**
 * What a dry run would say of tasks one after another, where `answer` is what the server says: the summaries of each, or why it fails.
 * Each task's predictions are laid over the answers of the next, as the engine does it.
 */
export function foretold(
  tasks: readonly (readonly [module: AnyModule, params: object])[],
  answer: (query: string) => SqlAnswer,
): string[][] {
  const overlay = new Map<string, ((before: unknown) => unknown)[]>()
  const known = (fact: Fact): unknown =>
    (overlay.get(fact.id) ?? []).reduce((before, predict) => predict(before), answer((fact.key as { query: string }).query) as unknown)
  return tasks.map(([module, params]) => {
    const want = module.params.parse(params)
    const is = Object.fromEntries(
      Object.entries(module.facts?.(want, {}) ?? {}).map(([name, facts]) => [
        name,
        Array.isArray(facts) ? facts.map(known) : facts === undefined ? undefined : known(facts as Fact),
      ]),
    )
    const planned = module.plan(want, is, {})
    const { changes, failure } = (Array.isArray(planned) ? { changes: planned as Change[] } : planned) as Plan
    for (const { fact, value } of changes.flatMap((change) => change.makes ?? []))
      overlay.set(fact.id, [...(overlay.get(fact.id) ?? []), value])
    return failure === undefined ? changes.map(({ summary }) => summary) : [failure]
  })
}
