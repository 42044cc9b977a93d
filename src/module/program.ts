import type { Duplex } from 'node:stream'

/** What a program of the controller is given to work with a host. */
export interface ProgramContext {
  /** A TCP connection as a program on the host would open it: its 127.0.0.1 is the host's own. Rejects with a DialError, or when the host is gone. */
  readonly dial: (host: string, port: number) => Promise<Duplex>
  /** Come to an end: the run was interrupted, or the task's time is over. */
  readonly signal: AbortSignal
  /** Says what is being done, for who watches. */
  readonly say: (line: string) => void
}

/** Why a host could not connect, and the way out where it is none of the other end's. */
export class DialError extends Error {
  readonly hint: string | undefined

  constructor(message: string, hint?: string) {
    super(message)
    this.hint = hint
  }
}

/**
 * Does what a script on the host cannot: speak a protocol, compute, compare. Gives plain JSON data, also when the host does not do as
 * wanted: a thrown error is a bug. `input` is what the module's plan put into the step.
 */
export type Program = (input: unknown, context: ProgramContext) => Promise<unknown>

/** Programs by the name that steps call them. */
export type Programs = Readonly<Record<string, Program>>
