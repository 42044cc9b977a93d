import { factKind } from '../module/fact.ts'
import { join, sh } from '../module/shell.ts'
import { READ_ONLY } from './apt-cache.ts'

/** What an apt-get command would do. */
export interface Simulation {
  /** Packages that would be newly installed or upgraded, with the version they would have. */
  readonly install: readonly { readonly name: string; readonly version: string; readonly from?: string }[]
  readonly remove: readonly string[]
  /** All that apt-get said. */
  readonly text: string
  readonly code: number
}

/** What `apt-get -s` says these arguments would do; changes nothing, takes no lock (apt-get(8), --simulate). */
export const aptSimulation = factKind<readonly string[], Simulation>({
  name: 'apt-simulation',
  script: (keys) =>
    sh`${READ_ONLY}${join(
      keys.map((args) => sh`apt-get $apt -s -o Debug::NoLocking=1 ${args} 2>&1; printf '\\000%s\\000' "$?"`),
      '\n',
    )}`,
  parse: (stdout, keys) => {
    const parts = stdout.toString().split('\0')
    return keys.map((_, i) => parseSimulation((parts[2 * i] ?? '').replace(/^\n/, ''), Number(parts[2 * i + 1] || 127)))
  },
})

function parseSimulation(text: string, code: number): Simulation {
  const install = [...text.matchAll(/^Inst (\S+) (?:\[(\S+)\] )?\((\S+)/gm)].map(([, name, from, version]) => ({
    name: name!,
    version: version!,
    ...(from && { from }),
  }))
  return { install, remove: [...text.matchAll(/^(?:Remv|Purg) (\S+)/gm)].map((match) => match[1]!), text, code }
}
