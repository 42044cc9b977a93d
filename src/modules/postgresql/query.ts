import { psqlFunction } from '../../facts/psql.ts'
import { type Row, type SqlAnswer, sql } from '../../facts/sql.ts'
import { literal } from '../../facts/sql-text.ts'
import { type ModuleResult, type Output, type Plan, run } from '../../module/define.ts'
import { sh } from '../../module/shell.ts'
import { withArguments } from './arguments.ts'
import { telling } from './execute.ts'
import { databaseExists, isForeseen, isPresent, whyNot } from './exists.ts'
import { type LoginWant, loginOf } from './login.ts'
import { asJson, asQuestion, onlyLooks, type ParsedStatement, splitStatements } from './statement.ts'

/** What postgresql_query wants. */
export interface QueryWant extends LoginWant {
  readonly query: readonly string[]
  readonly login_db: string
  readonly positional_args?: readonly unknown[] | undefined
  readonly named_args?: Readonly<Record<string, unknown>> | undefined
  readonly autocommit: boolean
}

/** Between the outputs of two statements: JSON has no control characters. */
const END = '\x1d'

const textsOf = (want: QueryWant): string[] => want.query.map((query) => withArguments(query, want))

/** The questions that the queries come to, when each is one that may be asked at any time. */
function questionsOf(want: QueryWant): string[] | undefined {
  const questions = textsOf(want).map((text) => {
    const [statement, ...more] = splitStatements(text)
    return statement && more.length === 0 ? asQuestion(statement) : undefined
  })
  return questions.every((question) => question !== undefined) ? questions : undefined
}

export const queryFacts = (want: QueryWant) => {
  const login = loginOf(want)
  return {
    database: databaseExists(login, want.login_db, want.login_db),
    expected: databaseExists(login, want.login_db),
    answers: (questionsOf(want) ?? []).map((query) => sql({ login, database: want.login_db, query })),
  }
}

interface Known {
  readonly database: SqlAnswer
  readonly expected: SqlAnswer
  readonly answers: readonly SqlAnswer[]
}

/** The SQLSTATE of what only a transaction that writes may do: a function called by the SELECT does something. */
const READ_ONLY = '25006'

export function planQuery(want: QueryWant, { database, expected, answers }: Known): Plan {
  const what = `database ${want.login_db}`
  const soon = isForeseen(expected)
  const gone = expected.rows && !isPresent(expected) ? `${what}: there is no such database` : undefined
  const failure = soon ? undefined : database.rows ? undefined : (gone ?? whyNot(database, what))
  if (failure !== undefined) return { changes: [], failure }
  const wrong = answers.find((answer) => answer.rows === undefined && answer.sqlstate !== READ_ONLY)
  if (wrong && !soon) return { changes: [], failure: `query failed: ${whyNot(wrong, what)?.replace(`${what}: `, '')}` }
  if (answers.length > 0 && answers.every((answer) => answer.rows !== undefined)) return { changes: [] }
  const texts = textsOf(want)
  const statements = texts.map(splitStatements)
  const looks = statements.flat().every(onlyLooks)
  // as it is written: its arguments may be secrets, of which a cut would show a part
  const [first = ''] = [want.query].flat()
  return {
    changes: [
      {
        summary: `${looks ? 'ask' : 'run'} ${brief(first)}${texts.length > 1 ? ` and ${texts.length - 1} more` : ''}`,
        steps: [queryStep(want, statements)],
        ...(looks ? { reads: true as const } : { opaque: true as const }),
      },
    ],
  }
}

const LONGEST = 80

const brief = (text: string): string => {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > LONGEST ? `${line.slice(0, LONGEST)} …` : line
}

/** Every statement by `\gexec`, so that psql sends it as it is, and what it gave before an end mark. */
const queryStep = (want: QueryWant, statements: readonly (readonly ParsedStatement[])[]) =>
  run(
    sh`(
${psqlFunction(loginOf(want), want.login_db, ['-v', 'ON_ERROR_STOP=1', ...(want.autocommit ? [] : ['-1'])])}
${telling(sh`p -f -`)}
)`,
    {
      stdin: statements
        .flat()
        .map((statement) => `SELECT ${literal(asJson(statement) ?? statement.sql)} \\gexec\n\\echo ${END}\n`)
        .join(''),
    },
  )

interface Done {
  readonly rows: readonly Row[]
  readonly tag: string
  readonly count: number
}

/** What one statement gave: its rows where they came as JSON, and its command tag (PostgreSQL manual, 55.7, CommandComplete). */
function done(statement: ParsedStatement, output: string): Done {
  const { verb } = statement
  const text = output.trim()
  if (asJson(statement) === undefined) {
    if (onlyLooks(statement)) return { rows: [], tag: verb, count: text.split('\n').length }
    const tag = text.split('\n').at(-1) ?? ''
    return { rows: [], tag, count: Number(/ (\d+)$/.exec(tag)?.[1] ?? 0) }
  }
  const rows = JSON.parse(text.split('\n').find((line) => line.startsWith('[')) ?? '[]') as Row[]
  return { rows, ...tagOf(verb, rows.length) }
}

const tagOf = (verb: string, count: number): { tag: string; count: number } =>
  verb === 'SHOW'
    ? { tag: 'SHOW', count }
    : verb === 'INSERT'
      ? { tag: `INSERT 0 ${count}`, count }
      : { tag: `${['UPDATE', 'DELETE', 'MERGE'].includes(verb) ? verb : 'SELECT'} ${count}`, count }

/** Whether something is different now: not by what only looks, nor by what met no row. */
const altered = (statement: ParsedStatement, { tag, count }: Done): boolean =>
  !onlyLooks(statement) && !(/^(INSERT|UPDATE|DELETE|MERGE|COPY) /.test(tag) && count === 0)

export function queryResult(want: QueryWant, answers: readonly SqlAnswer[], outputs: readonly Output[]): ModuleResult {
  const texts = textsOf(want)
  const statements = texts.map(splitStatements)
  const pieces = outputs[0]?.stdout.toString().split(`${END}\n`)
  let next = 0
  const all = statements.map((list, i) =>
    pieces
      ? list.map((statement) => ({ statement, done: done(statement, pieces[next++] ?? '') }))
      : list.map((statement) => {
          const rows = answers[i]?.rows ?? []
          return { statement, done: { rows, ...tagOf(statement.verb, rows.length) } }
        }),
  )
  const last = all.map((list) => list.at(-1)?.done)
  return {
    ...(pieces && { changed: all.flat().some((one) => altered(one.statement, one.done)) }),
    query: texts.at(-1) ?? '',
    query_list: texts,
    query_result: last.at(-1)?.rows ?? [],
    query_all_results: last.map((one) => one?.rows ?? []),
    rowcount: all.flat().reduce((sum, one) => sum + one.done.count, 0),
    statusmessage: last.at(-1)?.tag ?? '',
  }
}
