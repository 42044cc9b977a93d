import { posix } from 'node:path'
import { factKind } from '../module/fact.ts'
import { raw } from '../module/shell.ts'

/** Whether a site or a piece of configuration is enabled. */
export interface ApacheEnabled {
  /** Apache is on the host. */
  readonly installed: boolean
  /** Where the link in sites-enabled or conf-enabled leads, as an absolute path, be there something or not. */
  readonly link?: string
  /** Something else than a link is there. */
  readonly file: boolean
}

interface Key {
  readonly directory: 'sites' | 'conf'
  readonly name: string
}

/** A site or a piece of configuration by its name for a2ensite(8) and a2enconf(8). */
export const apacheEnabled = factKind<Key, ApacheEnabled>({
  name: 'apache-enabled',
  // one look at both directories; what is there, its kind, and where a link leads, each ended by a NUL (find(1), -printf)
  script: () =>
    raw(`cd /etc/apache2 || exit 0
[ ! -x /usr/sbin/a2ensite ] || printf installed
printf '\\000'
find sites-enabled conf-enabled -mindepth 1 -maxdepth 1 -printf '%p\\0%y\\0%l\\0'`),
  parse: (stdout, keys) => {
    const [installed, ...words] = stdout.toString().split('\0')
    const found = new Map<string, { type: string; target: string }>()
    for (let at = 0; at + 2 < words.length; at += 3) found.set(words[at]!, { type: words[at + 1]!, target: words[at + 2]! })
    return keys.map(({ directory, name }) => {
      const is = found.get(`${directory}-enabled/${name}.conf`)
      return {
        installed: installed === 'installed',
        file: is !== undefined && is.type !== 'l',
        ...(is?.type === 'l' && { link: posix.resolve(`/etc/apache2/${directory}-enabled`, is.target) }),
      }
    })
  },
  isAbsent: (is) => !is.installed,
})
