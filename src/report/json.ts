import type { Reporter } from './reporter.ts'

const FIRST = ['type', 'mode', 'playbook', 'play', 'host', 'hosts', 'task', 'id', 'name', 'item', 'status', 'stream', 'text', 'ms']
const RANK = new Map(FIRST.map((key, i) => [key, i]))

/** Every event as one line of JSON (ndjson.org). Keys come in a fixed order, however an event was made. */
export function openJson(write: (text: string) => void): Reporter {
  return {
    on: (event) => write(`${toLine(event)}\n`),
    close: () => undefined,
    aside: (work) => work(),
  }
}

const toLine = (value: unknown): string => harmlessJson(JSON.stringify(value, inOrder))

/** JSON that a terminal may be shown: what JSON itself does not escape of control and format characters is escaped too. */
export const harmlessJson = (json: string): string =>
  json.replace(/(?![\u200c\u200d])[\x7f-\x9f\p{Cf}\u2028\u2029]/gu, (one) =>
    [...Array(one.length).keys()].map((i) => `\\u${one.charCodeAt(i).toString(16).padStart(4, '0')}`).join(''),
  )

function inOrder(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value
  const rank = (key: string) => RANK.get(key) ?? RANK.size
  const entries = Object.entries(value).sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1))
  return Object.fromEntries(entries)
}
