import { factKind } from '../module/fact.ts'
import { join, sh } from '../module/shell.ts'
import { type Login, psqlFunction } from './psql.ts'
import { literal } from './sql-text.ts'

interface Key {
  readonly login: Login
  readonly database: string
  /** A SELECT without a semicolon. It runs in a read-only transaction. */
  readonly query: string
}

/** A row by column; values as PostgreSQL's JSON has them. */
export type Row = Readonly<Record<string, unknown>>

/**
 * What a query gave. Without rows: `no psql` on the host; `no connection` (no server, no such database, login refused), `error` being
 * the client's words; or the `query` was refused, with its SQLSTATE (PostgreSQL manual, appendix A).
 */
export type SqlAnswer =
  | { readonly rows: readonly Row[] }
  | { readonly rows?: undefined; readonly why: 'no psql' | 'no connection' | 'query'; readonly error: string; readonly sqlstate?: string }

/** The rows as what the query's columns make them; undefined when there are none to have. */
export const rowsAs = <T>(answer: SqlAnswer): readonly T[] | undefined => answer.rows as readonly T[] | undefined

// Control characters that psql's JSON cannot hold frame the answers: of a query, of its parts, of a session, of a refused connection.
const [END, ERROR, PART, SESSION] = ['\x1d', '\x1e', '\x1f', '\x1c'] as const

const sessionOf = ({ login, database }: Key): string => JSON.stringify([login, database])

/** Keys of each session, in the order of their first. */
function sessions(keys: readonly Key[]): Key[][] {
  const found = new Map<string, Key[]>()
  for (const key of keys) found.set(sessionOf(key), [...(found.get(sessionOf(key)) ?? []), key])
  return [...found.values()]
}

/**
 * A query for `\gexec`, which sends text to the server as it is: nothing in it can be a command of psql's, end it early or swallow the
 * next one. Newlines of JSON are only white space, so an answer is one line.
 */
const asked = (query: string): string =>
  `SELECT ${literal(`SELECT translate(coalesce(json_agg(row_to_json(q)), '[]')::text, E'\\r\\n', '  ') FROM (${query}\n) q`)} \\gexec
\\echo ${ERROR}:ERROR${PART}:LAST_ERROR_SQLSTATE${PART}:LAST_ERROR_MESSAGE${END}
`

/** The rows of a query, by psql(1). All queries of one login and database are asked in one session; one that fails leaves the others. */
export const sql = factKind<Key, SqlAnswer>({
  name: 'sql',
  unseen: true,
  script: (keys) => sh`command -v psql >/dev/null 2>&1 || exit
PGOPTIONS='-c default_transaction_read_only=on -c statement_timeout=60s'; export PGOPTIONS
${join(
  sessions(keys).map(
    (group) => sh`${psqlFunction(group[0]!.login, group[0]!.database, ['-q'])}
printf '%s' ${group.map(({ query }) => asked(query)).join('')} | p -f -
c=$?
printf '%s' ${SESSION}
[ "$c" = 0 ] || p -c '' </dev/null 2>&1
printf '%s' ${SESSION}`,
  ),
  '\n',
)}`,
  parse: (stdout, keys) => {
    const parts = stdout.toString().split(SESSION)
    const found = new Map<Key, SqlAnswer>()
    for (const [i, group] of sessions(keys).entries()) {
      const records = (parts[2 * i] ?? '').split(`${END}\n`)
      const refused = parts[2 * i + 1]
      for (const [j, key] of group.entries())
        found.set(
          key,
          refused === undefined
            ? { why: 'no psql', error: 'there is no psql on the host: install postgresql-client' }
            : (answer(records[j] ?? '') ?? { why: 'no connection', error: words(refused) || 'the connection to the server was lost' }),
        )
    }
    return keys.map((key) => found.get(key)!)
  },
  isAbsent: (value) => value.rows === undefined || value.rows.length === 0,
})

function answer(record: string): SqlAnswer | undefined {
  const at = record.indexOf(ERROR)
  if (at < 0) return undefined
  const [failed, sqlstate = '', ...message] = record.slice(at + 1).split(PART)
  if (failed === 'true') return { why: 'query', error: message.join(' '), sqlstate }
  return { rows: JSON.parse(record.slice(0, at)) as Row[] }
}

/** psql's complaint on one line, without its own name. */
const words = (complaint: string): string =>
  complaint
    .replace(/^psql: (error: )?/, '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join(' ')
