import { factKind } from '../module/fact.ts'
import { raw } from '../module/shell.ts'

/** The state of apt's package lists. Seconds since the epoch, by the host's own clock. */
export interface AptCache {
  /** When this was asked. */
  readonly now: number
  /** When the lists were last fetched; 0 when they never were. */
  readonly updated: number
}

const SCRIPT = raw(`date +%s
set -- /var/lib/apt/lists/*_*
if [ -e "$1" ]; then
if [ -e /var/lib/apt/periodic/update-success-stamp ]; then stat -c %Y /var/lib/apt/periodic/update-success-stamp
else stat -c %Y /var/lib/apt/lists; fi
fi`)

const cache = factKind<null, AptCache>({
  name: 'apt-cache',
  script: () => SCRIPT,
  parse: (stdout, keys) => {
    const [now = '0', updated = '0'] = stdout.toString().trim().split('\n')
    return keys.map(() => ({ now: Number(now), updated: Number(updated) || 0 }))
  },
})

/**
 * How old the package lists are: by the stamp that update-notifier leaves, else by the directory's own time, as Ansible's apt does;
 * a directory without a single list counts as never updated.
 */
export const aptCache = () => cache(null)

/**
 * Sets $apt to the options that keep apt from writing its binary caches, which it does for any question that root asks; a cache that
 * is newer than all it was made from is read instead of made anew (apt.conf(5), Dir::Cache).
 */
export const READ_ONLY = raw(`apt='-o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache='
c=/var/cache/apt/pkgcache.bin
[ "$c" -nt /var/lib/dpkg/status ] && [ "$c" -nt /var/lib/apt/lists ] && [ "$c" -nt /etc/apt/sources.list.d ] && apt=
`)
