/** What mhprov ends with; documented in the README. */
export const EXIT = {
  ok: 0,
  /** A task failed on a host. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  /** The inventory, playbook or a file they name is wrong; nothing was connected to. */
  input: 3,
  /** A host could not be reached or logged into, or was lost. */
  unreachable: 4,
  /** Ctrl-C or SIGTERM. */
  interrupted: 130,
} as const
