/** A word of pg_hba.conf. In quotes it is a name and never a keyword. */
export interface HbaWord {
  readonly text: string
  readonly quoted: boolean
}

/** One rule of pg_hba.conf (PostgreSQL manual, 21.1). */
export interface HbaRule {
  readonly type: string
  readonly databases: readonly HbaWord[]
  readonly users: readonly HbaWord[]
  /** A keyword, host name or network with its prefix length; undefined for local. */
  readonly address: string | undefined
  readonly method: string
  readonly options: readonly string[]
}

/** A line as it stands in the file, its newline and continuations included. */
export interface HbaLine {
  readonly raw: string
  /** Undefined for blank lines, comments, includes, and what no rule can be read from. */
  readonly rule?: HbaRule
  /** From its `#` on. */
  readonly comment?: string
}

export const CONTYPES = ['local', 'host', 'hostssl', 'hostnossl', 'hostgssenc', 'hostnogssenc'] as const

/** A line that the next one belongs to (PostgreSQL 14): even a comment goes on so. */
const CONTINUED = /\\\r*\n$/

/** A line that another can stand behind. An empty one ends what a backslash would make of it. */
export function ended(raw: string, newline: string): string {
  const whole = raw.endsWith('\n') ? raw : `${raw}${newline}`
  return CONTINUED.test(whole) ? `${whole}${newline}` : whole
}

/** Every byte of the text is in one of the lines. */
export function parseHba(text: string): HbaLine[] {
  const physical = text.match(/[^\n]*\n|[^\n]+$/g) ?? []
  const lines: HbaLine[] = []
  let raw = ''
  for (const [i, line] of physical.entries()) {
    raw += line
    if (CONTINUED.test(line) && i < physical.length - 1) continue
    lines.push(readLine(raw))
    raw = ''
  }
  return lines
}

function readLine(raw: string): HbaLine {
  const { fields, comment } = fieldsOf(raw.replace(/\\(\r*\n|$)/g, ''))
  const rule = ruleOf(fields)
  // it may be written anew, and must not go on there
  return { raw, ...(rule && { rule }), ...(comment !== undefined && { comment: comment.replace(/[\\\s]+$/, '') }) }
}

/** Fields between white space, each a list of words between commas. */
export function fieldsOf(line: string): { fields: HbaWord[][]; comment?: string } {
  const fields: HbaWord[][] = []
  let open: HbaWord[] | undefined
  let continues = false
  for (let at = 0; at < line.length; ) {
    const rest = line.slice(at)
    if (rest.startsWith('#')) return { fields, comment: rest.trimEnd() }
    const [space] = /^\s+/.exec(rest) ?? []
    if (space !== undefined) {
      at += space.length
      // after a comma a list goes on
      if (!continues) open = undefined
      continue
    }
    if (rest.startsWith(',')) {
      continues = true
      at++
      continue
    }
    const [word = rest] = /^(?:"(?:[^"]|"")*(?:"|$)|[^\s,#"])+/.exec(rest) ?? []
    if (!open) {
      open = []
      fields.push(open)
    }
    open.push({
      text: word.replace(/"((?:[^"]|"")*)(?:"|$)/g, (_, inner: string) => inner.replaceAll('""', '"')),
      quoted: word.startsWith('"'),
    })
    continues = false
    at += word.length
  }
  return { fields }
}

function ruleOf(fields: readonly (readonly HbaWord[])[]): HbaRule | undefined {
  const [type, databases, users, ...rest] = fields
  const name = type?.[0]?.text ?? ''
  if (!CONTYPES.some((one) => one === name) || !databases || !users) return undefined
  const words = rest.map((field) => field.map(({ text }) => text))
  const one = () => words.shift()?.join(',')
  const address = name === 'local' ? undefined : one()
  if (name !== 'local' && address === undefined) return undefined
  const mask = address !== undefined && !address.includes('/') && isMask(words[0]?.[0] ?? '') ? one() : undefined
  const method = one()
  if (method === undefined) return undefined
  return {
    type: name,
    databases,
    users,
    address: address === undefined ? undefined : network(address, mask),
    method,
    options: words.flat(),
  }
}

