import { programWords } from '../module/command-script.ts'
import { factKind } from '../module/fact.ts'
import { operand } from '../module/host-path.ts'
import { join, raw, sh } from '../module/shell.ts'

interface Key {
  /** Shell text that only looks. */
  readonly script: string
  readonly dir?: string
}

/** Whether a shell text of the user's ends with 0. Each runs in an `sh` of its own; a directory that is not there is a no. */
export const test = factKind<Key, boolean>({
  name: 'test',
  script: (keys) =>
    join(
      keys.map(({ script, dir }) => {
        const { before, words } = programWords('sh', script)
        return sh`(${before}
${dir === undefined ? raw(':') : sh`cd -P ${operand(dir)} || exit 1`}
exec ${words}) </dev/null >/dev/null 2>&1; echo "$?"`
      }),
      '\n',
    ),
  parse: (stdout, keys) => {
    const codes = stdout.toString().split('\n')
    return keys.map((_, i) => codes[i] === '0')
  },
})
