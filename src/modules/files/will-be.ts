import { access } from '../../facts/access.ts'
import type { Creator } from '../../facts/creator.ts'
import { ABSENT, lstat, type Present, stat } from '../../facts/stat.ts'
import type { Prediction } from '../../module/fact.ts'

/** That this will be at a path, and what its maker may do with it: root all but run what nobody may run. */
export function willBe(path: string, is: Present, by: Creator): Prediction[] {
  const bits = is.uid === by.uid ? is.mode >> 6 : is.gid === by.gid ? is.mode >> 3 : is.mode
  const root = by.uid === 0
  return [
    lstat(path).will(is),
    stat(path).will(is),
    access(path).will({
      readable: root || !!(bits & 4),
      writeable: root || !!(bits & 2),
      executable: root ? is.type === 'directory' || !!(is.mode & 0o111) : !!(bits & 1),
    }),
  ]
}

/** That nothing will be at a path. */
export const willBeAbsent = (path: string): Prediction[] => [
  lstat(path).will(ABSENT),
  stat(path).will(ABSENT),
  access(path).will({ readable: false, writeable: false, executable: false }),
]
