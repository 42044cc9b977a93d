import { factKind } from '../module/fact.ts'
import { operand } from '../module/host-path.ts'
import { sh } from '../module/shell.ts'

/** Where a path leads when every link in it is followed, missing parts kept as they are (realpath -m); undefined for a loop of links. */
export const realpath = factKind<string, string | undefined>({
  name: 'realpath',
  // One loop makes realpath leave out a line, and all would shift: only then they are asked one by one.
  script: (keys) => sh`set -- ${keys.map(operand)}
if realpath -mz -- "$@" >/dev/null; then realpath -mz -- "$@"; else for p do realpath -mz -- "$p" || printf '\\0'; done; fi`,
  parse: (stdout, keys) => {
    const words = stdout.toString().split('\0')
    return keys.map((_, i) => words[i] || undefined)
  },
})
