import type { AnyModule, Questions } from '../module/define.ts'
import type { Fact } from '../module/fact.ts'
import type { LocalFile } from '../module/local-file.ts'
import type { FactCache } from './fact-cache.ts'

/** A module with its parameters settled: what can be asked and planned. */
export interface Prepared {
  readonly module: AnyModule
  readonly want: unknown
  readonly inputs: Readonly<Record<string, LocalFile[]>>
}

export const flatten = (questions: Questions | undefined): Fact[] =>
  Object.values(questions ?? {}).flatMap((one) => (one === undefined ? [] : Array.isArray(one) ? (one as Fact[]) : [one as Fact]))

/** The answers in the shape of the questions. */
export async function answersTo(questions: Questions | undefined, cache: FactCache): Promise<Record<string, unknown>> {
  const known: Record<string, unknown> = {}
  for (const [name, one] of Object.entries(questions ?? {}))
    known[name] =
      one === undefined
        ? undefined
        : Array.isArray(one)
          ? await Promise.all((one as Fact[]).map((fact) => cache.get(fact)))
          : await cache.get(one as Fact)
  return known
}

/** What must be asked next for a task that is not due yet: its facts or, when those have arrived, what it needs besides. */
export function nextQuestions({ module, want, inputs }: Prepared, cache: FactCache): Fact[] {
  const first = module.facts?.(want, inputs)
  const facts = flatten(first)
  const unknown = facts.filter((fact) => !cache.has(fact))
  if (unknown.length > 0 || !module.more || !facts.every((fact) => cache.arrived(fact))) return unknown
  const is = Object.fromEntries(
    Object.entries(first ?? {}).map(([name, one]) => [
      name,
      one === undefined ? undefined : Array.isArray(one) ? one.map((fact: Fact) => cache.peek(fact)) : cache.peek(one as Fact),
    ]),
  )
  return flatten(module.more(want, is, inputs)).filter((fact) => !cache.has(fact))
}
