import { inspect } from 'node:util'

/** What stands in for a secret wherever one would be shown. */
export const MASK = '********'

/** Fewer characters cannot be told from ordinary words, and so not be masked wherever they stand. */
export const SHORTEST_SECRET = 8

/**
 * A value that must not be shown. Every way JavaScript has of turning a value into text gives the mask;
 * only `reveal()` gives the value, and only what writes to a host or a login dialogue calls it.
 */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  reveal(): string {
    return this.#value
  }

  toString(): string {
    return MASK
  }

  toJSON(): string {
    return MASK
  }

  [Symbol.toPrimitive](): string {
    return MASK
  }

  [inspect.custom](): string {
    return MASK
  }
}
