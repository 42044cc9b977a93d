import test, { type ExecutionContext } from 'ava'
import { sql } from '../../src/facts/sql.ts'
import { identifier, literal } from '../../src/facts/sql-text.ts'
import type { AnyModule } from '../../src/module/define.ts'
import { quote } from '../../src/module/shell.ts'
import { postgresqlAlterSystem } from '../../src/modules/postgresql-alter-system.ts'
import { postgresqlDb } from '../../src/modules/postgresql-db.ts'
import { postgresqlPgHba } from '../../src/modules/postgresql-pg-hba.ts'
import { postgresqlPrivs } from '../../src/modules/postgresql-privs.ts'
import { postgresqlQuery } from '../../src/modules/postgresql-query.ts'
import { postgresqlUser } from '../../src/modules/postgresql-user.ts'
import { labHost } from '../helpers/lab.ts'
import { labShell } from '../helpers/lab-shell.ts'
import { ask } from '../helpers/scratch.ts'
import { type Settled, settle } from '../helpers/settle.ts'

// One real server; the tests build on each other, from a host without PostgreSQL to one whose server is down.

const host = labHost(test)
const prefix = () => labShell(host())
const on = async (script: string): Promise<string> => (await host().run(script)).stdout.trim()
/** As the superuser, by psql itself. */
const psql = (...statements: string[]) =>
  on(`cd /; runuser -u postgres -- psql -X -A -t ${statements.map((one) => `-c ${quote(one)}`).join(' ')}`)

const LOGIN = { user: 'postgres', port: 5432 }
const ODD = `o'd"d\\ Na=me $x`
const PASSWORD = `p'a"s\\s %w$(id)`
const HBA = '/etc/postgresql/15/main/pg_hba.conf'
const SYNAPSE = { name: 'synapse', owner: 'synapse_user', encoding: 'utf-8', lc_collate: 'C', lc_ctype: 'C' }

/** Applies, compares what was planned, and sees that the second application plans nothing. */
async function settles(t: ExecutionContext, module: AnyModule, params: object, planned: string[]): Promise<Settled> {
  const note = JSON.stringify(params)
  const first = await settle(module, params, { prefix: prefix() })
  t.falsy(first.result.failed, `${note}: ${first.result.msg}`)
  t.deepEqual(
    first.changes.map(({ summary }) => summary),
    planned,
    note,
  )
  const second = await settle(module, params, { prefix: prefix() })
  t.deepEqual([second.changes, second.result.changed], [[], false], `${note}: second application`)
  return first
}

async function fails(t: ExecutionContext, module: AnyModule, params: object, msg: RegExp): Promise<void> {
  const { result } = await settle(module, params, { prefix: prefix() })
  t.true(result.failed, JSON.stringify(params))
  t.regex(String(result.msg), msg)
}

const logsIn = (user: string, password: string, where: string, database = 'postgres') =>
  on(`PGPASSWORD=${quote(password)} psql -X -A -t -w ${where} -U ${quote(user)} -d ${database} -c 'SELECT 1' 2>&1`)

test.serial('without PostgreSQL every module says what is missing, and a dry run can leave it open', async (t) => {
  const tasks: [AnyModule, object][] = [
    [postgresqlUser, { name: 'x' }],
    [postgresqlDb, { name: 'x' }],
    [postgresqlPrivs, { login_db: 'x', roles: 'y', type: 'database', privs: 'ALL' }],
    [postgresqlAlterSystem, { param: 'work_mem', value: '4MB' }],
    [postgresqlQuery, { query: 'SELECT 1' }],
  ]
  for (const [module, params] of tasks) await fails(t, module, params, /: there is no psql on the host: install postgresql-client$/)
  await fails(t, postgresqlPgHba, { dest: HBA, contype: 'local' }, /does not exist: is PostgreSQL installed/)
  const fact = sql({ login: LOGIN, database: 'postgres', query: 'SELECT 1' })
  t.true(fact.kind.isAbsent!(await ask(fact, prefix())))
})

test.serial('a role with a password logs in by TCP; the second run changes nothing', async (t) => {
  t.timeout(300_000)
  await on('apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends postgresql')
  const wanted = { name: 'synapse_user', password: PASSWORD, conn_limit: 30, comment: "Synapse's", role_attr_flags: 'NOCREATEDB' }
  const { result } = await settles(t, postgresqlUser, wanted, [
    'create role synapse_user: LOGIN, NOCREATEDB, with a password, connection limit -1 → 30, comment',
  ])
  t.regex((result.queries as string[])[0]!, /PASSWORD '\*{8}' CONNECTION LIMIT 30$/)
  t.is(await logsIn('synapse_user', PASSWORD, '-h 127.0.0.1'), '1')
  t.regex(await logsIn('synapse_user', 'wrong', '-h 127.0.0.1'), /password authentication failed/)
})

