/** Something is not as it must be, with the way out. */
export interface Fault {
  readonly ok: false
  readonly detail: string
  readonly hint?: string
  /** Matrix's name for the error, when a server gave one. */
  readonly errcode?: string
}

export const fault = (detail: string, hint?: string): Fault => ({ ok: false, detail, ...(hint !== undefined && { hint }) })
