import test from 'ava'
import type { SqlAnswer } from '../../src/facts/sql.ts'
import type { Plan } from '../../src/module/define.ts'
import type { ObjectAcl } from '../../src/modules/postgresql/acl.ts'
import { postgresqlPrivs } from '../../src/modules/postgresql-privs.ts'

const TABLE: ObjectAcl = {
  name: 't',
  sql: 'public.t',
  target: null,
  every: ['SELECT', 'INSERT'],
  acl: [{ role: 'reader', privilege: 'SELECT', grantable: false }],
}
const PRESENT: SqlAnswer = { rows: [{ present: true }] }
const rows = (...acls: ObjectAcl[]): SqlAnswer => ({ rows: acls.map((one) => ({ ...one })) })

function plan(params: object, objects: SqlAnswer = rows(TABLE), database: SqlAnswer = PRESENT): Plan {
  const want = postgresqlPrivs.params.parse({ login_db: 'd', roles: 'reader', ...params })
  return postgresqlPrivs.plan(want, { roles: [PRESENT], database, objects }, {}) as Plan
}

const sent = ({ changes }: Plan): string =>
  changes.flatMap(({ steps }) => steps.map((step) => (step.do === 'run' ? String(step.stdin) : ''))).join('')

const CASES: [title: string, params: object, sql: string][] = [
  ['leaves what is granted', { privs: 'select', objs: 't' }, ''],
  ['grants what is missing', { privs: 'SELECT,INSERT', objs: 't' }, 'GRANT SELECT, INSERT ON TABLE public.t TO "reader";\n'],
  ['grants all', { privs: 'ALL', objs: 't' }, 'GRANT ALL PRIVILEGES ON TABLE public.t TO "reader";\n'],
  ['lets pass on', { privs: 'SELECT', objs: 't', grant_option: true }, 'GRANT SELECT ON TABLE public.t TO "reader" WITH GRANT OPTION;\n'],
  ['leaves what may not be passed on', { privs: 'SELECT', objs: 't', grant_option: false }, ''],
  ['revokes', { privs: 'SELECT', objs: 'ALL_IN_SCHEMA', state: 'absent' }, 'REVOKE SELECT ON TABLE public.t FROM "reader";\n'],
  ['leaves what was never granted', { privs: 'INSERT', objs: 't', state: 'absent' }, ''],
  ['means everyone', { privs: 'SELECT', objs: 't', roles: 'public' }, 'GRANT SELECT ON TABLE public.t TO PUBLIC;\n'],
]
for (const [title, params, statements] of CASES)
  test(title, (t) => {
    const planned = plan(params)
    t.is(planned.failure, undefined)
    t.is(sent(planned), statements)
  })

test('what was granted is what a dry run then believes', (t) => {
  for (const params of [
    { privs: 'ALL', objs: 't', grant_option: true },
    { privs: 'ALL', objs: 't', state: 'absent' },
  ]) {
    const [change] = plan(params).changes
    const after = change!.makes![0]!.value(undefined) as SqlAnswer
    t.is(sent(plan(params, after)), '')
  }
})

test('default privileges name whose objects they are for', (t) => {
  const acl = { ...TABLE, name: 'TABLES', sql: 'TABLES', target: 'o"w', acl: [] }
  const planned = plan({ type: 'default_privs', objs: 'TABLES', privs: 'SELECT', schema: 's' }, rows(acl))
  t.is(sent(planned), 'ALTER DEFAULT PRIVILEGES FOR ROLE "o""w" IN SCHEMA "s" GRANT SELECT ON TABLES TO "reader";\n')
})

test('missing objects, roles and databases are failures that name them', (t) => {
  t.is(plan({ privs: 'SELECT', objs: 't,u' }).failure, 'privileges in database d: there is no table u in schema public')
  t.is(plan({ privs: 'SELECT', objs: 't' }, rows(TABLE), { rows: [] }).failure, 'privileges in database d: there is no such database')
  t.regex(plan({ privs: 'SELECT', objs: 't' }, { why: 'no connection', error: 'no' }).failure!, /cannot log in to PostgreSQL: no/)
})

const SOON: [title: string, params: object, planned: string[]][] = [
  ['a privilege is still to be granted', { privs: 'CONNECT' }, ['grant CONNECT on database d to reader']],
  [
    'everyone may connect',
    { privs: 'CONNECT,TEMP', roles: 'PUBLIC', state: 'absent' },
    ['revoke CONNECT, TEMPORARY on database d from PUBLIC'],
  ],
  ['its owner has them all', { privs: 'ALL', roles: 'owner' }, []],
]
for (const [title, params, planned] of SOON)
  test(`in a database that an earlier task would make: ${title}`, (t) => {
    const soon = { rows: [{ present: true, foreseen: true, owner: 'owner' }] }
    const { changes } = plan({ type: 'database', ...params }, { why: 'no connection', error: 'no' }, soon)
    t.deepEqual(
      changes.map(({ summary }) => summary),
      planned,
    )
  })

const REFUSED: [params: object, message: RegExp][] = [
  [{ objs: 't' }, /privs is required/],
  [{ privs: 'READ', objs: 't' }, /unknown privilege READ/],
  [{ privs: 'SELECT' }, /objs is required/],
  [{ privs: 'SELECT', objs: 'ALL_IN_SCHEMA', type: 'schema' }, /ALL_IN_SCHEMA stands alone/],
  [{ privs: 'SELECT', objs: 'VIEWS', type: 'default_privs' }, /not VIEWS/],
  [{ privs: 'SELECT', objs: 'g', type: 'group' }, /no privs/],
  [{ privs: 'SELECT', objs: 't', target_roles: 'x' }, /default_privs only/],
]
for (const [params, message] of REFUSED)
  test(`refuses ${JSON.stringify(params)}`, (t) => {
    const { success, error } = postgresqlPrivs.params.safeParse({ login_db: 'd', roles: 'r', ...params })
    t.false(success)
    t.regex(error!.message, message)
  })
