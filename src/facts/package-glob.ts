import { factKind } from '../module/fact.ts'
import { join, sh } from '../module/shell.ts'
import { READ_ONLY } from './apt-cache.ts'
import { fnmatch, fnmatchExpression } from './fnmatch.ts'

/** A package whose name matches. */
export interface Match {
  readonly name: string
  readonly installed: boolean
  /** Of what is installed. */
  readonly version?: string
  /** Removed, but its configuration is still there. */
  readonly configured: boolean
}

const prefix = (glob: string): string => glob.split(/[*?[]/)[0]!

/** Packages whose names match a shell pattern: those that apt could install and those that dpkg has (apt-cache $apt pkgnames, dpkg-query(1)). */
export const packagesMatching = factKind<string, Match[]>({
  name: 'package-glob',
  script: (keys) => {
    const names = join(
      keys.map((key) => sh`apt-cache $apt pkgnames ${prefix(key)}`),
      '; ',
    )
    return sh`${READ_ONLY}{ ${names}; } | grep -E ${keys.map((key) => sh`-e ${fnmatchExpression(key)}`)}
printf '\\000'
dpkg-query -W -f=${'${Package}\\t${db:Status-Status}\\t${Version}\\n'} -- ${keys}`
  },
  parse: (stdout, keys) => {
    const [offered = '', there = ''] = stdout.toString().split('\0')
    const states = new Map(
      there
        .split('\n')
        .filter((line) => line !== '')
        .map((line): [string, { state: string; version: string }] => {
          const [name = '', state = '', version = ''] = line.split('\t')
          return [name, { state, version }]
        }),
    )
    const names = [...new Set([...offered.split('\n').filter((line) => line !== ''), ...states.keys()])].sort()
    return keys.map((key) => {
      const pattern = fnmatch(key)
      return names
        .filter((name) => pattern.test(name))
        .map((name) => {
          const { state, version } = states.get(name) ?? { state: 'not-installed', version: '' }
          return {
            name,
            ...(version !== '' && { version }),
            installed: state === 'installed' || state === 'triggers-awaited' || state === 'triggers-pending',
            configured: state === 'config-files',
          }
        })
    })
  },
  isAbsent: (value) => value.length === 0,
})
