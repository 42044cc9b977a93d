import { createHash, createHmac } from 'node:crypto'
import test from 'ava'
import type { Row, SqlAnswer } from '../../src/facts/sql.ts'
import type { Plan, Step } from '../../src/module/define.ts'
import { matchesVerifier, scramVerifier } from '../../src/modules/postgresql/scram.ts'
import { postgresqlUser } from '../../src/modules/postgresql-user.ts'
import { foretold } from './postgresql-foretold.ts'

const SALT = 'W22ZaJ0SNY7soEsUEjb6gQ=='
const PENCIL = scramVerifier('pencil', Buffer.from(SALT, 'base64'))

test('a verifier stands the exchange of RFC 7677', (t) => {
  const nonce = 'rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0'
  const message = `n=user,r=rOprNGfwEbeRWgbNEkqO,r=${nonce},s=${SALT},i=4096,c=biws,r=${nonce}`
  const [, salt = '', stored = '', server = ''] = /^SCRAM-SHA-256\$4096:(.*)\$(.*):(.*)$/.exec(PENCIL)!
  t.is(salt, SALT)
  const hmac = (key: string) => createHmac('sha256', Buffer.from(key, 'base64')).update(message).digest()
  t.is(hmac(server).toString('base64'), '6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=')
  const proof = Buffer.from('dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=', 'base64')
  const clientKey = Buffer.from(hmac(stored).map((byte, i) => byte ^ proof[i]!))
  t.is(createHash('sha256').update(clientKey).digest('base64'), stored)
})

test('a password is told by the salt and iterations that are kept', (t) => {
  t.true(matchesVerifier('pencil', PENCIL))
  t.true(matchesVerifier('x', scramVerifier('x', Buffer.from('abc'), 5000)))
  t.true(matchesVerifier(PENCIL, PENCIL))
  t.false(matchesVerifier('Pencil', PENCIL))
  t.false(matchesVerifier('pencil', 'md5a3556571e93b0d20722ba62be61e8c2d'))
})

const ROLE: Row = {
  rolname: 'app',
  rolsuper: false,
  rolcanlogin: true,
  rolcreatedb: false,
  rolconnlimit: -1,
  comment: null,
  expiry: null,
}
const SALT_ROW: SqlAnswer = { rows: [{ salt: '000102030405060708090a0b0c0d0e0f' }] }

function plan(params: object, is: Row | undefined, dependents: Row[] = [], rolpassword = PENCIL): Plan {
  const want = postgresqlUser.params.parse({ name: 'app', ...params })
  const answers = {
    role: { rows: is ? [is] : [] },
    password: { rows: is ? [{ rolpassword }] : [] },
    expires: { rows: [{ expiry: want.expires }] },
    salt: SALT_ROW,
    dependents: { rows: dependents },
  }
  return postgresqlUser.plan(want, answers, {}) as Plan
}

const sent = ({ changes }: Plan): string =>
  changes
    .flatMap(({ steps }) => steps)
    .map((step: Step) => (step.do === 'run' ? String(step.stdin) : ''))
    .join('')

const CASES: [title: string, params: object, is: Row | undefined, sql: string | RegExp][] = [
  ['makes a role that may log in', {}, undefined, 'CREATE ROLE "app" WITH LOGIN;\n'],
  ['makes one that may not', { role_attr_flags: 'nologin' }, undefined, 'CREATE ROLE "app" WITH NOLOGIN;\n'],
  [
    'gives a password as a verifier',
    { password: 'x' },
    undefined,
    /^CREATE ROLE "app" WITH LOGIN PASSWORD 'SCRAM-SHA-256\$4096:AAECAwQFBgcICQoLDA0ODw==\$[^']+';\n$/,
  ],
  ['leaves a role alone', { password: 'pencil', role_attr_flags: 'LOGIN,NOSUPERUSER', conn_limit: -1, comment: '' }, ROLE, ''],
  ['changes only what differs', { role_attr_flags: 'CREATEDB,NOSUPERUSER' }, ROLE, 'ALTER ROLE "app" WITH CREATEDB;\n'],
  ['replaces another password', { password: 'y' }, ROLE, /^ALTER ROLE "app" WITH PASSWORD 'SCRAM-SHA-256/],
  ['keeps it when told to', { password: 'y', no_password_changes: true }, ROLE, ''],
  ['sets it all the same for a new role', { password: 'y', no_password_changes: true }, undefined, /PASSWORD/],
  ['takes it away', { password: '' }, ROLE, 'ALTER ROLE "app" WITH PASSWORD NULL;\n'],
  ['comments', { comment: "it's" }, ROLE, `COMMENT ON ROLE "app" IS 'it''s';\n`],
  ['limits', { conn_limit: 3, expires: 'infinity' }, ROLE, `ALTER ROLE "app" WITH CONNECTION LIMIT 3 VALID UNTIL 'infinity';\n`],
  ['leaves a missing role missing', { state: 'absent' }, undefined, ''],
  ['removes a role', { state: 'absent' }, ROLE, 'DROP ROLE "app";\n'],
]
for (const [title, params, is, statements] of CASES)
  test(title, (t) => {
    const planned = plan(params, is)
    t.is(planned.failure, undefined)
    if (typeof statements === 'string') t.is(sent(planned), statements)
    else t.regex(sent(planned), statements)
  })

