/** A text file as it was read; places in it are offsets, turned into line and column only when printed. */
export interface SourceFile {
  readonly path: string
  readonly text: string
}

/** A stretch of a file: `start` and `end` are UTF-16 offsets into `file.text`, `end` exclusive. */
export interface Source {
  readonly file: SourceFile
  readonly start: number
  readonly end: number
}

export type Code =
  | 'syntax'
  | 'unknown-key'
  | 'missing-key'
  | 'invalid-value'
  | 'unknown-module'
  | 'unknown-handler'
  | 'unknown-tag'
  | 'unknown-host'
  | 'undefined-variable'
  | 'invalid-condition'
  | 'invalid-template'
  | 'missing-file'
  | 'usage'

/** Something wrong (or doubtful) in what the user wrote: what, where, and the way out. */
export interface Diagnostic {
  readonly severity: 'error' | 'warning'
  readonly code: Code
  readonly message: string
  /** Absent only for what has no file, such as a word on the command line. */
  readonly at?: Source
  readonly hint?: string
}

/** Expected trouble is a value: nothing in mhprov throws for bad input. */
export type Result<T> = { ok: true; value: T; warnings?: Diagnostic[] } | { ok: false; problems: Diagnostic[] }

export const fine = <T>(value: T): Result<T> => ({ ok: true, value })
export const bad = (...problems: Diagnostic[]): Result<never> => ({ ok: false, problems })

export const problem = (code: Code, message: string, at?: Source, hint?: string): Diagnostic => ({
  severity: 'error',
  code,
  message,
  ...(at && { at }),
  ...(hint && { hint }),
})

/** 1-based line and column of an offset. */
export function position(text: string, offset: number): { line: number; col: number } {
  const before = text.slice(0, offset)
  const newline = before.lastIndexOf('\n')
  return { line: before.split('\n').length, col: offset - newline }
}

/** For the end of an exhaustive `switch`: a new case that is not handled fails to compile. */
export const unreachable = (value: never): never => {
  throw new Error(`unreachable: ${JSON.stringify(value)}`)
}
