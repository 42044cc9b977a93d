import { type Row, type SqlAnswer, sql } from '../../facts/sql.ts'
import { identifier, literal } from '../../facts/sql-text.ts'
import type { Change, Plan } from '../../module/define.ts'
import { execute } from './execute.ts'
import { databaseExists, isPresent, MAINTENANCE, roleExists, whyNot, willExist } from './exists.ts'
import { type LoginWant, loginOf } from './login.ts'

/** What postgresql_db wants of a database. */
export interface DatabaseWant extends LoginWant {
  readonly name: string
  readonly owner?: string | undefined
  readonly template?: string | undefined
  readonly encoding?: string | undefined
  readonly lc_collate?: string | undefined
  readonly lc_ctype?: string | undefined
  readonly icu_locale?: string | undefined
  readonly locale_provider?: 'libc' | 'icu' | 'builtin' | undefined
  readonly tablespace?: string | undefined
  readonly conn_limit?: number | undefined
  readonly maintenance_db: string
  readonly force: boolean
  readonly state: 'present' | 'absent'
}

/**
 * The same words whatever a task wants of it, so that a dry run of one believes what another predicted.
 * Columns of pg_database that came with later versions are read through JSON: absent ones are null.
 */
const askDatabase = (want: DatabaseWant, database = want.maintenance_db) => {
  const query = `SELECT datname, pg_get_userbyid(datdba) AS owner, pg_encoding_to_char(encoding) AS encoding, datcollate, datctype,
datconnlimit, spcname AS tablespace, CASE to_jsonb(d)->>'datlocprovider' WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END AS provider,
coalesce(to_jsonb(d)->>'datlocale', to_jsonb(d)->>'daticulocale') AS locale
FROM pg_database d JOIN pg_tablespace t ON t.oid = dattablespace WHERE datname = ${literal(want.name)}`
  return sql({ login: loginOf(want), database, query })
}

export const databaseFacts = (want: DatabaseWant) => {
  const [login, database] = [loginOf(want), want.maintenance_db]
  const name =
    want.encoding === undefined ? undefined : `SELECT pg_encoding_to_char(pg_char_to_encoding(${literal(want.encoding)})) AS name`
  const owner = want.state === 'present' ? want.owner : undefined
  return {
    database: askDatabase(want),
    // as the server calls it
    encoding: name === undefined ? undefined : sql({ login, database, query: name }),
    // where this task logs in, and where any task that makes a role predicts it: there may be no database `postgres`
    owner: owner === undefined ? [] : [...new Set([database, MAINTENANCE])].map((where) => roleExists(login, owner, where)),
  }
}

interface Known {
  readonly database: SqlAnswer
  readonly encoding: SqlAnswer | undefined
  readonly owner: readonly SqlAnswer[]
}

export function planDatabase(want: DatabaseWant, { database, encoding: named, owner }: Known): Plan {
  const failure = whyNot(database, `database ${want.name}`) ?? (named && whyNot(named, `encoding ${want.encoding}`))
  if (failure !== undefined) return { changes: [], failure }
  const is = database.rows![0]
  if (want.state === 'absent') {
    const drop = `DROP DATABASE ${identifier(want.name)}${want.force ? ' WITH (FORCE)' : ''}`
    return { changes: is ? [change(want, `remove database ${want.name}`, [drop], undefined)] : [] }
  }
  const encoding = named?.rows?.[0]?.name
  const wrong = is && mismatch(want, is, encoding)
  if (wrong !== undefined) return { changes: [], failure: wrong }
  if (want.owner !== undefined && !owner.some(isPresent))
    return { changes: [], failure: `database ${want.name}: there is no role ${want.owner} to own it` }
  return { changes: is ? alteration(want, is) : [creation(want, encoding)] }
}

/** Names of one locale: en_US.UTF-8 is en_US.utf8. */
const locale = (name: unknown): string =>
  String(name).replace(/\.(.*)$/, (_, codeset: string) => `.${codeset.toLowerCase().replaceAll('-', '')}`)

/** Names of one ICU locale: PostgreSQL 16 keeps en_US as en-US (BCP 47). */
function icuLocale(name: unknown): string {
  const tag = String(name).replaceAll('_', '-').toLowerCase()
  try {
    return Intl.getCanonicalLocales(tag)[0] ?? tag
  } catch {
    return tag
  }
}

