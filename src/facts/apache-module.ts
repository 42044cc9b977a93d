import { factKind } from '../module/fact.ts'
import { raw } from '../module/shell.ts'

/** A module of Debian's Apache, as a2enmod(8) sees it. */
export interface ApacheModule {
  /** Apache is on the host. */
  readonly installed: boolean
  /** It can be enabled: mods-available has its `.load`. */
  readonly available: boolean
  /** Part of the server itself: neither enabled nor disabled. */
  readonly builtIn: boolean
  /** Its `.load` is linked from mods-enabled, and its `.conf` too when it has one. */
  readonly enabled: boolean
  /** Something of it is in mods-enabled, be it a link that leads nowhere. */
  readonly traces: boolean
  /** What is enabled along with it: named by `# Depends:` of its `.load`, of theirs, and so on. */
  readonly depends: readonly string[]
  /** What must not be enabled beside it, by `# Conflicts:`. */
  readonly conflicts: readonly string[]
  /** Those whose `# Depends:` names it. */
  readonly neededBy: readonly string[]
}

// Names below the two directories, each with its kind and that of what a link leads to (find(1), %y and %Y); then the comments of
// the .load files that say what belongs together; then what is compiled in (apache2 -l).
const LOOK = raw(`cd /etc/apache2 || exit 0
[ ! -x /usr/sbin/a2enmod ] || echo installed
find mods-available mods-enabled -mindepth 1 -maxdepth 1 -printf '%p %Y\\n'
echo
grep -E '^# (Depends|Conflicts):' mods-available/*.load /dev/null
echo
/usr/sbin/apache2 -l`)

/** One module by its name for a2enmod(8). */
export const apacheModule = factKind<string, ApacheModule>({
  name: 'apache-module',
  script: () => LOOK,
  parse: (stdout, keys) => {
    const [listing = '', comments = '', builtIn = ''] = stdout.toString().split('\n\n')
    const found = new Map(listing.split('\n').map((line) => [line.slice(0, line.lastIndexOf(' ')), line.slice(line.lastIndexOf(' ') + 1)]))
    const named = { Depends: new Map<string, string[]>(), Conflicts: new Map<string, string[]>() }
    for (const [, name, word, others] of comments.matchAll(/^mods-available\/(.+)\.load:# (Depends|Conflicts):\s+(.*?)\s*$/gm))
      named[word as 'Depends'].set(name!, others!.split(/\s+/))
    const isThere = (path: string) => found.get(path) === 'f'
    return keys.map((key) => ({
      installed: listing.split('\n')[0] === 'installed',
      available: isThere(`mods-available/${key}.load`),
      builtIn: builtIn.split('\n').some((line) => line.trim() === `mod_${key}.c`),
      enabled: isThere(`mods-enabled/${key}.load`) && (!isThere(`mods-available/${key}.conf`) || isThere(`mods-enabled/${key}.conf`)),
      traces: found.has(`mods-enabled/${key}.load`) || found.has(`mods-enabled/${key}.conf`),
      depends: reach(key, named.Depends),
      conflicts: named.Conflicts.get(key) ?? [],
      neededBy: [...named.Depends].filter(([, others]) => others.includes(key)).map(([name]) => name),
    }))
  },
  isAbsent: (is) => !is.available && !is.builtIn,
})

/** All that is reached from one name, itself left out. */
function reach(from: string, edges: ReadonlyMap<string, readonly string[]>): string[] {
  const met = new Set([from])
  for (const name of met) for (const next of edges.get(name) ?? []) met.add(next)
  return [...met].slice(1)
}
