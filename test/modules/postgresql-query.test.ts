import test from 'ava'
import fc from 'fast-check'
import type { SqlAnswer } from '../../src/facts/sql.ts'
import { literal } from '../../src/facts/sql-text.ts'
import type { Output, Plan } from '../../src/module/define.ts'
import { argumentProblem, valueLiteral, withArguments } from '../../src/modules/postgresql/arguments.ts'
import { asQuestion, splitStatements } from '../../src/modules/postgresql/statement.ts'
import { postgresqlQuery } from '../../src/modules/postgresql-query.ts'

const split = (text: string): string[] => splitStatements(text).map(({ sql }) => sql)

const SPLIT: [text: string, statements: string[]][] = [
  ['SELECT 1;', ['SELECT 1']],
  [' SELECT 1 ; ; SELECT 2', ['SELECT 1', 'SELECT 2']],
  [`SELECT ';', ";", E'\\';', $$;$$, $a$ ; $$ $a$`, [`SELECT ';', ";", E'\\';', $$;$$, $a$ ; $$ $a$`]],
  ['SELECT 1 -- ; no\n; /* ; /* ; */ ; */ SELECT 2', ['SELECT 1 -- ; no', '/* ; /* ; */ ; */ SELECT 2']],
  ["SELECT $1, 'a''b;'", ["SELECT $1, 'a''b;'"]],
  ['CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2)', ['CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2)']],
  ['CREATE FUNCTION f() BEGIN ATOMIC SELECT 1; SELECT 2; END', ['CREATE FUNCTION f() BEGIN ATOMIC SELECT 1; SELECT 2; END']],
  ['-- nothing', []],
  [';', []],
  ["SELECT 'open ;", ["SELECT 'open ;"]],
]
for (const [text, statements] of SPLIT) test(`statements of ${JSON.stringify(text)}`, (t) => t.deepEqual(split(text), statements))

const QUESTIONS: [text: string, asked: string | undefined][] = [
  ['select 1', 'select 1'],
  ['(SELECT 1) UNION (SELECT 2)', '(SELECT 1) UNION (SELECT 2)'],
  ['/* x */ TABLE t', '/* x */ TABLE t'],
  ['WITH a AS (SELECT 1) SELECT * FROM a', 'WITH a AS (SELECT 1) SELECT * FROM a'],
  ['WITH a AS (DELETE FROM t RETURNING *) SELECT * FROM a', undefined],
  ['SELECT * INTO x FROM t', undefined],
  ['SELECT * FROM t FOR UPDATE', undefined],
  ['SELECT pg_reload_conf()', undefined],
  ['SELECT pg_catalog.pg_terminate_backend (1)', undefined],
  ["SELECT nextval('s')", undefined],
  ['SELECT \'delete\', "update" FROM t', 'SELECT \'delete\', "update" FROM t'],
  ['SHOW server_version', `SELECT current_setting('server_version') AS "server_version"`],
  ['SHOW ALL', undefined],
  ['EXPLAIN SELECT 1', undefined],
  ['UPDATE t SET a = 1', undefined],
  ['CREATE TABLE t()', undefined],
]
for (const [text, asked] of QUESTIONS) test(`asked ahead: ${text}`, (t) => t.is(asQuestion(splitStatements(text)[0]!), asked))

test('values are quoted as they need', (t) => {
  t.is(valueLiteral(null), 'NULL')
  t.is(valueLiteral([1, -2.5, "it's", true]), "ARRAY[1, (-2.5), 'it''s', true]")
  t.is(valueLiteral({ a: "'" }), `'{"a":"''"}'`)
  t.is(withArguments('a = %s and b like %s and c = 5 %% 2', { positional_args: ['%s', 'x'] }), "a = '%s' and b like 'x' and c = 5 % 2")
  t.is(withArguments('%(a)s %(a)s', { named_args: { a: 1 } }), '1 1')
  t.is(withArguments("LIKE '%s'", {}), "LIKE '%s'")
})

test('a value never becomes a statement', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      t.is(splitStatements(`SELECT ${literal(text)} ; SELECT 2`).length, 2)
      t.is(splitStatements(withArguments('SELECT %s', { positional_args: [text] })).length, 1)
    }),
  )
})

