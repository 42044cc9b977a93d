import { factKind } from '../module/fact.ts'
import { raw } from '../module/shell.ts'

/** What a file made now would get: the shell's umask, and the ids it works under. */
export interface Creator {
  readonly umask: number
  readonly uid: number
  readonly user: string
  readonly gid: number
  readonly group: string
}

/** Of the user the task runs as; the key is always ''. A process's own directory in /proc has its effective ids (proc(5)). */
export const creator = factKind<'', Creator>({
  name: 'creator',
  script: () => raw(`umask; stat --printf='%u\\0%U\\0%g\\0%G' /proc/self/`),
  parse: (stdout, keys) => {
    const [umask = '022', ids = ''] = stdout.toString().split('\n')
    const [uid = '-1', user = '', gid = '-1', group = ''] = ids.split('\0')
    const made: Creator = { umask: Number.parseInt(umask || '022', 8), uid: Number(uid || -1), user, gid: Number(gid), group }
    return keys.map(() => made)
  },
})
