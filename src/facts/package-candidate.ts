import { factKind } from '../module/fact.ts'
import { join, raw, type Sh, sh } from '../module/shell.ts'
import { READ_ONLY } from './apt-cache.ts'

/** What apt could install under a name. */
export interface Candidate {
  /** The package lists have this name. */
  readonly known: boolean
  /** What `apt-get install` would choose; undefined for a name that is only provided by others. */
  readonly version?: string
  /** Every version on offer, best first as apt lists them. */
  readonly versions: readonly string[]
  /** Packages on offer that provide the name; asked only when it has no version of its own. */
  readonly providers: readonly string[]
}

/** A package name, and the release that `apt-get -t` would be given. */
export interface Asked {
  readonly name: string
  readonly release?: string
}

const UNKNOWN: Candidate = { known: false, versions: [], providers: [] }

// Names that only others provide have no candidate; who provides them is the last part of showpkg (apt-cache(8)).
const ask = (names: readonly string[], release: string | undefined): Sh => sh`p=$(apt-cache $apt ${
  release === undefined ? [] : ['-t', release]
} policy -- ${names})
printf '%s\\n\\000' "$p"
v=$(printf '%s\\n' "$p" | ${raw(`awk '/^[^ ]/ { n = $1; sub(/:$/, "", n) } /^  Candidate: \\(none\\)/ { print n }'`)})
[ -z "$v" ] || apt-cache $apt showpkg -- $v | ${raw(`awk '/^Package: / { print; p = 0 } /^Reverse Provides:/ { p = 1; next } p'`)}
printf '\\000'`

/** What apt would install for a name, and from which versions it chooses; nothing is known on a host without apt (apt-cache(8), policy). */
export const candidate = factKind<Asked, Candidate>({
  name: 'package-candidate',
  script: (keys) =>
    sh`${READ_ONLY}${join(
      releases(keys).map((release) =>
        ask(
          keys.filter((key) => key.release === release).map((key) => key.name),
          release,
        ),
      ),
      '\n',
    )}`,
  parse: (stdout, keys) => {
    const parts = stdout.toString().split('\0')
    const order = releases(keys)
    const policies = order.map((_, i) => parsePolicy(parts[2 * i] ?? ''))
    const provided = order.map((_, i) => parseProviders(parts[2 * i + 1] ?? ''))
    return keys.map(({ name, release }) => {
      const i = order.indexOf(release)
      const found = policies[i]?.get(name) ?? policies[i]?.get(name.replace(/:[^:]*$/, ''))
      if (!found) return UNKNOWN
      const providers = provided[i]?.get(name) ?? []
      return { known: found.versions.length > 0 || providers.length > 0, ...found, providers }
    })
  },
  isAbsent: (value) => !value.known,
})

const releases = (keys: readonly Asked[]) => [...new Set(keys.map((key) => key.release))]

type Policy = Pick<Candidate, 'version' | 'versions'>

export function parsePolicy(text: string): Map<string, Policy> {
  const found = new Map<string, Policy>()
  for (const block of text.split(/\n(?=\S)/)) {
    const name = /^(\S+):\n/.exec(`${block}\n`)?.[1]
    if (name === undefined) continue
    const version = /^ {2}Candidate: (\S+)$/m.exec(block)?.[1]
    const versions = [...block.matchAll(/^ (?:\*\*\*| {3}) (\S+) -?\d+$/gm)].map((match) => match[1]!)
    found.set(name, { ...(version && version !== '(none)' && { version }), versions })
  }
  return found
}

/** `Package: name` lines, each followed by lines of "provider version (= provided version)". */
function parseProviders(text: string): Map<string, string[]> {
  const found = new Map<string, string[]>()
  let name = ''
  for (const line of text.split('\n')) {
    if (line.startsWith('Package: ')) {
      name = line.slice(9).trim()
      found.set(name, [])
    } else if (line.trim() !== '') found.get(name)?.push(line.split(' ')[0]!)
  }
  return new Map([...found].map(([virtual, providers]) => [virtual, [...new Set(providers)]]))
}