test('arguments that do not fit are told', (t) => {
  t.regex(argumentProblem('%s', { positional_args: [] })!, /1 places \(%s\) for 0/)
  t.regex(argumentProblem('%(a)s', { named_args: {} })!, /named_args has no a/)
  t.regex(argumentProblem('%s', { named_args: {} })!, /give positional_args/)
  t.is(argumentProblem('%s', {}), undefined)
  t.false(postgresqlQuery.params.safeParse({ query: ' ; -- x' }).success)
})

const PRESENT: SqlAnswer = { rows: [{ present: true }] }
const plan = (query: string | string[], answers: SqlAnswer[], known: { database?: SqlAnswer; expected?: SqlAnswer } = {}): Plan =>
  postgresqlQuery.plan(postgresqlQuery.params.parse({ query }), { database: PRESENT, expected: PRESENT, answers, ...known }, {}) as Plan

test('what only reads is asked as a fact and changes nothing', (t) => {
  t.deepEqual(plan('SELECT 1 AS a', [{ rows: [{ a: 1 }] }]).changes, [])
  const want = postgresqlQuery.params.parse({ query: ['SELECT 1 AS a', 'SHOW x'] })
  t.is((postgresqlQuery.facts!(want, {}).answers as unknown[]).length, 2)
  const answers = [{ rows: [{ a: 1 }] }, { rows: [{ x: 'on' }] }]
  t.like(postgresqlQuery.result!(want, { database: PRESENT, expected: PRESENT, answers }, [], {}), {
    query_result: [{ x: 'on' }],
    query_all_results: [[{ a: 1 }], [{ x: 'on' }]],
    rowcount: 2,
    statusmessage: 'SHOW',
  })
})

test('a read whose function turns out to write runs in its turn', (t) => {
  const [change] = plan('SELECT f()', [
    { why: 'query', error: 'cannot execute INSERT in a read-only transaction', sqlstate: '25006' },
  ]).changes
  t.true(change!.reads)
})

test('what writes is a change whose effects nobody can name', (t) => {
  const [change] = plan(['INSERT INTO t VALUES (1)', 'SELECT 1'], []).changes
  t.true(change!.opaque)
  t.is(change!.summary, 'run INSERT INTO t VALUES (1) and 1 more')
})

test('locking rows is reading, and runs in its turn', (t) => {
  t.true(plan('SELECT * FROM t FOR NO KEY UPDATE', []).changes[0]!.reads)
})

test('failures are told before: the query, the database, the server', (t) => {
  t.is(
    plan('SELECT x', [{ why: 'query', error: 'column "x" does not exist', sqlstate: '42703' }]).failure,
    'query failed: column "x" does not exist',
  )
  const refused: SqlAnswer = { why: 'no connection', error: 'no' }
  t.is(plan('DROP TABLE x', [], { database: refused, expected: { rows: [] } }).failure, 'database postgres: there is no such database')
  t.is(plan('DROP TABLE x', [], { database: refused, expected: refused }).failure, 'database postgres: cannot log in to PostgreSQL: no')
  const soon = { database: refused, expected: { rows: [{ present: true, foreseen: true }] } }
  t.is(plan('SELECT 1', [refused], soon).changes[0]!.summary, 'ask SELECT 1')
})

test('the result of what was run: rows, tags, and no change where no row was met', (t) => {
  const output = (stdout: string): Output => ({ code: 0, stdout: Buffer.from(stdout), stderr: Buffer.alloc(0), start: 0, end: 0 })
  const result = (query: string | string[], stdout: string) =>
    postgresqlQuery.result!(
      postgresqlQuery.params.parse({ query }),
      { database: PRESENT, expected: PRESENT, answers: [] },
      [output(stdout)],
      {},
    )
  t.like(result('DELETE FROM t', 'DELETE 0\n\x1d\n'), { changed: false, rowcount: 0, statusmessage: 'DELETE 0' })
  t.like(result('CREATE TABLE t()', 'CREATE TABLE\n\x1d\n'), { changed: true, rowcount: 0, statusmessage: 'CREATE TABLE' })
  t.like(result(['UPDATE t SET a = 1 RETURNING a', 'SELECT 2 AS b'], '[{"a":1}]\n\x1d\n[{"b":2}]\n\x1d\n'), {
    changed: true,
    rowcount: 2,
    query_result: [{ b: 2 }],
    statusmessage: 'SELECT 1',
  })
})
