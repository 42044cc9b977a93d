import { rowsAs, type SqlAnswer } from '../../facts/sql.ts'
import { identifier } from '../../facts/sql-text.ts'
import type { Change, Plan } from '../../module/define.ts'
import { ALL_IN_SCHEMA, type ObjectAcl, type Objects, objectAcls, type PrivilegeType } from './acl.ts'
import { execute } from './execute.ts'
import { databaseExists, isForeseen, isPresent, roleExists, whyNot } from './exists.ts'
import { type LoginWant, loginOf } from './login.ts'

/** What postgresql_privs wants. */
export interface PrivilegeWant extends LoginWant {
  readonly login_db: string
  readonly roles: readonly string[]
  readonly privs?: readonly string[] | undefined
  readonly type: PrivilegeType
  readonly objs?: readonly string[] | undefined
  readonly schema?: string | undefined
  readonly target_roles?: readonly string[] | undefined
  readonly grant_option?: boolean | undefined
  readonly fail_on_role: boolean
  readonly state: 'present' | 'absent'
}

const isPublic = (role: string): boolean => role.toUpperCase() === 'PUBLIC'

const objectsOf = (want: PrivilegeWant): Objects => ({
  type: want.type,
  objs: want.objs ?? (want.type === 'database' ? [want.login_db] : []),
  schema: want.schema,
  targetRoles: want.target_roles ?? [],
})

const roleNames = (want: PrivilegeWant): string[] =>
  [...new Set([...want.roles, ...(want.target_roles ?? [])])].filter((role) => !isPublic(role))

export const privilegeFacts = (want: PrivilegeWant) => {
  const login = loginOf(want)
  return {
    roles: roleNames(want).map((name) => roleExists(login, name)),
    database: databaseExists(login, want.login_db),
    objects: objectAcls(login, want.login_db, objectsOf(want)),
  }
}

interface Known {
  readonly roles: readonly SqlAnswer[]
  readonly database: SqlAnswer
  readonly objects: SqlAnswer
}

export function planPrivileges(want: PrivilegeWant, { roles, database, objects: answer }: Known): Plan {
  const what = `privileges in database ${want.login_db}`
  const failure = [database, ...roles].map((one) => whyNot(one, what)).find((why) => why !== undefined)
  if (failure !== undefined) return { changes: [], failure }
  if (!isPresent(database)) return { changes: [], failure: `${what}: there is no such database` }
  const missing = roleNames(want).filter((_, i) => !isPresent(roles[i]!))
  const target = want.target_roles?.find((role) => missing.includes(role))
  if (target !== undefined || (missing.length > 0 && want.fail_on_role))
    return { changes: [], failure: `${what}: there is no role ${target ?? missing.join(', ')}` }
  const grantees = want.roles.filter((role) => !missing.includes(role))
  if (answer.rows === undefined && !isForeseen(database)) return { changes: [], failure: whyNot(answer, what)! }
  const wanted = objectsOf(want)
  const found = rowsAs<ObjectAcl>(answer) ?? foreseen(wanted, database.rows?.[0]?.owner)
  const gone = wanted.objs.filter((name) => name !== ALL_IN_SCHEMA && !found.some((one) => one.name === name))
  if (gone.length > 0) return { changes: [], failure: `${what}: there is no ${want.type} ${gone.join(', ')}${schemaOf(want)}` }
  const statements = found.flatMap((object) => statementsFor(want, object, grantees))
  if (statements.length === 0) return { changes: [] }
  return { changes: [change(want, statements, answer, grantees)] }
}

const schemaOf = ({ type, schema }: PrivilegeWant): string =>
  ['table', 'sequence', 'function', 'procedure'].includes(type) ? ` in schema ${schema ?? 'public'}` : ''

/** What everyone may do to something new (PostgreSQL manual, 5.7). */
const TO_PUBLIC: Readonly<Record<string, readonly string[]>> = {
  'database ': ['CONNECT', 'TEMPORARY'],
  'schema public': ['USAGE'],
  'default_privs FUNCTIONS': ['EXECUTE'],
  'default_privs TYPES': ['USAGE'],
}

/** Of a database that a dry run would make, nothing can be asked: its objects are taken to be there, as new ones are. */
function foreseen({ type, objs, schema, targetRoles }: Objects, owner: unknown): ObjectAcl[] {
  const every = type === 'database' ? ['CREATE', 'CONNECT', 'TEMPORARY'] : []
  return objs
    .filter((name) => name !== ALL_IN_SCHEMA)
    .map((name) => {
      const common = schema === undefined ? (TO_PUBLIC[`${type} ${type === 'database' ? '' : name}`] ?? []) : []
      const acl = [
        ...common.map((privilege) => ({ role: null, privilege, grantable: false })),
        ...(typeof owner === 'string' ? every.map((privilege) => ({ role: owner, privilege, grantable: false })) : []),
      ]
      return { name, sql: name, target: targetRoles[0] ?? null, every, acl }
    })
}

