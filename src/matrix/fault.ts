/** Something is not as it must be, with the way out. */
export interface Fault {
  readonly ok: false
  readonly detail: string
  readonly hint?: string
  /** Matrix's name for the error, when a server gave one. */
  readonly errcode?: string
  /** By a rate limit that lasts longer than anybody would wait. */
  readonly limited?: true
}

export const fault = (detail: string, hint?: string): Fault => ({ ok: false, detail, ...(hint !== undefined && { hint }) })

/** Tells a fault from a list. */
export const isFault = (value: readonly unknown[] | Fault): value is Fault => !Array.isArray(value)
