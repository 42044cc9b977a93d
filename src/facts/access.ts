import { factKind } from '../module/fact.ts'
import { batches, operand } from '../module/host-path.ts'
import { join, raw, sh } from '../module/shell.ts'

/** What the user the task runs as may do with a path, as access(2) says. */
export interface Access {
  readonly readable: boolean
  readonly writeable: boolean
  readonly executable: boolean
}

const ASK = raw(`may() { for p do
[ -r "$p" ] && printf r
[ -w "$p" ] && printf w
[ -x "$p" ] && printf x
printf ' '
done; }`)

/** Asked with the shell's own tests, so at no fork; links are followed. */
export const access = factKind<string, Access>({
  name: 'access',
  script: (keys) => sh`${ASK}
${join(
  batches(keys.map(operand)).map((paths) => sh`may ${paths}`),
  '\n',
)}`,
  parse: (stdout, keys) => {
    const words = stdout.toString().split(' ')
    return keys.map((_, i) => ({
      readable: !!words[i]?.includes('r'),
      writeable: !!words[i]?.includes('w'),
      executable: !!words[i]?.includes('x'),
    }))
  },
})
