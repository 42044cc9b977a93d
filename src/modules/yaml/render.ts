import { type Data, isList, isMapping } from './same.ts'

// Text that no reader takes for another type, nor needs to be told apart by context: anything else is put in quotes. Numbers, dates,
// times, octal and the like begin with a digit, a sign or a dot, so a letter or a slash in front rules them out.
const PLAIN = /^[A-Za-z/][\w/.@%+=-]*(?:[ :][\w/.@%+=-]+)*$/
const WORD = /^(?:y|n|yes|no|true|false|on|off|null|nan|inf)$/i

// JSON's escapes are YAML's. Besides: what YAML 1.1 takes for a line break, or for not printable (YAML 1.1, 5.1 and 5.4).
const UNPRINTABLE = /[\u007f-\u00a0\u2028\u2029\ufeff\ufffe\uffff]/g
const escaped = (found: string) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`

/** Text in double quotes. */
const quoted = (text: string): string => JSON.stringify(text).replace(UNPRINTABLE, escaped)

/** Text as a scalar on one line that every reader of YAML 1.1 or 1.2 reads as this text. */
const renderText = (text: string): string => (PLAIN.test(text) && !WORD.test(text) ? text : quoted(text))

/** A number that YAML 1.1 readers take for one as well: they want a dot before an exponent. */
function renderNumber(value: number): string {
  if (Object.is(value, -0)) return '-0.0'
  return String(value).replace(/^(-?\d+)e/, '$1.0e')
}

/** On one line; undefined for what is written in several lines: a list or mapping that is not empty. */
export function renderInline(value: Data): string | undefined {
  if (isList(value)) return value.length === 0 ? '[]' : undefined
  if (isMapping(value)) return Object.keys(value).length === 0 ? '{}' : undefined
  return typeof value === 'string' ? renderText(value) : typeof value === 'number' ? renderNumber(value) : String(value)
}

/** On one line in any case, for a place within braces or brackets. Text is in quotes, for the file may be JSON. */
export function renderFlow(value: Data): string {
  if (isList(value)) return `[${value.map(renderFlow).join(', ')}]`
  if (isMapping(value))
    return `{${Object.entries(value)
      .map(([key, item]) => renderFlowEntry(key, item))
      .join(', ')}}`
  return typeof value === 'string' ? quoted(value) : renderInline(value)!
}

export const renderFlowEntry = (key: string, value: Data): string => `${quoted(key)}: ${renderFlow(value)}`

/** How a file indents. */
export interface Style {
  /** Columns from a mapping to the mapping in it. */
  readonly step: number
  /** Columns from a key to the dashes of its list. */
  readonly dash: number
}

/** The lines of a list or mapping that is not empty, the first at this column. */
export function renderBlock(value: Data, indent: number, style: Style): string[] {
  const pad = ' '.repeat(indent)
  if (isList(value))
    return value.flatMap((item) => {
      const inline = renderInline(item)
      if (inline !== undefined) return [`${pad}- ${inline}`]
      const [first, ...rest] = renderBlock(item, indent + 2, style)
      return [`${pad}- ${first!.trimStart()}`, ...rest]
    })
  if (!isMapping(value)) return [pad + renderInline(value)]
  return Object.entries(value).flatMap(([key, item]) => renderEntry(key, item, indent, style))
}

/** `key: value` in one line or several. */
export function renderEntry(key: string, value: Data, indent: number, style: Style): string[] {
  const head = `${' '.repeat(indent)}${renderText(key)}:`
  const inline = renderInline(value)
  if (inline !== undefined) return [`${head} ${inline}`]
  return [head, ...renderBlock(value, indent + (isList(value) ? style.dash : style.step), style)]
}
