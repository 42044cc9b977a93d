import type { Present } from '../../facts/stat.ts'
import { type Sh, sh } from '../../module/shell.ts'

const FIELDS: Record<string, string> = { Y: 'year', m: 'month', d: 'day', H: 'hour', M: 'minute', S: 'second' }

/**
 * A time written in a format of strptime(3) (its %Y %m %d %H %M %S and %%) as `YYYY-MM-DD HH:MM:SS`; undefined when it is not in that format.
 */
export function readTime(text: string, format: string): string | undefined {
  let unknown = false
  const source = format.replace(/%(.)|[^%]/gs, (piece, letter?: string) => {
    if (letter === undefined || letter === '%') return (letter ?? piece).replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
    const field = FIELDS[letter]
    if (!field) unknown = true
    return `(?<${field}>\\d{${letter === 'Y' ? '4' : '1,2'}})`
  })
  if (unknown) return undefined
  let match: RegExpExecArray | null
  try {
    match = new RegExp(`^${source}$`, 's').exec(text)
  } catch {
    // a field named twice
    return undefined
  }
  if (!match) return undefined
  const part = (name: string, otherwise: string) => (match.groups?.[name] ?? otherwise).padStart(2, '0')
  return `${part('year', '1900')}-${part('month', '01')}-${part('day', '01')} ${part('hour', '00')}:${part('minute', '00')}:${part('second', '00')}`
}

/** As touch(1) has it. */
export const DEFAULT_FORMAT = '%Y%m%d%H%M.%S'

/** A wanted time: kept, the moment the step runs, or seconds since the epoch. */
export type Time = 'preserve' | 'now' | number

/** Which times have to be set; undefined when they are as wanted. */
export interface Times {
  readonly atime?: 'now' | number
  readonly mtime?: 'now' | number
}

/** Compares; `now` always differs. */
export function timesToSet(want: { atime: Time; mtime: Time }, is: Pick<Present, 'atime' | 'mtime'>): Times | undefined {
  const differs = (wanted: Time, time: number): wanted is 'now' | number => wanted === 'now' || (wanted !== 'preserve' && wanted !== time)
  const atime = differs(want.atime, is.atime) ? want.atime : undefined
  const mtime = differs(want.mtime, is.mtime) ? want.mtime : undefined
  return atime === undefined && mtime === undefined
    ? undefined
    : { ...(atime !== undefined && { atime }), ...(mtime !== undefined && { mtime }) }
}

/** Sets them, on a link itself with `link` (touch -h, coreutils). `path` is shell text of one word; needs `fail` of `preamble`. */
export function setTimes(times: Times, path: Sh, link = false): Sh {
  const touch = (which: 'a' | 'm' | 'am', time: 'now' | number) =>
    sh`touch -c${which}${link ? 'h' : ''} ${time === 'now' ? sh`` : sh`-d ${`@${time}`} `}-- ${path} || fail 'Error while setting times'`
  if (times.atime !== undefined && times.atime === times.mtime) return touch('am', times.atime)
  return sh`${times.atime === undefined ? sh`:` : touch('a', times.atime)}
${times.mtime === undefined ? sh`:` : touch('m', times.mtime)}`
}