const privilegesOf = (want: PrivilegeWant, object: ObjectAcl): readonly string[] =>
  want.type === 'group' || want.privs?.includes('ALL') ? object.every : (want.privs ?? [])

const MISSING = { granted: false, grantable: false }

/** Who lacks what of an object, or has what is not to be. */
function statementsFor(want: PrivilegeWant, object: ObjectAcl, grantees: readonly string[]): string[] {
  const wanted = privilegesOf(want, object)
  const state = (role: string, privilege: string) => {
    const item = object.acl.find((one) => one.privilege === privilege && (isPublic(role) ? one.role === null : one.role === role))
    return item ? { granted: true, grantable: item.grantable } : MISSING
  }
  const who = (wrong: (is: { granted: boolean; grantable: boolean }) => boolean): string[] =>
    grantees.filter((role) => wanted.length === 0 || wanted.some((privilege) => wrong(state(role, privilege))))
  if (want.state === 'absent')
    return statement(
      want,
      object,
      'REVOKE',
      who(({ granted }) => granted),
    )
  return [
    ...statement(
      want,
      object,
      'GRANT',
      who(({ granted, grantable }) => !granted || (want.grant_option === true && !grantable)),
    ),
    ...(want.grant_option === false
      ? statement(
          want,
          object,
          'REVOKE OPTION',
          who(({ grantable }) => grantable),
        )
      : []),
  ]
}

function statement(want: PrivilegeWant, object: ObjectAcl, verb: 'GRANT' | 'REVOKE' | 'REVOKE OPTION', roles: readonly string[]): string[] {
  if (roles.length === 0) return []
  const group = want.type === 'group'
  const kind = want.type === 'default_privs' || group ? '' : `${want.type.toUpperCase()} `
  const privileges = group
    ? object.sql
    : `${want.privs?.includes('ALL') ? 'ALL PRIVILEGES' : want.privs?.join(', ')} ON ${kind}${object.sql}`
  const names = roles.map((role) => (isPublic(role) ? 'PUBLIC' : identifier(role))).join(', ')
  const option = group ? 'ADMIN OPTION' : 'GRANT OPTION'
  const text =
    verb === 'GRANT'
      ? `GRANT ${privileges} TO ${names}${want.grant_option ? ` WITH ${option}` : ''}`
      : `REVOKE ${verb === 'REVOKE' ? '' : `${option} FOR `}${privileges} FROM ${names}`
  if (want.type !== 'default_privs') return [text]
  const target = object.target === null ? '' : ` FOR ROLE ${identifier(object.target)}`
  return [`ALTER DEFAULT PRIVILEGES${target}${want.schema === undefined ? '' : ` IN SCHEMA ${identifier(want.schema)}`} ${text}`]
}

const change = (want: PrivilegeWant, statements: readonly string[], answer: SqlAnswer, grantees: readonly string[]): Change => {
  const privileges = want.type === 'group' ? '' : `${want.privs?.join(', ')} on `
  const on = `${privileges}${want.type} ${objectsOf(want).objs.join(', ')}${schemaOf(want)}`
  const verb = want.state === 'absent' ? ['revoke', 'from'] : ['grant', 'to']
  const option = want.type === 'group' ? 'admin option' : 'grant option'
  const passing = want.grant_option === undefined || want.state === 'absent' ? '' : ` ${want.grant_option ? 'with' : 'without'} ${option}`
  const fact = privilegeFacts(want).objects
  const known = rowsAs<ObjectAcl>(answer)
  return {
    summary: `${verb[0]} ${on} ${verb[1]} ${grantees.join(', ')}${passing}`,
    steps: [
      execute(
        loginOf(want),
        want.login_db,
        statements.map((sql) => ({ sql })),
      ),
    ],
    makes: known === undefined ? [] : [fact.will({ rows: known.map((one) => ({ ...granted(want, one, grantees) })) })],
    diff: { before: '', after: statements.map((one) => `${one};\n`).join('') },
  }
}

/** The privileges of an object once that was done. */
function granted(want: PrivilegeWant, object: ObjectAcl, grantees: readonly string[]): ObjectAcl {
  const wanted = privilegesOf(want, object)
  const concerned = (role: string | null, privilege: string) =>
    wanted.includes(privilege) && grantees.some((one) => (isPublic(one) ? role === null : role === one))
  const others = object.acl.filter((one) => !concerned(one.role, one.privilege))
  if (want.state === 'absent') return { ...object, acl: others }
  const mine = grantees.flatMap((grantee) => {
    const role = isPublic(grantee) ? null : grantee
    return wanted.map((privilege) => {
      const before = object.acl.find((one) => one.role === role && one.privilege === privilege)
      return { role, privilege, grantable: want.grant_option ?? before?.grantable ?? false }
    })
  })
  return { ...object, acl: [...others, ...mine] }
}
