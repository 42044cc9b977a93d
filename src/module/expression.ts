import { z } from 'zod'

/** An expression of the playbook after the engine has evaluated it. */
export interface Evaluated<V = unknown> {
  /** As it was written. */
  readonly expression: string
  readonly value: V
  /** Why it has no value. */
  readonly error?: string
}

const source = z.union([z.string(), z.boolean(), z.int()]).transform(String)
const evaluated = <V extends z.ZodType>(value: V) => z.object({ expression: z.string(), value, error: z.string().optional() })
const unevaluated = <V>(expression: string, value: V): Evaluated<V> => ({ expression, value, error: 'it was not evaluated' })

/**
 * One CEL condition or a list of them. The playbook holds text, the module gets each with its outcome;
 * text that nobody evaluated (an example of the documentation) is accepted and counts as failed.
 */
export const cel = () =>
  z
    .union([z.array(evaluated(z.boolean())), z.array(source), source], { error: 'expected a condition or a list of conditions' })
    .transform((given): Evaluated<boolean>[] =>
      (Array.isArray(given) ? given : [given]).map((one) => (typeof one === 'string' ? unevaluated(one, false) : compact(one))),
    )
    .meta({ expression: 'cel', json: { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] } })

/** One JavaScript expression, as inside `<%= … %>`; the module gets it with its value. */
export const js = () =>
  z
    .union([evaluated(z.unknown()), source], { error: 'expected an expression, such as the name of a variable' })
    .transform((given): Evaluated => (typeof given === 'string' ? unevaluated(given, undefined) : compact(given)))
    .meta({ expression: 'js', json: { type: 'string' } })

const compact = <V>({ expression, value, error }: { expression: string; value: V; error?: string | undefined }): Evaluated<V> => ({
  expression,
  value,
  ...(error !== undefined && { error }),
})
