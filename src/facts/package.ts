import { factKind } from '../module/fact.ts'
import { sh } from '../module/shell.ts'

/** dpkg's own words for how far a package is there (dpkg(1), "package states"). */
export type PackageState =
  | 'installed'
  | 'config-files'
  | 'not-installed'
  | 'half-installed'
  | 'unpacked'
  | 'half-configured'
  | 'triggers-awaited'
  | 'triggers-pending'

export interface Package {
  readonly state: PackageState
  /** Of what is installed or half so; in a dry run undefined for what would be installed. */
  readonly version?: string
  readonly held: boolean
  /** Came only because another package wanted it: `apt autoremove` may take it away. */
  readonly auto: boolean
  /** Installed packages that provide this name. */
  readonly providers: readonly string[]
}

const FORMAT = '\\t${Package}\\t${Architecture}\\t${db:Status-Want}\\t${db:Status-Status}\\t${Version}\\t${Provides}\\n'

/** Package that every Debian-like host has: its architecture is the host's own. */
const NATIVE = 'dpkg'

const bare = (key: string): string => key.split(':')[0]!

/**
 * What dpkg knows of a package, by name or `name:architecture`; without one the host's own is meant. `not-installed` where dpkg knows
 * nothing of it, or there is no dpkg (dpkg-query(1); /var/lib/apt/extended_states for `auto`).
 */
export const debPackage = factKind<string, Package>({
  name: 'package',
  script: (keys) => {
    const names = [...new Set(keys.map(bare))]
    const lines = [...names, NATIVE].map((name) => sh`-e ${name}`)
    const stanzas = names.map((name) => sh`-e ${`Package: ${name}`}`)
    return sh`dpkg-query -W -f=${FORMAT} | grep -F ${lines}
printf '\\000'
grep -F -x -A 2 ${stanzas} /var/lib/apt/extended_states`
  },
  parse: (stdout, keys) => {
    const [table = '', stanzas = ''] = stdout.toString().split('\0')
    const rows = table
      .split('\n')
      .filter((line) => line.startsWith('\t'))
      .map(row)
    const native = rows.find((row) => row.name === NATIVE)?.architecture
    const auto = automatic(stanzas)
    return keys.map((key) => {
      const [name, arch] = key.split(':')
      const own = rows.filter((row) => row.name === name)
      const wanted = arch === undefined || arch === 'native' ? native : arch
      const match =
        own.find((row) => row.architecture === wanted || row.architecture === 'all' || arch === 'any') ??
        (arch === undefined && own.length === 1 && native === undefined ? own[0] : undefined)
      return {
        state: match?.state ?? 'not-installed',
        ...(match?.version && { version: match.version }),
        held: match?.want === 'hold',
        auto: match !== undefined && auto.has(`${name} ${match.architecture === 'all' ? native : match.architecture}`),
        providers: rows
          .filter(
            (row) => row.name !== name && isInstalled(row) && row.provides.includes(name!) && (!wanted || fits(row.architecture, wanted)),
          )
          .map((row) => row.name),
      }
    })
  },
  isAbsent: (value) => !isPresent(value),
})

/** Usable now: dpkg finished with it, or only triggers are outstanding. */
export const isInstalled = ({ state }: Pick<Package, 'state'>): boolean =>
  state === 'installed' || state === 'triggers-awaited' || state === 'triggers-pending'

/** Installed, or another installed package provides the name. */
export const isPresent = (is: Package): boolean => isInstalled(is) || is.providers.length > 0

const fits = (architecture: string, wanted: string): boolean => architecture === wanted || architecture === 'all' || wanted === 'any'

function row(line: string) {
  const [, name = '', architecture = '', want = '', state = '', version = '', provides = ''] = line.split('\t')
  return {
    name,
    architecture,
    want,
    state: state as PackageState,
    version,
    provides: provides.split(',').map((one) => one.trim().split(/[ (:]/)[0]!),
  }
}

/** "name architecture" of each stanza with Auto-Installed: 1. */
function automatic(stanzas: string): Set<string> {
  const found = new Set<string>()
  let name = ''
  let arch = ''
  for (const line of stanzas.split('\n')) {
    if (line.startsWith('Package: ')) name = line.slice(9)
    else if (line.startsWith('Architecture: ')) arch = line.slice(14)
    else if (line === 'Auto-Installed: 1') found.add(`${name} ${arch}`)
  }
  return found
}