test('an MD5 hash is replaced', (t) => {
  const planned = plan({ password: 'y' }, ROLE, [], 'md5a3556571e93b0d20722ba62be61e8c2d')
  t.regex(sent(planned), /SCRAM/)
  t.is(planned.changes[0]!.summary, 'role app: password md5 → scram-sha-256')
})

/** What a dry run says of tasks one after another, on a host where nothing is. */
const foretell = (...tasks: object[]) =>
  foretold(
    tasks.map((params) => [postgresqlUser, { name: 'app', ...params }]),
    (query) => (/AS salt/.test(query) ? SALT_ROW : { rows: /timestamptz/.test(query) ? [{ expiry: '2030-01-01 00:00:00+00' }] : [] }),
  )

test('a dry run of a second task believes the first, whatever each says of the role', (t) => {
  const all = { password: 'x', conn_limit: 3, expires: '2030-01-01', comment: 'c', role_attr_flags: 'CREATEDB' }
  t.deepEqual(foretell({ password: 'x' }, { role_attr_flags: 'LOGIN,NOSUPERUSER,INHERIT', conn_limit: -1 }), [
    ['create role app: LOGIN, with a password'],
    [],
  ])
  t.deepEqual(foretell({}, { password: 'x' }, { password: 'x' }), [['create role app: LOGIN'], ['role app: password'], []])
  t.deepEqual(foretell(all, {}, all).slice(1), [[], []])
  t.deepEqual(foretell({}, { expires: '2030-01-01' }, all, all)[3], [])
  t.deepEqual(foretell(all, { state: 'absent' }, { password: 'x' }).slice(1), [
    ['remove role app'],
    ['create role app: LOGIN, with a password'],
  ])
})

test('no password is in a script, a summary, a diff or a shown statement', (t) => {
  for (const is of [undefined, ROLE]) {
    const planned = plan({ password: 'tell-nobody' }, is)
    t.notRegex(JSON.stringify(planned.changes), /tell-nobody/)
    for (const change of planned.changes) for (const step of change.steps) t.notRegex(step.do === 'run' ? step.script.text : '', /SCRAM/)
  }
})

test('a role that something belongs to is not removed', (t) => {
  const owns = [{ deptype: 'o', datname: 'synapse' }]
  t.regex(
    plan({ state: 'absent' }, ROLE, owns).failure!,
    /^role app cannot be removed: it owns something or has privileges in database synapse/,
  )
  const kept = plan({ state: 'absent', fail_on_user: false }, ROLE, owns)
  t.deepEqual([kept.changes, kept.failure], [[], undefined])
  t.regex(kept.message!, /cannot be removed/)
})

const REFUSED: [params: object, message: RegExp][] = [
  [{ password: 'md5a3556571e93b0d20722ba62be61e8c2d' }, /MD5 hashes are refused/],
  [{ password: 'SCRAM-SHA-256$4096:x' }, /no whole SCRAM-SHA-256 verifier/],
  [{ password: 'pässword' }, /printable ASCII/],
  [{ role_attr_flags: 'CREATEDBS' }, /unknown attribute CREATEDBS/],
  [{ role_attr_flags: 'LOGIN,NOLOGIN' }, /contradict/],
  [{ login_password: 'x' }, /login_password is not supported/],
  [{ name: 'x'.repeat(64) }, /63 bytes/],
  [{ no_password_changes: true }, /requires password/],
]
for (const [params, message] of REFUSED)
  test(`refuses ${JSON.stringify(params).slice(0, 60)}`, (t) => {
    const { success, error } = postgresqlUser.params.safeParse({ name: 'app', ...params })
    t.false(success)
    t.regex(error!.message, message)
  })
