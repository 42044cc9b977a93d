import test from 'ava'
import type { Row, SqlAnswer } from '../../src/facts/sql.ts'
import type { AnyModule, Change, Plan } from '../../src/module/define.ts'
import { postgresqlDb } from '../../src/modules/postgresql-db.ts'
import { postgresqlUser } from '../../src/modules/postgresql-user.ts'
import { foretold } from './postgresql-foretold.ts'

const DATABASE: Row = {
  datname: 'synapse',
  owner: 'synapse_user',
  encoding: 'UTF8',
  datcollate: 'en_US.UTF-8',
  datctype: 'C',
  datconnlimit: -1,
  tablespace: 'pg_default',
  provider: 'libc',
  locale: null,
}
const PRESENT: SqlAnswer = { rows: [{ present: true }] }

function plan(params: object, is: Row | undefined, owner: SqlAnswer = PRESENT): Plan {
  const want = postgresqlDb.params.parse({ name: 'synapse', ...params })
  const encoding = want.encoding === undefined ? undefined : { rows: [{ name: want.encoding.toUpperCase().replace('-', '') }] }
  const planned = postgresqlDb.plan(want, { database: { rows: is ? [is] : [] }, encoding, owner: [owner] }, {})
  return Array.isArray(planned) ? { changes: planned as Change[] } : (planned as Plan)
}

const sent = ({ changes }: Plan): string[] =>
  changes.flatMap(({ steps }) => steps.map((step) => (step.do === 'run' ? String(step.stdin).replace(/;\n$/, '') : '')))

const CASES: [title: string, params: object, is: Row | undefined, sql: string[]][] = [
  ['makes a database', {}, undefined, ['CREATE DATABASE "synapse"']],
  [
    'makes one with a locale from template0',
    { encoding: 'UTF8', lc_collate: 'C', lc_ctype: 'C', owner: 'o' },
    undefined,
    [`CREATE DATABASE "synapse" OWNER "o" TEMPLATE "template0" ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'`],
  ],
  ['leaves one alone', { owner: 'synapse_user', encoding: 'utf-8', lc_collate: 'en_US.utf8', lc_ctype: 'C', conn_limit: -1 }, DATABASE, []],
  ['gives another owner', { owner: 'o"x' }, DATABASE, ['ALTER DATABASE "synapse" OWNER TO "o""x"']],
  [
    'limits and moves',
    { conn_limit: 5, tablespace: 'fast' },
    DATABASE,
    ['ALTER DATABASE "synapse" WITH CONNECTION LIMIT 5;\nALTER DATABASE "synapse" SET TABLESPACE "fast"'],
  ],
  ['leaves a missing one missing', { state: 'absent' }, undefined, []],
  ['removes one', { state: 'absent', force: true }, DATABASE, ['DROP DATABASE "synapse" WITH (FORCE)']],
]
for (const [title, params, is, statements] of CASES)
  test(title, (t) => {
    const planned = plan(params, is)
    t.is(planned.failure, undefined)
    t.deepEqual(sent(planned), statements)
  })

test('another encoding or locale is a failure that says what is there, and nothing runs', (t) => {
  const planned = plan({ encoding: 'LATIN1', lc_collate: 'C' }, DATABASE)
  t.deepEqual(planned.changes, [])
  t.regex(planned.failure!, /^database synapse: encoding is UTF8, not LATIN1, lc_collate is en_US\.UTF-8, not C\./)
})

test('an owner that does not exist is told before', (t) => {
  t.is(plan({ owner: 'nobody' }, undefined, { rows: [] }).failure, 'database synapse: there is no role nobody to own it')
})

test('an ICU locale is the same in any spelling', (t) => {
  const icu = (icu_locale: string, locale: string) =>
    plan({ icu_locale, locale_provider: 'icu' }, { ...DATABASE, provider: 'icu', locale }).failure
  for (const [wanted, found] of [
    ['en_US', 'en-US'],
    ['en-us', 'en-US'],
    ['en_US', 'en_US'],
    ['iw', 'he'],
    ['de-u-co-phonebk', 'de-u-co-phonebk'],
    ['de@collation=phonebook', 'de@collation=phonebook'],
  ] as const)
    t.is(icu(wanted, found), undefined)
  t.regex(icu('en_US', 'en-GB')!, /icu_locale is en-GB, not en_US/)
  t.regex(icu('en', 'de')!, /icu_locale is de, not en/)
})

/** What a dry run says of tasks one after another, on a host where nothing is. */
const foretell = (...tasks: (readonly [AnyModule, object])[]) =>
  foretold(tasks, (query) => ({ rows: /AS name$/.test(query) ? [{ name: 'UTF8' }] : [] }))

test('a dry run of a second task believes the first, whatever each says of the database', (t) => {
  const db = (params: object) => [postgresqlDb, { name: 'd', ...params }] as const
  const rest = { owner: 'postgres', conn_limit: -1, lc_collate: 'C', tablespace: 'pg_default' }
  t.deepEqual(foretell(db({ encoding: 'utf-8' }), db({}), db({ encoding: 'UTF8' })), [['create database d (utf-8)'], [], []])
  t.deepEqual(foretell(db({}), db({ encoding: 'UTF8' }), db({ conn_limit: 3 }))[2], ['database d: connection limit -1 → 3'])
  t.deepEqual(foretell([postgresqlUser, { name: 'postgres' }], db({}), db(rest)).slice(1), [['create database d'], []])
  t.deepEqual(foretell(db({ maintenance_db: 'template1' }), db({}))[1], [])
})

test('it believes in a planned owner, wherever the task logs in', (t) => {
  const task = { name: 'd', owner: 'u', maintenance_db: 'template1' }
  t.deepEqual(foretell([postgresqlUser, { name: 'u' }], [postgresqlDb, task])[1], ['create database d (owner u)'])
  t.deepEqual(foretell([postgresqlDb, task]), [['database d: there is no role u to own it']])
})

test('a server that cannot be asked is a failure with its words', (t) => {
  const want = postgresqlDb.params.parse({ name: 'synapse' })
  const refused = { why: 'no connection', error: 'Connection refused' } as const
  const planned = postgresqlDb.plan(want, { database: refused, encoding: undefined, owner: [] }, {}) as Plan
  t.is(planned.failure, 'database synapse: cannot log in to PostgreSQL: Connection refused')
})

test('what is not supported is refused with a way out', (t) => {
  for (const state of ['dump', 'restore', 'rename'])
    t.regex(postgresqlDb.params.safeParse({ name: 'x', state }).error!.message, /pg_dump, pg_restore or psql/)
  t.regex(postgresqlDb.params.safeParse({ name: 'x', icu_locale: 'de' }).error!.message, /requires locale_provider: icu/)
})