test.serial('a password changed by hand, with SCRAM or MD5, is set back', async (t) => {
  for (const [encryption, summary] of [
    ['scram-sha-256', 'role synapse_user: password'],
    ['md5', 'role synapse_user: password md5 → scram-sha-256'],
  ] as const) {
    await psql(`SET password_encryption = '${encryption}'`, "ALTER ROLE synapse_user PASSWORD 'byhand'")
    await settles(t, postgresqlUser, { name: 'synapse_user', password: PASSWORD }, [summary])
    t.is(await logsIn('synapse_user', PASSWORD, '-h 127.0.0.1'), '1')
  }
})

/** Stands before psql in the search path, and writes down what it is given. */
const SPY = `printf '%s\\n' '#!/bin/sh' 'printf "%s " "$0" "$@" >>/tmp/seen; env >>/tmp/seen' 'exec /usr/bin/psql "$@"' >/usr/local/bin/psql
chmod 755 /usr/local/bin/psql; : >/tmp/seen; chmod 666 /tmp/seen`

test.serial('the password is nowhere: not in the log of a server that logs all, nor in a command line or environment', async (t) => {
  await settles(t, postgresqlAlterSystem, { param: 'log_statement', value: 'all' }, ['log_statement: none → all'])
  await on(SPY)
  const secret = 'Seekrit_1234'
  await settles(t, postgresqlUser, { name: 'hidden', password: secret }, ['create role hidden: LOGIN, with a password'])
  await fails(t, postgresqlUser, { name: 'pg_hidden', password: secret }, /^role name "pg_hidden" is reserved DETAIL: /)
  t.is(await on('grep -c -e Seekrit -e SCRAM /tmp/seen'), '0')
  t.not(await on('grep -c dbname= /tmp/seen'), '0')
  t.is(await on('cat /var/log/postgresql/*.log | grep -c Seekrit'), '0')
  t.not(await on('cat /var/log/postgresql/*.log | grep -c "ROLE \\"pg_hidden\\""'), '0')
  await on('rm /usr/local/bin/psql')
  await settles(t, postgresqlAlterSystem, { param: 'log_statement', value: '_RESET' }, ['reset log_statement'])
})

test.serial("Synapse's database; another locale is refused, another owner repaired", async (t) => {
  await settles(t, postgresqlDb, SYNAPSE, ['create database synapse (owner synapse_user, utf-8, locale C)'])
  const found = `SELECT pg_encoding_to_char(encoding),datcollate,datctype,pg_get_userbyid(datdba) FROM pg_database WHERE datname='synapse'`
  t.is(await psql(found), 'UTF8|C|C|synapse_user')
  await fails(
    t,
    postgresqlDb,
    { ...SYNAPSE, lc_ctype: 'C.UTF-8' },
    /^database synapse: lc_ctype is C, not C\.UTF-8\. That cannot be changed/,
  )
  await fails(t, postgresqlDb, { name: 'other', lc_collate: 'xx_XX.UTF-8' }, /^invalid locale name: "xx_XX\.UTF-8"/)
  await psql('ALTER DATABASE synapse OWNER TO postgres')
  await settles(t, postgresqlDb, SYNAPSE, ['database synapse: owner postgres → synapse_user'])
  await fails(t, postgresqlUser, { name: 'synapse_user', state: 'absent' }, /it owns something or has privileges in database synapse/)
})

test.serial('any name will do', async (t) => {
  const user = { name: ODD, password: 'x', expires: '2040-01-01' }
  await settles(t, postgresqlUser, user, [`create role ${ODD}: LOGIN, with a password, expires never → 2040-01-01`])
  await settles(t, postgresqlDb, { name: ODD, owner: ODD, maintenance_db: 'template1' }, [`create database ${ODD} (owner ${ODD})`])
  await settles(t, postgresqlPrivs, { login_db: ODD, roles: ['synapse_user'], type: 'database', privs: 'CREATE' }, [
    `grant CREATE on database ${ODD} to synapse_user`,
  ])
  const query = { login_db: ODD, query: `SELECT current_database() AS ${identifier(ODD)}, %s AS text`, positional_args: [ODD] }
  const { result } = await settle(postgresqlQuery, query, { prefix: prefix() })
  t.deepEqual(result.query_result, [{ [ODD]: ODD, text: ODD }])
  await settles(t, postgresqlDb, { name: ODD, state: 'absent' }, [`remove database ${ODD}`])
  await settles(t, postgresqlUser, { name: ODD, state: 'absent' }, [`remove role ${ODD}`])
})

