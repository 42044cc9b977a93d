import test from 'ava'
import type { Row, SqlAnswer } from '../../src/facts/sql.ts'
import type { Change, Plan } from '../../src/module/define.ts'
import { postgresqlDb } from '../../src/modules/postgresql-db.ts'

const DATABASE: Row = {
  datname: 'synapse',
  owner: 'synapse_user',
  encoding: 'UTF8',
  encoding_ok: true,
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
  const planned = postgresqlDb.plan(want, { database: { rows: is ? [is] : [] }, owner }, {})
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
  const planned = plan({ encoding: 'LATIN1', lc_collate: 'C' }, { ...DATABASE, encoding_ok: false })
  t.deepEqual(planned.changes, [])
  t.regex(planned.failure!, /^database synapse: encoding is UTF8, not LATIN1, lc_collate is en_US\.UTF-8, not C\./)
})

test('an owner that does not exist is told before', (t) => {
  t.is(plan({ owner: 'nobody' }, undefined, { rows: [] }).failure, 'database synapse: there is no role nobody to own it')
})

test('a server that cannot be asked is a failure with its words', (t) => {
  const want = postgresqlDb.params.parse({ name: 'synapse' })
  const planned = postgresqlDb.plan(want, { database: { why: 'no connection', error: 'Connection refused' }, owner: undefined }, {}) as Plan
  t.is(planned.failure, 'database synapse: cannot log in to PostgreSQL: Connection refused')
})

test('what is not supported is refused with a way out', (t) => {
  for (const state of ['dump', 'restore', 'rename'])
    t.regex(postgresqlDb.params.safeParse({ name: 'x', state }).error!.message, /pg_dump, pg_restore or psql/)
  t.regex(postgresqlDb.params.safeParse({ name: 'x', icu_locale: 'de' }).error!.message, /requires locale_provider: icu/)
})
