import { type Row, type SqlAnswer, sql } from '../../facts/sql.ts'
import { identifier, literal } from '../../facts/sql-text.ts'
import type { Change, Plan } from '../../module/define.ts'
import { MASK, type Secret } from '../../secrets/secret.ts'
import { execute, type Statement } from './execute.ts'
import { roleExists, whyNot, willExist } from './exists.ts'
import { type LoginWant, loginOf } from './login.ts'
import { isVerifier, matchesVerifier, scramVerifier } from './scram.ts'

/** What postgresql_user wants of a role. */
export interface RoleWant extends LoginWant {
  readonly name: string
  readonly password?: Secret | undefined
  readonly role_attr_flags: string
  readonly expires?: string | undefined
  readonly conn_limit?: number | undefined
  readonly no_password_changes: boolean
  readonly comment?: string | undefined
  readonly login_db: string
  readonly state: 'present' | 'absent'
  readonly fail_on_user: boolean
}

/** Attributes by their column of pg_roles (CREATE ROLE in PostgreSQL's manual). */
const COLUMNS: Readonly<Record<string, string>> = {
  SUPERUSER: 'rolsuper',
  CREATEROLE: 'rolcreaterole',
  CREATEDB: 'rolcreatedb',
  INHERIT: 'rolinherit',
  LOGIN: 'rolcanlogin',
  REPLICATION: 'rolreplication',
  BYPASSRLS: 'rolbypassrls',
}

/** A new role, as CREATE ROLE makes it when nothing is said. */
const NEW: Row = {
  ...Object.fromEntries(Object.values(COLUMNS).map((column) => [column, column === 'rolinherit'])),
  rolconnlimit: -1,
  expiry: null,
  comment: null,
}

/** "CREATEDB,NOSUPERUSER" to attributes and whether each is wanted. */
const flagsOf = (text: string): [attribute: string, wanted: boolean][] =>
  text
    .toUpperCase()
    .split(',')
    .map((flag) => flag.trim())
    .filter((flag) => flag !== '')
    .map((flag) => (flag in COLUMNS || !flag.startsWith('NO') ? [flag, true] : [flag.slice(2), false]))

export function flagsProblem(text: string): string | undefined {
  const flags = flagsOf(text)
  const unknown = flags.find(([attribute]) => !(attribute in COLUMNS))
  if (unknown) return `unknown attribute ${unknown[0]}: known are ${Object.keys(COLUMNS).join(', ')}, each also with NO before`
  const twice = flags.find(([attribute, wanted]) => flags.some((other) => other[0] === attribute && other[1] !== wanted))
  return twice && `${twice[0]} and NO${twice[0]} contradict each other`
}

/** Why a password cannot be given. PostgreSQL normalizes others than ASCII by SASLprep (RFC 4013), which is not done here. */
export function passwordProblem(password: string): string | undefined {
  if (/^md5[0-9a-f]{32}$/.test(password))
    return 'MD5 hashes are refused: PostgreSQL gives them up, and whoever has one can log in with it. Give the password or a SCRAM-SHA-256 verifier'
  if (/^SCRAM-SHA-256\$/.test(password) && !isVerifier(password)) return 'this is no whole SCRAM-SHA-256 verifier'
  if (!/^[\x20-\x7e]*$/.test(password)) return 'a password must be printable ASCII; give the SCRAM-SHA-256 verifier of another one'
  return undefined
}

/** What is asked of a role in the same words whatever a task wants of it, so that a dry run of one believes what another predicted. */
const askRole = (want: RoleWant) => {
  const [login, database] = [loginOf(want), want.login_db]
  const query = `SELECT rolname, ${Object.values(COLUMNS).join(', ')}, rolconnlimit, rolvaliduntil::text AS expiry,
shobj_description(oid, 'pg_authid') AS comment FROM pg_roles WHERE rolname = ${literal(want.name)}`
  return {
    role: sql({ login, database, query }),
    // what is kept of the password: only a superuser may read it, so it is asked only where one is given
    password: sql({ login, database, query: `SELECT rolpassword FROM pg_authid WHERE rolname = ${literal(want.name)}` }),
  }
}

export const roleFacts = (want: RoleWant) => {
  const [login, database] = [loginOf(want), want.login_db]
  const { role, password } = askRole(want)
  const dependents = `SELECT d.deptype, b.datname FROM pg_shdepend d JOIN pg_roles r ON r.oid = d.refobjid
LEFT JOIN pg_database b ON b.oid = d.dbid OR (d.dbid = 0 AND d.classid = 'pg_database'::regclass AND b.oid = d.objid)
WHERE d.refclassid = 'pg_authid'::regclass AND r.rolname = ${literal(want.name)} GROUP BY 1, 2 ORDER BY 1, 2`
  return {
    role,
    password: want.password === undefined ? undefined : password,
    // as the server writes it
    expires:
      want.expires === undefined
        ? undefined
        : sql({ login, database, query: `SELECT ${literal(want.expires)}::timestamptz::text AS expiry` }),
    // randomness of the host's, so that a plan needs none of its own
    salt:
      want.password === undefined ? undefined : sql({ login, database, query: `SELECT replace(gen_random_uuid()::text, '-', '') AS salt` }),
    dependents: want.state === 'absent' ? sql({ login, database, query: dependents }) : undefined,
  }
}

interface Known {
  readonly role: SqlAnswer
  readonly password: SqlAnswer | undefined
  readonly expires: SqlAnswer | undefined
  readonly salt: SqlAnswer | undefined
  readonly dependents: SqlAnswer | undefined
}

