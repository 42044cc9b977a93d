import type { Event, Place } from '../engine/event.ts'
import type { Remark } from './frame.ts'
import { openJson } from './json.ts'
import { openLines } from './lines.ts'
import { openTty } from './tty.ts'

/** Shows a run: told every event in order, then closed. Never throws for a reader that has gone. */
export interface Reporter {
  on(event: Event): void
  /** Puts the terminal back as it was; also right after a run that was cut off. */
  close(): Promise<void> | void
  /** Keeps the display off the terminal while somebody is asked something there. */
  aside<T>(work: () => Promise<T>): Promise<T>
}

export type Kind = 'tty' | 'lines' | 'json'

export interface ReporterOptions {
  readonly write: (text: string) => void
  readonly isTTY: boolean
  readonly columns: () => number
  /** Lines of the terminal; 24 when not given. */
  readonly rows?: () => number
  readonly colour: boolean
  /** Draw with characters beyond ASCII (`speaksUnicode`); they are used when not given. */
  readonly unicode?: boolean
  /** 1 shows unchanged tasks and live output, 2 also what each task registers. */
  readonly verbosity: number
  readonly diff: boolean
  /** The code frame of a place: `printPlace` with the file's text. */
  readonly frame: (place: Place, remark: Remark) => string
  /** How many tasks a host has to do, handlers aside, where that is known. */
  readonly total?: (host: string) => number | undefined
  /** Milliseconds, any origin. */
  readonly now?: () => number
}

export function openReporter(kind: Kind, options: ReporterOptions): Reporter {
  const quietly = { ...options, write: untilGone(options.write) }
  if (kind === 'json') return openJson(quietly.write)
  return kind === 'tty' ? openTty(quietly) : openLines(quietly)
}

/** What `--output` comes to: rows only on a terminal that can redraw them and that a person watches. */
export function chooseKind(output: string, isTTY: boolean, env: NodeJS.ProcessEnv): Kind {
  if (output === 'json' || output === 'lines' || output === 'tty') return output
  const ci = env.CI !== undefined && env.CI !== '' && env.CI !== 'false'
  return isTTY && !ci && env.TERM !== 'dumb' ? 'tty' : 'lines'
}

/** NO_COLOR (no-color.org) and FORCE_COLOR (Node's documentation of it) over what the terminal can. */
export function wantsColour(isTTY: boolean, env: NodeJS.ProcessEnv): boolean {
  if (env.NO_COLOR) return false
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false'
  return isTTY && env.TERM !== 'dumb'
}

/** Whether the locale is UTF-8 (locale(7): LC_ALL, else LC_CTYPE, else LANG); the Linux console's font has no icons. */
export function speaksUnicode(env: NodeJS.ProcessEnv): boolean {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || ''
  return env.TERM !== 'linux' && /utf-?8/i.test(locale)
}

/** A pipe whose reader has gone (`| head`) ends the report, not the run. */
function untilGone(write: (text: string) => void): (text: string) => void {
  let gone = false
  return (text) => {
    if (gone) return
    try {
      write(text)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code !== 'EPIPE' && code !== 'EIO' && code !== 'ERR_STREAM_DESTROYED') throw error
      gone = true
    }
  }
}
