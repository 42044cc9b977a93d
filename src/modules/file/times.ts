import type { Present } from '../../facts/stat.ts'
import { type Sh, sh } from '../../module/shell.ts'

const FIELDS: Record<string, { digits: string; name: string }> = {
  Y: { digits: '\\d{4}', name: 'year' },
  m: { digits: '\\d{1,2}', name: 'month' },
  d: { digits: '\\d{1,2}', name: 'day' },
  H: { digits: '\\d{1,2}', name: 'hour' },
  M: { digits: '\\d{1,2}', name: 'minute' },
  S: { digits: '\\d{1,2}', name: 'second' },
}

/**
 * A time written in a format of strptime(3) (its %Y %m %d %H %M %S and %%) as `YYYY-MM-DD HH:MM:SS`; undefined when it is not in that format.
 */
export function readTime(text: string, format: string): string | undefined {
  let unknown = false
  const source = format.replace(/%(.)|[^%]/gs, (piece, letter?: string) => {
    if (letter === undefined || letter === '%') return (letter ?? piece).replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
    const field = FIELDS[letter]
    if (!field) unknown = true
    // fields that stand side by side have their full width, as in the default format
    return field ? `(?<${field.name}>${field.digits.replace('{1,2}', '{2}')})` : ''
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
  const { year = '1900', month = '01', day = '01', hour = '00', minute = '00', second = '00' } = match.groups ?? {}
  return `${year}-${month}-${day} ${hour}:${minute}:${second}`
}

export const DEFAULT_FORMAT = '%Y%m%d%H%M.%S'

/** A wanted time: kept, the moment the step runs, or seconds since the epoch. */
export type Time = 'preserve' | 'now' | number

/** Which times have to be set; undefined when they are as wanted. */
export interface Times {
  readonly atime?: 'now' | number
  readonly mtime?: 'now' | number
}

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
