import { factKind } from '../module/fact.ts'
import { operand } from '../module/host-path.ts'
import { sh } from '../module/shell.ts'

/** Where a path leads when every link in it is followed; what is missing is kept as it is, and so is a circle of links (realpath -m, coreutils). */
export const realpath = factKind<string, string>({
  name: 'realpath',
  script: (keys) => sh`realpath -mz -- ${keys.map(operand)}`,
  parse: (stdout, keys) => {
    const words = stdout.toString().split('\0')
    return keys.map((key, i) => words[i] || key)
  },
})
