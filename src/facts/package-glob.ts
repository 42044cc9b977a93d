import { factKind } from '../module/fact.ts'
import { join, sh } from '../module/shell.ts'

/** A package whose name matches. */
export interface Match {
  readonly name: string
  readonly installed: boolean
  /** Removed, but its configuration is still there. */
  readonly configured: boolean
}

/** fnmatch(7) as an anchored regular expression of both grep -E and JavaScript. */
const expression = (glob: string): string =>
  `^${glob.replace(/\[!?[^\]]*\]|[*?]|[^*?[]/g, (part) =>
    part === '*'
      ? '.*'
      : part === '?'
        ? '.'
        : part.length > 1
          ? part.replace(/^\[!/, '[^')
          : /[.+^$(){}|\\]/.test(part)
            ? `\\${part}`
            : part,
  )}$`

const prefix = (glob: string): string => glob.split(/[*?[]/)[0]!

/** Packages whose names match a shell pattern: those that apt could install and those that dpkg has (apt-cache pkgnames, dpkg-query(1)). */
export const packagesMatching = factKind<string, Match[]>({
  name: 'package-glob',
  script: (keys) => {
    const names = join(
      keys.map((key) => sh`apt-cache pkgnames ${prefix(key)}`),
      '; ',
    )
    return sh`{ ${names}; } | grep -E ${keys.map((key) => sh`-e ${expression(key)}`)}
printf '\\000'
dpkg-query -W -f=${'${Package}\\t${db:Status-Status}\\n'} -- ${keys}`
  },
  parse: (stdout, keys) => {
    const [offered = '', there = ''] = stdout.toString().split('\0')
    const states = new Map(
      there
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => line.split('\t') as [string, string]),
    )
    const names = [...new Set([...offered.split('\n').filter((line) => line !== ''), ...states.keys()])].sort()
    return keys.map((key) => {
      const pattern = new RegExp(expression(key))
      return names
        .filter((name) => pattern.test(name))
        .map((name) => {
          const state = states.get(name)
          return {
            name,
            installed: state === 'installed' || state === 'triggers-awaited' || state === 'triggers-pending',
            configured: state === 'config-files',
          }
        })
    })
  },
  isAbsent: (value) => value.length === 0,
})
