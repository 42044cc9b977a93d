import type { Login } from '../../facts/psql.ts'
import { type SqlAnswer, sql } from '../../facts/sql.ts'
import { literal } from '../../facts/sql-text.ts'
import type { Prediction } from '../../module/fact.ts'

// What several modules ask in the same words, so that a dry run of one believes what another predicted.

/** The database that questions about the whole cluster are asked in, unless a task says otherwise. */
export const MAINTENANCE = 'postgres'

/** Whether there is a role: one row or none. */
export const roleExists = (login: Login, name: string, database = MAINTENANCE) =>
  sql({ login, database, query: `SELECT true AS present FROM pg_roles WHERE rolname = ${literal(name)}` })

/** Whether there is a database: one row or none. */
export const databaseExists = (login: Login, name: string, database = MAINTENANCE) =>
  sql({ login, database, query: `SELECT true AS present FROM pg_database WHERE datname = ${literal(name)}` })

/** What those say after a change, asked in any of these databases; one that is there already stays as it is. */
export const willExist = (
  fact: typeof roleExists,
  login: Login,
  name: string,
  databases: readonly string[],
  becomes: { readonly owner?: unknown } | undefined,
): Prediction[] =>
  [...new Set([...databases, MAINTENANCE])].map((database) =>
    fact(login, name, database).will((is) =>
      becomes === undefined ? { rows: [] } : isPresent(is) ? is : { rows: [{ present: true, foreseen: true, owner: becomes.owner }] },
    ),
  )

export const isPresent = (answer: SqlAnswer): boolean => (answer.rows?.length ?? 0) > 0

/** Only a dry run says so: it is not there yet, so nothing could be asked of it. */
export const isForeseen = (answer: SqlAnswer): boolean => answer.rows?.[0]?.foreseen === true

/** Why a question could not be answered, for a person; undefined when it was. */
export function whyNot(answer: SqlAnswer, what: string): string | undefined {
  if (answer.rows !== undefined) return undefined
  if (answer.why !== 'no connection') return `${what}: ${answer.error}`
  const way = /peer authentication failed/i.test(answer.error) ? '. With become: true the task becomes that account' : ''
  return `${what}: cannot log in to PostgreSQL: ${answer.error}${way}`
}
