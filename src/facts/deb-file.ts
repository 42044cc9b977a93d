import { factKind } from '../module/fact.ts'
import { join, sh } from '../module/shell.ts'

/** What a .deb file says of itself. */
export interface DebFile {
  readonly name: string
  readonly version: string
  readonly architecture: string
}

/** The package in a .deb file on the host; undefined when there is none (dpkg-deb(1), --field). */
export const debFile = factKind<string, DebFile | undefined>({
  name: 'deb-file',
  script: (keys) =>
    join(
      keys.map((path) => sh`dpkg-deb -f ${path} Package Version Architecture; printf '\\000'`),
      '\n',
    ),
  parse: (stdout, keys) => {
    const parts = stdout.toString().split('\0')
    return keys.map((_, i) => {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(parts[i] ?? '')?.[1]
      const [name, version, architecture] = [field('Package'), field('Version'), field('Architecture')]
      return name && version && architecture ? { name, version, architecture } : undefined
    })
  },
})
