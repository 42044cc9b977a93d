import { factKind } from '../module/fact.ts'
import { operand } from '../module/host-path.ts'
import { join, raw, sh } from '../module/shell.ts'

/** A file's attributes on ext4 and its kin: letters as chattr(1) has them; undefined where the file system or lsattr has none. */
export interface FileFlags {
  readonly letters: string
  /** The inode's generation number. */
  readonly version: string
}

// Names are not quoted in its output, so each path is asked for alone; only its first two words are read.
const ASK = raw('flags() { lsattr -dv -- "$1"; printf \'\\0\'; }')

/** From lsattr(1); asked only by tasks that want it. */
export const fileFlags = factKind<string, FileFlags | undefined>({
  name: 'file-flags',
  script: (keys) => sh`${ASK}
${join(
  keys.map((key) => sh`flags ${operand(key)}`),
  '\n',
)}`,
  parse: (stdout, keys) => {
    const answers = stdout.toString().split('\0')
    return keys.map((_, i) => {
      const [, version, letters] = /^\s*(\d+) ([-A-Za-z]+) /.exec(answers[i] ?? '') ?? []
      return version === undefined || letters === undefined ? undefined : { version, letters: letters.replaceAll('-', '') }
    })
  },
})
