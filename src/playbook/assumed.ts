/** Thrown when something reads what only a real run can know: the output of a command that a dry run left out. */
export class NotKnown extends Error {
  readonly task: string

  constructor(task: string) {
    super(`only known once "${task}" has run`)
    this.task = task
  }
}

/** Whether an error, or what it was wrapped around, is a NotKnown. */
export const isNotKnown = (error: unknown): boolean =>
  error instanceof NotKnown || (error instanceof Error && error.cause instanceof NotKnown)

/** Stands for a variable's whole value while only a real run can know it; reading the variable throws NotKnown. */
export class Unknown {
  readonly task: string

  constructor(task: string) {
    this.task = task
  }
}

const ASSUMED = Symbol('assumed')

/** The registered result of a task that a dry run did not carry out: `known` can be read, anything else throws NotKnown. */
export function assume(known: Readonly<Record<string, unknown>>, task: string): Record<string, unknown> {
  return new Proxy(
    { ...known },
    {
      get(target, key) {
        if (key === ASSUMED) return task
        if (typeof key === 'symbol' || key in target || key === 'toJSON') return Reflect.get(target, key)
        throw new NotKnown(task)
      },
    },
  )
}

/** The task that an assumed result waits for; undefined for any other value. */
export const assumedOf = (value: unknown): string | undefined =>
  value !== null && typeof value === 'object' ? (value as { [ASSUMED]?: string })[ASSUMED] : undefined
