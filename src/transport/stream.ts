import type { Readable, Writable } from 'node:stream'

/** The three streams of a command on a host, however it was started. */
export interface ShellStream {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  /** Settles, never rejects, when the command or the way to it is gone; with the exit code when there was one. */
  readonly ended: Promise<number | undefined>
  /** Lets go of the command at once. */
  close(): void
}
