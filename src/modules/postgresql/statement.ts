/** One statement of SQL, and what can be told of it without a server. */
export interface ParsedStatement {
  readonly sql: string
  /** Its first word, in parentheses or not. */
  readonly verb: string
  /** Key words and names outside quotes, comments and parentheses, in capitals. */
  readonly words: readonly string[]
  /** Those in parentheses too. */
  readonly all: ReadonlySet<string>
  /** What stands before an opening parenthesis, in lower case. */
  readonly calls: readonly string[]
}

// Everything that can hide a semicolon (PostgreSQL manual, 4.1), then words, then any one character.
const TOKEN =
  /--[^\n]*|\/\*|[eE]'(?:[^'\\]|\\[\s\S]|'')*(?:'|$)|'(?:[^']|'')*(?:'|$)|"(?:[^"]|"")*(?:"|$)|\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*|[\s\S]/g

/** The statements of a text, without the semicolons between them and the empty ones. */
export function splitStatements(text: string): ParsedStatement[] {
  const found: ParsedStatement[] = []
  // the statements of a function's body in SQL stay together
  const whole = /\bbegin\s+atomic\b/i.test(text)
  let [from, depth] = [0, 0]
  let [words, all, calls]: [string[], Set<string>, string[]] = [[], new Set(), []]
  let last = ''
  const end = (at: number) => {
    const [verb] = all
    if (verb !== undefined) found.push({ sql: text.slice(from, at).trim(), verb, words, all, calls })
    ;[words, all, calls] = [[], new Set(), []]
  }
  const token = new RegExp(TOKEN)
  for (let match = token.exec(text); match; match = token.exec(text)) {
    const [word] = match
    if (word === '/*') token.lastIndex = commentEnd(text, match.index)
    else if (/^\$.*\$$/s.test(word)) {
      const close = text.indexOf(word, token.lastIndex)
      token.lastIndex = close < 0 ? text.length : close + word.length
    } else if (/^[A-Za-z_\u0080-\uffff]/.test(word) && !/^[eE]'/.test(word)) {
      // FOR UPDATE and FOR NO KEY UPDATE lock rows, and change none
      const name = /^update$/i.test(word) && /^(for|key)$/.test(last) ? 'LOCK' : word.toUpperCase()
      if (depth === 0) words.push(name)
      all.add(name)
      last = word.toLowerCase()
      continue
    } else if (word === '(') {
      if (last !== '') calls.push(last)
      depth++
    } else if (word === ')') depth--
    else if (word === ';' && depth <= 0 && !whole) {
      end(match.index)
      from = token.lastIndex
    }
    if (/^"/.test(word)) last = word.slice(1, -1)
    else if (!/^\s|^--/.test(word)) last = ''
  }
  end(text.length)
  return found
}

/** Where a comment ends; they may hold others. */
function commentEnd(text: string, from: number): number {
  const mark = /\/\*|\*\//g
  mark.lastIndex = from
  let depth = 0
  for (let match = mark.exec(text); match; match = mark.exec(text)) {
    depth += match[0] === '/*' ? 1 : -1
    if (depth === 0) return mark.lastIndex
  }
  return text.length
}

/** Statements that change nothing. */
const LOOKING = new Set(['SELECT', 'VALUES', 'TABLE', 'WITH', 'SHOW', 'EXPLAIN'])
const WRITING = ['INSERT', 'UPDATE', 'DELETE', 'MERGE', 'INTO', 'ANALYZE']

/** Functions that do something though a read-only transaction may call them (PostgreSQL manual, 9.27 to 9.29 and others). */
const ACTING =
  /^(pg_(reload|rotate|terminate|cancel|switch|create|promote|backup|start|stop|stat_reset|stat_statements_reset|advisory|try_advisory|logical|replication|drop|copy|notify|wal_replay|log_|export|import|sync|sleep|file_)|set_config$|nextval$|setval$|lo_|dblink|txid_current$|pg_current_xact_id$)/

/** Whether it only looks at data; it may still call a function that acts. */
export const onlyLooks = ({ verb, all }: ParsedStatement): boolean => LOOKING.has(verb) && !WRITING.some((word) => all.has(word))

/** A SELECT (or what comes to the same) for a question that may be asked at any time; undefined when it must not be. */
export function asQuestion(statement: ParsedStatement): string | undefined {
  if (!onlyLooks(statement) || statement.words.includes('FOR') || statement.calls.some((name) => ACTING.test(name))) return undefined
  if (statement.verb === 'EXPLAIN') return undefined
  if (statement.verb !== 'SHOW') return statement.sql
  const [, name] = /^SHOW\s+([\w.]+)$/i.exec(statement.sql) ?? []
  return name === undefined || name.toUpperCase() === 'ALL' ? undefined : `SELECT current_setting('${name}') AS "${name.toLowerCase()}"`
}

/** How the rows of a statement are read as JSON: a query around it; undefined when it gives none, or cannot be in another. */
export function asJson(statement: ParsedStatement): string | undefined {
  const { verb } = statement
  const rows = `SELECT translate(coalesce(json_agg(row_to_json(q)), '[]')::text, E'\\r\\n', '  ')`
  if (['SELECT', 'VALUES', 'TABLE', 'WITH'].includes(verb) && onlyLooks(statement)) return `${rows} FROM (${statement.sql}\n) q`
  if (['INSERT', 'UPDATE', 'DELETE', 'MERGE'].includes(verb) && statement.words.includes('RETURNING'))
    return `WITH q AS (${statement.sql}\n) ${rows} FROM q`
  return undefined
}
