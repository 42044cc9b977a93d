import { styleText } from 'node:util'
import type { Failure, Status, Summary } from '../engine/event.ts'

/** How a task or a host ended, in the words people read. */
export type Label = 'ok' | 'changed' | 'would change' | 'maybe' | 'skipped' | 'FAILED' | 'ignored' | 'unreachable' | 'interrupted'

// Readable on a dark and on a light ground: no yellow, no white, no blue, and no bold cyan or green, which
// some terminals make bright.
const STYLES = {
  ok: ['green'],
  changed: ['cyan'],
  'would change': ['cyan'],
  maybe: ['magenta'],
  skipped: ['dim'],
  FAILED: ['bold', 'red'],
  ignored: ['magenta'],
  unreachable: ['bold', 'red'],
  interrupted: ['bold', 'magenta'],
  plain: [],
  strong: ['bold'],
  quiet: ['dim'],
  hint: ['cyan'],
  added: ['green'],
  removed: ['red'],
} as const

export type Look = keyof typeof STYLES

const ICONS = {
  ok: '✔',
  changed: '●',
  'would change': '◌',
  maybe: '?',
  skipped: '↓',
  FAILED: '✖',
  ignored: '✖',
  unreachable: '✖',
  interrupted: '■',
  waiting: '·',
} as const

const ASCII_ICONS: Record<keyof typeof ICONS, string> = {
  ok: '+',
  changed: '*',
  'would change': '~',
  maybe: '?',
  skipped: '-',
  FAILED: 'x',
  ignored: 'x',
  unreachable: 'x',
  interrupted: '#',
  waiting: '.',
}

/** What a reporter draws with: colours or none, Unicode or ASCII. */
export interface Style {
  readonly paint: (look: Look, text: string) => string
  readonly icon: (name: keyof typeof ICONS) => string
  readonly spinner: readonly string[]
  readonly ellipsis: string
  /** Stands before each line that a host wrote. */
  readonly bar: string
  readonly rule: string
}

export const styleOf = (colour: boolean, unicode: boolean): Style => ({
  paint: (look, text) => (colour && text !== '' ? styleText([...STYLES[look]], text, { validateStream: false }) : text),
  icon: (name) => (unicode ? ICONS : ASCII_ICONS)[name],
  spinner: unicode ? ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'] : ['-', '\\', '|', '/'],
  ellipsis: unicode ? '…' : '...',
  bar: unicode ? '│' : '|',
  rule: unicode ? '─' : '-',
})

/** The word for a task's status; a dry run says what would be. */
export function labelOf(status: Status, mode: Summary['mode'], failure?: Failure, ignored?: string): Label {
  if (status === 'changed') return mode === 'check' ? 'would change' : 'changed'
  if (status !== 'failed') return status
  if (failure?.reason === 'unreachable') return 'unreachable'
  if (failure?.reason === 'aborted') return 'interrupted'
  return ignored ? 'ignored' : 'FAILED'
}
