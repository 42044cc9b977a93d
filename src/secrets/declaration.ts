import type { Source } from '../diagnostic.ts'
import type { Value } from '../yaml.ts'

/** Where a secret comes from when the store has none. */
export type Origin =
  | { readonly kind: 'generate'; readonly length: number; readonly alphabet: string }
  | { readonly kind: 'ask'; readonly prompt: string }
  | { readonly kind: 'env'; readonly variable: string }
  /** A command line of the controller's shell; its first line of output is the secret. */
  | { readonly kind: 'command'; readonly command: string }

/** A secret that a playbook names. */
export interface Declaration {
  readonly name: string
  readonly at: Source
  readonly origin: Origin
  /** What it is for, or where to get it: shown when it is missing. */
  readonly description?: string
  /** The playbook works without it: then the variable is not there. */
  readonly optional: boolean
  /** One secret for each text of this list; the variable is a mapping from them to the secrets. */
  readonly each?: Value
}

/** The name of one of a secret's many, in the store. */
export const memberName = (name: string, key: string): string => `${name}.${key}`
