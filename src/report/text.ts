import type { TaskRef } from '../engine/event.ts'

const PLAIN = /^[\x20-\x7e]*$/

/** Terminal control sequences, ECMA-48 §5.3–5.6 and §8.3: CSI, the control strings (OSC, DCS, SOS, PM, APC) that are ended, other escapes. */
const SEQUENCE =
  /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)|\x1b[ -/]*[0-~]/g

/** Format characters that hide or reorder text (bidirectional controls among them; not the joiners), line separators, lone surrogates. */
const DECEIVING = /(?![\u200c\u200d])[\p{Cf}\p{Cs}\u2028\u2029]/gu

const TAB = 8

/**
 * One line from a host, harmless to a terminal: control sequences and control characters are gone, tabs are spaces, line ends are a
 * blank, and what would hide or reorder text is shown as `\u{202e}`.
 */
export function printable(text: string): string {
  if (PLAIN.test(text)) return text
  const bare = text
    .replace(SEQUENCE, '')
    .replace(/[\n\v\f\r]+/g, ' ')
    .replace(/[\x00-\x08\x0e-\x1f\x7f-\x9f]/g, '')
  return expandTabs(named(bare))
}

/** Text of several lines as printable ones. A carriage return begins its line anew, as progress bars have it; blank ends are cut. */
export const linesOf = (text: string): string[] =>
  text
    .trimEnd()
    .split(/\r?\n/)
    .map((line) =>
      printable(
        line
          .split('\r')
          .findLast((part) => part !== '')
          ?.trimEnd() ?? '',
      ),
    )

/** One line of a file with nothing dropped: control characters as Unicode's control pictures (`␍`), for differences that lie in them. */
export const revealed = (line: string): string =>
  PLAIN.test(line)
    ? line
    : expandTabs(
        named(line)
          .replace(/[\x00-\x08\x0a-\x1f]/g, (one) => String.fromCharCode(0x2400 + one.charCodeAt(0)))
          .replace(/\x7f/g, '\u2421')
          .replace(/[\x80-\x9f]/g, name),
      )

const name = (one: string): string => `\\u{${one.codePointAt(0)?.toString(16)}}`
const named = (text: string): string => text.replace(DECEIVING, name)

const expandTabs = (text: string): string => {
  if (!text.includes('\t')) return text
  let out = ''
  for (const [i, part] of text.split('\t').entries()) out += (i === 0 ? '' : ' '.repeat(TAB - (out.length % TAB))) + part
  return out
}

/** A task's name as Ansible shows it: `role : name`. */
export const titleOf = (task: TaskRef): string => printable(`${task.role ? `${task.role} : ` : ''}${task.name}`)

/** Milliseconds for people: `0.4 s`, `12.3 s`, `1 min 04 s`, `2 h 05 min`. */
export function duration(ms: number): string {
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`
  return roundDuration(ms)
}

/** The same without tenths, for a clock that is seen ticking: `12 s`. */
export function roundDuration(ms: number): string {
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`
  return `${Math.floor(seconds / 3600)} h ${two(Math.floor((seconds % 3600) / 60))} min`
}

const two = (n: number): string => String(n).padStart(2, '0')

/** `1 host`, `3 hosts`. */
export const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`
