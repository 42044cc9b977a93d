/** Options shared by the commands that run tasks; as the command line gives them. */
export interface RunArguments {
  readonly playbook?: string | undefined
  readonly inventory: string
  readonly limit?: string[] | undefined
  readonly extraVars?: string[] | undefined
  readonly user?: string | undefined
  readonly privateKey?: string | undefined
  readonly become?: boolean | undefined
  readonly becomeUser?: string | undefined
  readonly askBecomePass?: boolean | undefined
  readonly askPass?: boolean | undefined
  readonly hostKeyChecking?: string | undefined
  readonly timeout?: string | undefined
  readonly forks?: string | undefined
  readonly tags?: string[] | undefined
  readonly skipTags?: string[] | undefined
  readonly diff?: boolean | undefined
  readonly check?: boolean | undefined
  readonly output?: string | undefined
  readonly verbose?: number | undefined
  readonly listTasks?: boolean | undefined
  readonly listTags?: boolean | undefined
  readonly listHosts?: boolean | undefined
}

/** `--tags a,b --tags c` as one list. */
export const words = (given: readonly string[] | undefined): string[] =>
  (given ?? [])
    .flatMap((one) => one.split(','))
    .map((one) => one.trim())
    .filter((one) => one !== '')
