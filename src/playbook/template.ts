import ejs from 'ejs'
import { freeNames, GLOBALS, type Reads } from './names.ts'

/** Text with EJS in it, compiled. `reads` offsets are offsets into the text. */
export interface Template {
  readonly text: string
  readonly reads: Reads
  /** Throws what the code throws; `UndefinedVariable` for a name the variables lack. */
  readonly render: (variables: Variables) => unknown
}

/** Variables as templates see them: reading a missing name throws. */
export interface Variables {
  has(name: string): boolean
  get(name: string): unknown
}

export class UndefinedVariable extends Error {
  readonly variable: string

  constructor(variable: string) {
    super(`undefined variable "${variable}"`)
    this.variable = variable
  }
}

/** A fault of the template's own text: `start` and `end` are offsets into it. */
export interface TemplateFault {
  readonly message: string
  readonly start: number
  readonly end: number
  readonly hint?: string
}

export const isTemplate = (text: string): boolean => text.includes('<%')

const SINGLE = /^<%=((?:(?!%>)[\s\S])*?)-?%>$/
const TAG = /<%(%|#|=|-|_)?((?:(?!%>)[\s\S])*?)([-_]?%>)/g

/**
 * Compiles EJS (ejs.co). A text that is one `<%= expression %>` and nothing else, not even a blank, keeps the value's type; any other gives text.
 * `<%-` is refused: nothing is escaped here, so there is one way to put a value in.
 */
export function compileTemplate(text: string, filename?: string, mayBeUndefined = false): Template | TemplateFault {
  const unclosed = text.lastIndexOf('<%')
  if (unclosed >= 0 && text[unclosed + 2] !== '%' && !text.includes('%>', unclosed))
    return { message: 'this <% is never closed', start: unclosed, end: unclosed + 2, hint: 'close it with %>' }
  const dash = [...text.matchAll(TAG)].find((tag) => tag[1] === '-')
  if (dash)
    return {
      message: '<%- is not used here',
      start: dash.index,
      end: dash.index + 3,
      hint: 'write <%= … %>: values are never HTML-escaped',
    }
  let reads: Reads
  try {
    reads = freeNames(skeleton(text))
  } catch (error) {
    const at = Math.min((error as { pos?: number }).pos ?? 0, text.length - 1)
    return { message: `not valid JavaScript: ${(error as Error).message.replace(/ \(\d+:\d+\)$/, '')}`, start: at, end: at + 1 }
  }
  const single = SINGLE.exec(text)
  if (single) {
    const evaluate = new Function('__scope', `with (__scope) { return (${single[1]}\n) }`) as (scope: object) => unknown
    return {
      text,
      reads,
      render: (variables) =>
        defined(
          discreet(() => evaluate(environment(variables))),
          mayBeUndefined,
        ),
    }
  }
  const fill = ejs.compile(text, {
    escape: show,
    localsName: '__scope',
    unsafePrototypeLocals: true,
    compileDebug: filename !== undefined,
    ...(filename && { filename }),
  } as ejs.Options)
  return { text, reads, render: (variables) => discreet(() => fill(environment(variables) as ejs.Data)) }
}

/** What JSON.parse complains of holds the beginning of the text, which may be a secret's. */
function discreet<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof SyntaxError)
      error.message = error.message.replace(/(Unexpected token .{1,6}), .*is not valid JSON/s, '$1: it is not valid JSON')
    throw error
  }
}

/** The template as JavaScript of the same length, text outside tags blanked, so that the parser's offsets are offsets into the template. */
function skeleton(text: string): string {
  let code = ''
  let from = 0
  const blank = (piece: string) => piece.replace(/[^\n]/g, ' ')
  for (const tag of text.matchAll(TAG)) {
    const [whole, sign, inner = '', close = ''] = tag
    code += blank(text.slice(from, tag.index))
    if (sign === '%' || sign === '#') code += blank(whole)
    else if (sign === '=') code += ` ;(${inner})${blank(close.slice(1, -1))};`
    else code += `  ${sign ? ' ' : ''}${inner}${blank(close)}`
    from = tag.index + whole.length
  }
  return code + blank(text.slice(from))
}

/** An expression whose value is undefined is a slip, such as a misspelt property; null is a value. */
function defined(value: unknown, mayBeUndefined: boolean): unknown {
  if (value === undefined && !mayBeUndefined) throw new Error('the value is undefined (write `… ?? omit` to leave the parameter out)')
  return value
}

/** How a value stands in text: nothing is escaped, lists and mappings are JSON, nothing stands for nothing. */
function show(value: unknown): string {
  if (value === undefined || value === null) throw new Error('there is no value (null or undefined) to put into the text')
  return typeof value === 'object' && Object.getPrototypeOf(value) !== null && String(value) !== '[object Object]' && !Array.isArray(value)
    ? String(value)
    : typeof value === 'object'
      ? JSON.stringify(value)
      : String(value)
}

// Names that the code EJS generates uses itself; `with` must not take them for variables.
const INTERNAL = new Set(['__scope', 'escapeFn', 'include', 'rethrow', '__append', '__output', '__line', '__lines', '__filename'])

/** What `with` looks names up in: the variables, `vars` (all of them, a missing one is undefined), and nothing of the process. */
function environment(variables: Variables): object {
  const vars = new Proxy(Object.create(null), {
    has: (_, name) => typeof name === 'string' && variables.has(name),
    get: (_, name) => (typeof name === 'string' && variables.has(name) ? variables.get(name) : undefined),
  })
  return new Proxy(Object.create(null), {
    has: (_, name) => typeof name === 'string' && !INTERNAL.has(name) && (variables.has(name) || !GLOBALS.has(name)),
    get: (_, name) => {
      if (typeof name !== 'string') return undefined
      if (name === 'vars') return vars
      if (variables.has(name)) return variables.get(name)
      throw new UndefinedVariable(name)
    },
  })
}
