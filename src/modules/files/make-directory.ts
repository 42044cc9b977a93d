import type { Creator } from '../../facts/creator.ts'
import type { Present, Stat } from '../../facts/stat.ts'
import type { Prediction } from '../../module/fact.ts'
import { operand } from '../../module/host-path.ts'
import { join, type Sh, sh } from '../../module/shell.ts'
import { type Attributes, differences, made, setAttributes, type WantedAttributes, withAttributes } from './ownership.ts'
import { willBe } from './will-be.ts'

/** A directory to be made in one that exists, or that was made just before. */
export interface NewDirectory {
  readonly path: string
  readonly set?: Attributes | undefined
  /** What it will be then. */
  readonly becomes: Present
}

/** Lines that make them, outermost first; needs `fail` of `preamble`. Until it has its mode only its owner gets into one. */
export const makeDirectories = (directories: readonly NewDirectory[]): Sh =>
  join(
    directories.map(({ path, set }) => {
      const at = operand(path)
      return sh`mkdir ${set?.mode === undefined ? sh`` : sh`-m 0700 `}-- ${at} || [ -d ${at} ] || fail ${`There was an issue creating ${path} as requested`}
${set ? setAttributes(set, sh`${at}`) : sh`:`}`
    }),
    '\n',
  )

/**
 * The directories missing on the way to a path, the path's own included when it is missing: each gets the wanted attributes.
 * `known` are the path and its ancestors, nearest first, links followed.
 */
export function missingDirectories(known: readonly (readonly [string, Stat])[], want: WantedAttributes, by: Creator): NewDirectory[] {
  const missing = known.slice(0, known.findIndex(([, is]) => is.exists) < 0 ? known.length : known.findIndex(([, is]) => is.exists))
  const nearest = known[missing.length]?.[1]
  let above = nearest?.exists ? nearest : undefined
  return missing.reverse().map(([path]) => {
    const setgid = above && above.mode & 0o2000
    const plain = {
      ...made('directory', (0o777 & ~by.umask) | (setgid ? 0o2000 : 0), by),
      ...(setgid && above && { gid: above.gid, group: above.group }),
    }
    const set = differences(want, plain, { type: 'directory', umask: by.umask })
    above = withAttributes(set, plain)
    return { path, set, becomes: above }
  })
}

/** That they will be there. */
export const willExist = (directories: readonly NewDirectory[], by: Creator): Prediction[] =>
  directories.flatMap(({ path, becomes }) => willBe(path, becomes, by))
