import { factKind } from '../module/fact.ts'
import { raw } from '../module/shell.ts'

const SCRIPT = raw(
  `cd /var/cache/apt && for f in archives/*.deb archives/partial/* pkgcache.bin srcpkgcache.bin; do [ ! -f "$f" ] || printf '%s\\n' "$f"; done`,
)

const archives = factKind<null, string[]>({
  name: 'apt-archives',
  script: () => SCRIPT,
  parse: (stdout, keys) =>
    keys.map(() =>
      stdout
        .toString()
        .split('\n')
        .filter((line) => line !== ''),
    ),
})

/** What `apt-get clean` would remove from /var/cache/apt: fetched packages and the binary caches. */
export const aptArchives = () => archives(null)