export function planRole(want: RoleWant, { role, password: kept, expires, salt, dependents }: Known): Plan {
  const failure = [role, kept, expires, salt, dependents]
    .map((answer) => answer && whyNot(answer, `role ${want.name}`))
    .find((why) => why !== undefined)
  if (failure !== undefined) return { changes: [], failure }
  const is = role.rows![0]
  if (want.state === 'absent') return is ? removal(want, dependents!.rows!) : { changes: [] }
  const [options, reasons, becomes] = [[] as Statement[], [] as string[], {} as Record<string, unknown>]
  const set = (sql: string, column: string, value: unknown, reason: string, shown = sql) => {
    options.push({ sql, shown })
    becomes[column] = value
    reasons.push(reason)
  }
  const flags = flagsOf(want.role_attr_flags)
  if (!is && !flags.some(([attribute]) => attribute === 'LOGIN')) flags.unshift(['LOGIN', true])
  for (const [attribute, wanted] of flags) {
    const flag = `${wanted ? '' : 'NO'}${attribute}`
    if (is?.[COLUMNS[attribute]!] !== wanted) set(flag, COLUMNS[attribute]!, wanted, flag)
  }
  const password = passwordChange(want, is && kept?.rows?.[0], is !== undefined, salt?.rows?.[0])
  if (password) set(password.sql, 'rolpassword', password.kept, password.reason, password.shown)
  if (want.conn_limit !== undefined && (is?.rolconnlimit ?? -1) !== want.conn_limit)
    set(
      `CONNECTION LIMIT ${want.conn_limit}`,
      'rolconnlimit',
      want.conn_limit,
      `connection limit ${is?.rolconnlimit ?? -1} → ${want.conn_limit}`,
    )
  const expiry = expires?.rows?.[0]?.expiry
  if (want.expires !== undefined && (is?.expiry ?? null) !== expiry)
    set(`VALID UNTIL ${literal(want.expires)}`, 'expiry', expiry, `expires ${is?.expiry ?? 'never'} → ${want.expires}`)
  const statements: Statement[] = []
  const verb = is ? 'ALTER' : 'CREATE'
  const words = (of: (one: Statement) => string) => `${verb} ROLE ${identifier(want.name)} WITH ${options.map(of).join(' ')}`
  if (options.length > 0) statements.push({ sql: words(({ sql }) => sql), shown: words(({ sql, shown }) => shown ?? sql) })
  if (want.comment !== undefined && (is?.comment ?? '') !== want.comment) {
    statements.push({ sql: `COMMENT ON ROLE ${identifier(want.name)} IS ${want.comment === '' ? 'NULL' : literal(want.comment)}` })
    becomes.comment = want.comment === '' ? null : want.comment
    reasons.push('comment')
  }
  if (statements.length === 0) return { changes: [] }
  return {
    changes: [change(want, `${is ? '' : 'create '}role ${want.name}: ${reasons.join(', ')}`, statements, { ...(is ?? NEW), ...becomes })],
  }
}

/** What is to be said of the password, if anything: it never leaves in clear. */
function passwordChange(want: RoleWant, is: Row | undefined, exists: boolean, salt: Row | undefined) {
  if (want.password === undefined || (exists && want.no_password_changes)) return undefined
  const password = want.password.reveal()
  const kept = typeof is?.rolpassword === 'string' ? is.rolpassword : undefined
  if (password === '')
    return kept === undefined ? undefined : { sql: 'PASSWORD NULL', shown: 'PASSWORD NULL', kept: null, reason: 'no password' }
  if (kept !== undefined && matchesVerifier(password, kept)) return undefined
  const verifier = isVerifier(password) ? password : scramVerifier(password, Buffer.from(String(salt?.salt), 'hex'))
  const reason = kept?.startsWith('md5') ? 'password md5 → scram-sha-256' : exists ? 'password' : 'with a password'
  return { sql: `PASSWORD ${literal(verifier)}`, shown: `PASSWORD '${MASK}'`, kept: verifier, reason }
}

function change(want: RoleWant, summary: string, statements: Statement[], becomes: Row | undefined): Change {
  const [login, database] = [loginOf(want), want.login_db]
  const { role, password } = askRole(want)
  const { rolpassword, ...row } = becomes ?? {}
  const kept = (before: SqlAnswer | undefined): Row =>
    rolpassword === undefined ? (before?.rows?.[0] ?? { rolpassword: null }) : { rolpassword }
  return {
    summary,
    steps: [execute(login, database, statements)],
    makes: [
      role.will({ rows: becomes ? [{ rolname: want.name, ...row }] : [] }),
      password.will((before) => ({ rows: becomes ? [kept(before)] : [] })),
      ...willExist(roleExists, login, want.name, [want.login_db], becomes),
    ],
  }
}

function removal(want: RoleWant, dependents: readonly Row[]): Plan {
  if (dependents.length > 0) {
    const where = [...new Set(dependents.map(({ datname }) => (datname === null ? 'the cluster' : `database ${datname}`)))].join(', ')
    const message = `role ${want.name} cannot be removed: it owns something or has privileges in ${where}`
    return want.fail_on_user
      ? { changes: [], failure: `${message} (DROP OWNED BY or REASSIGN OWNED BY it first)` }
      : { changes: [], message }
  }
  return { changes: [change(want, `remove role ${want.name}`, [{ sql: `DROP ROLE ${identifier(want.name)}` }], undefined)] }
}