/** What differs and can never be changed. PostgreSQL would believe another value written into pg_database, and mangle its indexes. */
function mismatch(want: DatabaseWant, is: Row, encoding: unknown): string | undefined {
  const fixed: [name: string, wanted: string | undefined, found: unknown, same: boolean][] = [
    ['encoding', want.encoding, is.encoding, is.encoding === encoding],
    ['lc_collate', want.lc_collate, is.datcollate, locale(is.datcollate) === locale(want.lc_collate)],
    ['lc_ctype', want.lc_ctype, is.datctype, locale(is.datctype) === locale(want.lc_ctype)],
    ['locale_provider', want.locale_provider, is.provider, is.provider === want.locale_provider],
    ['icu_locale', want.icu_locale, is.locale, icuLocale(is.locale) === icuLocale(want.icu_locale)],
  ]
  const wrong = fixed
    // a dry run doesn't know what a database that it would make has from its template
    .filter(([, wanted, found, same]) => wanted !== undefined && found !== undefined && !same)
    .map(([name, wanted, found]) => `${name} is ${found}, not ${wanted}`)
  if (wrong.length === 0) return undefined
  return `database ${want.name}: ${wrong.join(', ')}. That cannot be changed: dump it, remove it, and let it be made anew`
}

function creation(want: DatabaseWant, encoding: unknown): Change {
  const chosen = [want.encoding, want.lc_collate, want.lc_ctype, want.icu_locale, want.locale_provider].some((one) => one !== undefined)
  const template = want.template ?? (chosen ? 'template0' : undefined)
  const parts = [
    want.owner !== undefined && `OWNER ${identifier(want.owner)}`,
    template !== undefined && `TEMPLATE ${identifier(template)}`,
    want.encoding !== undefined && `ENCODING ${literal(want.encoding)}`,
    want.lc_collate !== undefined && `LC_COLLATE ${literal(want.lc_collate)}`,
    want.lc_ctype !== undefined && `LC_CTYPE ${literal(want.lc_ctype)}`,
    want.locale_provider !== undefined && `LOCALE_PROVIDER ${want.locale_provider}`,
    want.icu_locale !== undefined && `ICU_LOCALE ${literal(want.icu_locale)}`,
    want.tablespace !== undefined && `TABLESPACE ${identifier(want.tablespace)}`,
    want.conn_limit !== undefined && `CONNECTION LIMIT ${want.conn_limit}`,
  ].filter((part) => part !== false)
  const details = [want.owner && `owner ${want.owner}`, want.encoding, want.lc_collate && `locale ${want.lc_collate}`].filter(
    (part) => part,
  )
  return change(
    want,
    `create database ${want.name}${details.length > 0 ? ` (${details.join(', ')})` : ''}`,
    [[`CREATE DATABASE ${identifier(want.name)}`, ...parts].join(' ')],
    becomes(want, { owner: want.login_user, datconnlimit: -1, tablespace: 'pg_default', ...(want.encoding !== undefined && { encoding }) }),
  )
}

const becomes = (want: DatabaseWant, is: Row): Row => ({
  datname: want.name,
  ...is,
  ...(want.owner !== undefined && { owner: want.owner }),
  ...(want.lc_collate !== undefined && { datcollate: want.lc_collate }),
  ...(want.lc_ctype !== undefined && { datctype: want.lc_ctype }),
  ...(want.locale_provider !== undefined && { provider: want.locale_provider }),
  ...(want.icu_locale !== undefined && { locale: want.icu_locale }),
  ...(want.tablespace !== undefined && { tablespace: want.tablespace }),
  ...(want.conn_limit !== undefined && { datconnlimit: want.conn_limit }),
})

function alteration(want: DatabaseWant, is: Row): Change[] {
  const differs: [differs: boolean, reason: string, sql: string][] = [
    [want.owner !== undefined && want.owner !== is.owner, `owner ${is.owner} → ${want.owner}`, `OWNER TO ${identifier(want.owner ?? '')}`],
    [
      want.conn_limit !== undefined && want.conn_limit !== is.datconnlimit,
      `connection limit ${is.datconnlimit} → ${want.conn_limit}`,
      `WITH CONNECTION LIMIT ${want.conn_limit}`,
    ],
    [
      want.tablespace !== undefined && want.tablespace !== is.tablespace,
      `tablespace ${is.tablespace} → ${want.tablespace}`,
      `SET TABLESPACE ${identifier(want.tablespace ?? '')}`,
    ],
  ]
  const found = differs.filter(([one]) => one)
  if (found.length === 0) return []
  return [
    change(
      want,
      `database ${want.name}: ${found.map(([, reason]) => reason).join(', ')}`,
      found.map(([, , sql]) => `ALTER DATABASE ${identifier(want.name)} ${sql}`),
      becomes(want, is),
    ),
  ]
}

const change = (want: DatabaseWant, summary: string, statements: string[], made: Row | undefined): Change => ({
  summary,
  steps: [
    execute(
      loginOf(want),
      want.maintenance_db,
      statements.map((sql) => ({ sql })),
    ),
  ],
  makes: [
    ...[...new Set([want.maintenance_db, MAINTENANCE])].map((where) => askDatabase(want, where).will({ rows: made ? [made] : [] })),
    ...willExist(databaseExists, loginOf(want), want.name, [want.maintenance_db], made),
  ],
})
