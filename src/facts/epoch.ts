import { factKind } from '../module/fact.ts'
import { join, raw, sh } from '../module/shell.ts'

/** Seconds since the epoch of a local time of the host, written `YYYY-MM-DD HH:MM:SS`; undefined for one that never was (date -f, coreutils). */
export const epoch = factKind<string, number | undefined>({
  name: 'epoch',
  // TZ's own times that do not exist (a lost hour) make date fail for that line alone, so each is marked.
  script: (keys) =>
    join([raw('at() { date -d "$1" +%s || echo; }'), ...keys.filter((key) => /^[\d :-]+$/.test(key)).map((key) => sh`at ${key}`)], '\n'),
  parse: (stdout, keys) => {
    const lines = stdout.toString().split('\n')
    let at = 0
    return keys.map((key) => {
      const line = /^[\d :-]+$/.test(key) ? lines[at++] : ''
      return line ? Number(line) : undefined
    })
  },
})