/** Options without their quotes, each word one: as PostgreSQL reads them. */
export const optionsOf = (text: string): string[] => fieldsOf(text).fields.flatMap((field) => field.map((word) => word.text))

const isMask = (word: string): boolean => /^\d+\.\d+\.\d+\.\d+$/.test(word) || /^[0-9a-fA-F:]*:[0-9a-fA-F:.]*$/.test(word)

/** An address with its prefix length: of a mask, or of one host where there is neither. Names and keywords stay as they are. */
export function network(address: string, mask?: string): string {
  if (mask !== undefined) return `${address}/${bitsOf(mask)?.replace(/0+$/, '').length ?? mask}`
  if (address.includes('/') || bitsOf(address) === undefined) return address
  return `${address}/${address.includes(':') ? 128 : 32}`
}

/** The bits of an IP address as text of 32 or 128 digits; undefined when it is none. */
export function bitsOf(address: string): string | undefined {
  if (/^\d+\.\d+\.\d+\.\d+$/.test(address)) {
    const parts = address.split('.').map(Number)
    return parts.every((part) => part < 256) ? parts.map((part) => part.toString(2).padStart(8, '0')).join('') : undefined
  }
  if (!/^[0-9a-fA-F:.]*:[0-9a-fA-F:.]*$/.test(address)) return undefined
  const last = /(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address)
  const hex = (high: string, low: string) => (Number(high) * 256 + Number(low)).toString(16)
  const plain = last ? `${address.slice(0, last.index)}${hex(last[1]!, last[2]!)}:${hex(last[3]!, last[4]!)}` : address
  const [head = '', tail] = plain.split('::')
  const groups = (text: string) => (text === '' ? [] : text.split(':'))
  const zeros = tail === undefined ? 0 : 8 - groups(head).length - groups(tail).length
  const all = [...groups(head), ...Array(Math.max(zeros, 0)).fill('0'), ...groups(tail ?? '')]
  if (all.length !== 8 || !all.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined
  return all.map((group) => Number.parseInt(group, 16).toString(2).padStart(16, '0')).join('')
}

const inQuotes = (text: string): string => `"${text.replaceAll('"', '""')}"`

/** A word as the file has it: in quotes where it would not be one word otherwise. A sign within them would be a letter of the name. */
function written({ text, quoted }: HbaWord): string {
  if (quoted || text === '') return inQuotes(text)
  if (!/[\s,#"]/.test(text)) return text
  return /^[+@]/.test(text) ? `${text[0]}${inQuotes(text.slice(1))}` : inQuotes(text)
}

/** The same of an option: ldapsuffix=", dc=x". It may be the end of the line, where a backslash means more. */
function writtenOption(option: string): string {
  if (option !== '' && !/[\s,#"]|\\$/.test(option)) return option
  const [, name = '', value = ''] = /^(\w+=)?(.*)$/s.exec(option) ?? []
  return `${name}${inQuotes(value)}`
}

export const writtenList = (words: readonly HbaWord[]): string => words.map(written).join(',')

/** A rule as a line without its newline, in the columns of PostgreSQL's own file. */
export function writeRule(rule: HbaRule, comment?: string): string {
  const columns: [string, number][] = [
    [rule.type, 8],
    [writtenList(rule.databases), 16],
    [writtenList(rule.users), 16],
    [rule.address ?? '', 24],
  ]
  const padded = columns.map(([text, width]) => (text === '' && width < 24 ? '' : text.padEnd(width - 1).concat(' '))).join('')
  return [padded + rule.method, ...rule.options.map(writtenOption), ...(comment === undefined ? [] : [comment])].join(' ')
}
