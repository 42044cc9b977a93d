/** Remembers, beyond the end of a run, which handlers are still to be run on which host. */
export interface OwedHandlers {
  /** Names of handlers owed to a host by an earlier run. */
  of(play: string, host: string): readonly string[]
  add(play: string, host: string, handler: string): void
  done(play: string, host: string, handler: string): void
}
