import test from 'ava'
import fc from 'fast-check'
import { sql } from '../../src/facts/sql.ts'
import { identifier, literal } from '../../src/facts/sql-text.ts'

const LOGIN = { user: 'postgres', port: 5432 }

test('an identifier is one name, whatever is in it', (t) => {
  t.is(identifier('a"b'), '"a""b"')
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (name) => {
      const quoted = identifier(name)
      t.regex(quoted, /^"(?:[^"]|"")*"$/)
      t.is(quoted.slice(1, -1).replaceAll('""', '"'), name)
    }),
  )
})

test('a literal is one text, whatever standard_conforming_strings is', (t) => {
  t.is(literal("it's"), "'it''s'")
  t.is(literal("\\'; x"), "E'\\\\''; x'")
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const quoted = literal(text)
      t.regex(quoted, /^(?:'(?:[^'\\]|'')*'|E'(?:[^'\\]|''|\\\\)*')$/)
      const inner = quoted.slice(quoted.indexOf("'") + 1, -1).replaceAll("''", "'")
      t.is(quoted.startsWith('E') ? inner.replaceAll('\\\\', '\\') : inner, text)
    }),
  )
})

test('all questions of one login and database are one session, in a read-only transaction', (t) => {
  const keys = [
    { login: LOGIN, database: 'a', query: 'SELECT 1' },
    { login: LOGIN, database: 'b', query: 'SELECT 2' },
    { login: LOGIN, database: 'a', query: 'SELECT 3' },
  ]
  const script = sql(keys[0]!).kind.script(keys).text
  t.is(script.match(/\| p -f -/g)?.length, 2)
  t.regex(script, /default_transaction_read_only=on/)
})

const kind = sql({ login: LOGIN, database: 'a', query: '' }).kind
const key = (database: string, query: string) => ({ login: LOGIN, database, query })

test('an answer for each: rows, the error of one, the refusal of a whole session', (t) => {
  const keys = [key('a', 'x'), key('b', 'x'), key('a', 'y')]
  const out = `[{"i":1},  {"i":2}]\n\x1efalse\x1f00000\x1f\x1d\n\x1etrue\x1f42703\x1fcolumn "y" does not exist\x1d\n\x1c\x1c\x1cpsql: error: connection failed: FATAL:\n\tno\n\x1c`
  t.deepEqual(kind.parse(Buffer.from(out), keys), [
    { rows: [{ i: 1 }, { i: 2 }] },
    { why: 'no connection', error: 'connection failed: FATAL: no' },
    { why: 'query', error: 'column "y" does not exist', sqlstate: '42703' },
  ])
})

test('no psql, and a connection that was lost halfway', (t) => {
  t.like(kind.parse(Buffer.from(''), [key('a', 'x')])[0], { why: 'no psql' })
  t.deepEqual(kind.parse(Buffer.from('[]\n\x1efalse\x1f00000\x1f\x1d\n\x1c\x1c'), [key('a', 'x'), key('a', 'y')]), [
    { rows: [] },
    { why: 'no connection', error: 'the connection to the server was lost' },
  ])
  t.true(kind.isAbsent!({ rows: [] }))
  t.true(kind.isAbsent!({ why: 'no psql', error: '' }))
  t.false(kind.isAbsent!({ rows: [{}] }))
})