test.serial('names and texts come back from the server as they were', async (t) => {
  const texts = ["'", '"', '\\', "\\'", '$$', 'a\tb', 'line\nbreak', 'ä€😀', ':x', ';', '\\gexec', '%s', ' ']
  const columns = texts.map((text, i) => `${literal(text)} AS ${identifier(`${text}${i}`)}`)
  const answer = await ask(sql({ login: LOGIN, database: 'postgres', query: `SELECT ${columns.join(', ')}` }), prefix())
  t.deepEqual(answer.rows, [Object.fromEntries(texts.map((text, i) => [`${text}${i}`, text]))])
})

const OBJECTS = `CREATE TABLE "T a"(i serial); CREATE VIEW v AS SELECT 1 AS x;
CREATE FUNCTION add(a int, b int) RETURNS int LANGUAGE sql AS $$ SELECT a + b; $$`

test.serial('privileges: what differs is granted, passed on, revoked', async (t) => {
  const base = { login_db: 'synapse', roles: 'reader' }
  const privs = (params: object, ...planned: string[]) => settles(t, postgresqlPrivs, { ...base, ...params }, planned)
  await settles(t, postgresqlUser, { name: 'reader', role_attr_flags: 'NOLOGIN' }, ['create role reader: NOLOGIN'])
  await settle(postgresqlQuery, { login_db: 'synapse', query: OBJECTS }, { prefix: prefix() })
  await privs({ privs: 'SELECT', objs: 'ALL_IN_SCHEMA' }, 'grant SELECT on table ALL_IN_SCHEMA in schema public to reader')
  const passedOn = await privs(
    { privs: 'ALL', objs: 'T a', grant_option: true },
    'grant ALL on table T a in schema public to reader with grant option',
  )
  t.deepEqual(passedOn.result.queries, ['GRANT ALL PRIVILEGES ON TABLE public."T a" TO "reader" WITH GRANT OPTION'])
  await privs(
    { privs: 'INSERT', objs: 'T a', grant_option: false },
    'grant INSERT on table T a in schema public to reader without grant option',
  )
  await privs({ privs: 'ALL', objs: 'T a,v', state: 'absent' }, 'revoke ALL on table T a, v in schema public from reader')
  await privs(
    { privs: 'USAGE', objs: 'ALL_IN_SCHEMA', type: 'sequence' },
    'grant USAGE on sequence ALL_IN_SCHEMA in schema public to reader',
  )
  await privs(
    { roles: 'PUBLIC', privs: 'EXECUTE', objs: 'add(int:int)', type: 'function', state: 'absent' },
    'revoke EXECUTE on function add(int:int) in schema public from PUBLIC',
  )
  await privs({ privs: 'USAGE,CREATE', objs: 'public', type: 'schema' }, 'grant USAGE, CREATE on schema public to reader')
  await privs(
    { roles: 'PUBLIC', privs: 'CONNECT,TEMP', type: 'database', state: 'absent' },
    'revoke CONNECT, TEMPORARY on database synapse from PUBLIC',
  )
  const defaults = { privs: 'ALL', objs: 'ALL_DEFAULT', type: 'default_privs', target_roles: 'synapse_user' }
  for (const schema of [{}, { schema: 'public' }]) {
    await privs({ ...defaults, ...schema }, 'grant ALL on default_privs TABLES, SEQUENCES, FUNCTIONS, TYPES to reader')
    await privs({ ...defaults, ...schema, state: 'absent' }, 'revoke ALL on default_privs TABLES, SEQUENCES, FUNCTIONS, TYPES from reader')
  }
  await privs({ objs: 'synapse_user', type: 'group', grant_option: true }, 'grant group synapse_user to reader with admin option')
  await privs({ objs: 'synapse_user', type: 'group', state: 'absent' }, 'revoke group synapse_user from reader')
  await fails(t, postgresqlPrivs, { ...base, roles: 'nobody', privs: 'SELECT', objs: 'v' }, /there is no role nobody$/)
})

test.serial('parameters: compared in their own units, and waiting for a restart they are left alone', async (t) => {
  const parameter = (param: string, value: unknown, ...planned: string[]) => settles(t, postgresqlAlterSystem, { param, value }, planned)
  await parameter('work_mem', '8MB', 'work_mem: 4096kB → 8MB')
  await parameter('Work_Mem', 8192)
  await psql('ALTER SYSTEM RESET work_mem')
  await parameter('work_mem', '_RESET', 'reset work_mem')
  const { result } = await parameter('shared_buffers', '64MB', 'shared_buffers: 16384 × 8kB → 64MB (in force after a restart)')
  t.like(result, { restart_required: true, executed_queries: [`ALTER SYSTEM SET "shared_buffers" = '64MB'`] })
  await on('systemctl restart postgresql@15-main')
  const after = await parameter('shared_buffers', '65536kB')
  t.like(after.result, { restart_required: false, value: '8192' })
  await parameter('shared_buffers', '_RESET', 'reset shared_buffers (in force after a restart)')
  const list = 'auto_explain, pg_prewarm'
  await parameter('session_preload_libraries', list, `session_preload_libraries: '' → ${list}`)
  t.is(await psql('SELECT 1'), '1')
  await parameter('session_preload_libraries', '_RESET', 'reset session_preload_libraries')
  await fails(t, postgresqlAlterSystem, { param: 'work_mem', value: '1kB' }, /outside the valid range/)
  await fails(t, postgresqlAlterSystem, { param: 'no_such', value: '1' }, /there is no parameter no_such/)
})

test.serial('queries: reading changes nothing, writing only what it met, a failing one leaves nothing', async (t) => {
  const query = async (text: string | string[], more: object = {}) =>
    (await settle(postgresqlQuery, { login_db: 'synapse', query: text, ...more }, { prefix: prefix() })).result
  t.like(await query('CREATE TABLE q(i int PRIMARY KEY, t text)'), { changed: true, statusmessage: 'CREATE TABLE' })
  const text = `it's \\ "x"\n;`
  const insert = 'INSERT INTO q VALUES (%s, %s) ON CONFLICT DO NOTHING RETURNING *'
  t.like(await query(insert, { positional_args: [1, text] }), { changed: true, query_result: [{ i: 1, t: text }] })
  t.like(await query(insert, { positional_args: [1, text] }), { changed: false, statusmessage: 'INSERT 0 0' })
  t.like(await query('SELECT count(*) AS n FROM q -- how many'), { changed: false, query_result: [{ n: 1 }], rowcount: 1 })
  t.like(await query(['INSERT INTO q VALUES (2)', 'SELECT 1/0']), { failed: true, msg: 'division by zero ' })
  t.like(await query('SELECT count(*) AS n FROM q'), { query_result: [{ n: 1 }] })
  await query(`CREATE FUNCTION writes() RETURNS int LANGUAGE sql AS $$ INSERT INTO q VALUES (9); SELECT 1; $$`)
  t.like(await query('SELECT writes() AS w'), { query_result: [{ w: 1 }] })
  t.like(await query('SELECT * FROM q WHERE i = 9 FOR UPDATE'), { rowcount: 1, changed: false })
  t.like(await query('VACUUM q', { autocommit: true }), { statusmessage: 'VACUUM' })
  t.like(await query('SELECT 1; \\! touch /tmp/escaped'), { failed: true })
  t.is(await on('ls /tmp/escaped 2>/dev/null'), '')
})

test.serial('pg_hba.conf: the rule goes where it has an effect, and comes back when deleted', async (t) => {
  const before = await on(`cat ${HBA}`)
  const rule = { dest: HBA, contype: 'local', databases: 'synapse', users: 'synapse_user' }
  await settles(t, postgresqlPgHba, rule, ['rule added: local synapse synapse_user scram-sha-256'])
  t.is(await on(`stat -c '%a %U %G' ${HBA}; grep -v synapse ${HBA}`), `640 postgres postgres\n${before}`)
  t.is(await psql('SELECT count(*) FROM pg_hba_file_rules WHERE error IS NOT NULL'), '0')
  await on('systemctl restart postgresql@15-main')
  t.is(await logsIn('synapse_user', PASSWORD, '', 'synapse'), '1')
  await on(`sed -i /synapse/d ${HBA}; echo '# drift' >>${HBA}`)
  await settles(t, postgresqlPgHba, rule, ['rule added: local synapse synapse_user scram-sha-256'])
  t.is(await on(`grep -v synapse ${HBA}`), `${before}\n# drift`)
  const quoted = { dest: HBA, contype: 'host', users: ['+dba team'], method: 'ldap', options: 'ldapserver=x ldapsuffix=", x"' }
  await settles(t, postgresqlPgHba, quoted, ['rule added: host all +"dba team" samehost ldap ldapserver=x ldapsuffix=", x"'])
  t.is(await psql("SELECT user_name, options[2] FROM pg_hba_file_rules WHERE auth_method = 'ldap'"), '{"+dba team"}|ldapsuffix=, x')
})

test.serial('a server that is down is a failure with its words', async (t) => {
  await on('systemctl stop postgresql@15-main')
  await fails(t, postgresqlUser, { name: 'x' }, /^role x: cannot log in to PostgreSQL: connection to server on socket .*No such file/)
  await fails(t, postgresqlQuery, { query: 'SELECT 1', login_host: '127.0.0.1' }, /Connection refused/)
  await fails(t, postgresqlQuery, { query: 'DROP TABLE x' }, /^database postgres: cannot log in to PostgreSQL: /)
})
