import type { Login } from '../../facts/psql.ts'
import { sql } from '../../facts/sql.ts'
import { identifier, literal, literals } from '../../facts/sql-text.ts'

export const PRIVILEGE_TYPES = ['table', 'sequence', 'function', 'procedure', 'schema', 'database', 'default_privs', 'group'] as const
export type PrivilegeType = (typeof PRIVILEGE_TYPES)[number]

/** All objects of the kind in the schema, instead of a list of names. */
export const ALL_IN_SCHEMA = 'ALL_IN_SCHEMA'

/** What default privileges are of: their kinds in pg_default_acl and for acldefault(). */
export const DEFAULT_KINDS: Readonly<Record<string, { readonly stored: string; readonly acl: string }>> = {
  TABLES: { stored: 'r', acl: 'r' },
  SEQUENCES: { stored: 'S', acl: 's' },
  FUNCTIONS: { stored: 'f', acl: 'f' },
  TYPES: { stored: 'T', acl: 'T' },
  SCHEMAS: { stored: 'n', acl: 'n' },
}

/** Whose privileges are asked. */
export interface Objects {
  readonly type: PrivilegeType
  readonly objs: readonly string[]
  readonly schema: string | undefined
  readonly targetRoles: readonly string[]
}

/** One object, and who may do what to it. A grantee of null is PUBLIC. */
export interface ObjectAcl {
  /** As it was asked for. */
  readonly name: string
  /** As a statement has it. */
  readonly sql: string
  /** The role whose default privileges these are. */
  readonly target: string | null
  /** All privileges that objects of the kind know here (PostgreSQL 17 added MAINTAIN). */
  readonly every: readonly string[]
  readonly acl: readonly { readonly role: string | null; readonly privilege: string; readonly grantable: boolean }[]
}

/** Name and arguments of a function: `add(int:int)` as Ansible writes it, colons for commas. */
const signature = (schema: string, name: string): string => {
  const [, bare = name, args = ''] = /^(.*?)\((.*)\)$/s.exec(name) ?? []
  return `${identifier(schema)}.${identifier(bare.trim())}(${args.replaceAll(':', ',')})`
}

/** SELECT of name, sql, target, kind (of acldefault), owner and acl of the objects. */
function source({ type, objs, schema: chosen, targetRoles }: Objects): string {
  const schema = chosen ?? 'public'
  const all = objs[0] === ALL_IN_SCHEMA
  const names = literals(objs)
  switch (type) {
    case 'table':
    case 'sequence':
      return `SELECT relname AS name, format('%I.%I', nspname, relname) AS sql, NULL AS target, ${type === 'table' ? "'r'" : "'s'"} AS kind, relowner AS owner, relacl AS acl
FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = ${literal(schema)} AND relkind IN (${type === 'table' ? "'r', 'v', 'm', 'f', 'p'" : "'S'"})${all ? '' : ` AND relname IN (${names})`}`
    case 'function':
    case 'procedure': {
      const found = `pg_proc p JOIN pg_namespace n ON n.oid = pronamespace`
      const what = `format('%I.%I(%s)', nspname, proname, pg_get_function_identity_arguments(p.oid)) AS sql, NULL AS target, 'f' AS kind, proowner AS owner, proacl AS acl`
      const kinds = `prokind ${type === 'procedure' ? "= 'p'" : "<> 'p'"}`
      if (all) return `SELECT proname AS name, ${what} FROM ${found} WHERE nspname = ${literal(schema)} AND ${kinds}`
      const wanted = objs.map((name) => `(${literal(name)}, ${literal(signature(schema, name))})`).join(', ')
      return `SELECT w.name, ${what} FROM (VALUES ${wanted}) w(name, signature) JOIN ${found} ON p.oid = to_regprocedure(w.signature) WHERE ${kinds}`
    }
    case 'schema':
      return `SELECT nspname AS name, format('%I', nspname) AS sql, NULL AS target, 'n' AS kind, nspowner AS owner, nspacl AS acl FROM pg_namespace WHERE nspname IN (${names})`
    case 'database':
      return `SELECT datname AS name, format('%I', datname) AS sql, NULL AS target, 'd' AS kind, datdba AS owner, datacl AS acl FROM pg_database WHERE datname IN (${names})`
    default: {
      const kinds = objs.map((name) => `(${literal(name)}, ${literal(DEFAULT_KINDS[name]!.stored)}, ${literal(DEFAULT_KINDS[name]!.acl)})`)
      const namespace = chosen === undefined ? '0' : `(SELECT oid FROM pg_namespace WHERE nspname = ${literal(chosen)})`
      const roles = targetRoles.length === 0 ? 'rolname = current_user' : `rolname IN (${literals(targetRoles)})`
      return `SELECT k.name, k.name AS sql, rolname AS target, k.kind, r.oid AS owner, defaclacl AS acl
FROM (VALUES ${kinds.join(', ')}) k(name, stored, kind) CROSS JOIN pg_roles r
LEFT JOIN pg_default_acl ON defaclrole = r.oid AND defaclobjtype::text = k.stored AND defaclnamespace = ${namespace} WHERE ${roles}`
    }
  }
}

/**
 * Privileges as aclexplode() tells them; an object without any recorded has those of acldefault(), except that default privileges of a
 * schema are added to the others. What was granted by others than the owner is left out.
 */
const acls = (objects: Objects): string => `SELECT name, sql, target,
(SELECT json_agg(DISTINCT privilege_type) FROM aclexplode(acldefault(kind::"char", owner)) WHERE grantee = owner) AS every,
(SELECT coalesce(json_agg(json_build_object('role', CASE WHEN grantee <> 0 THEN pg_get_userbyid(grantee) END, 'privilege', privilege_type, 'grantable', is_grantable)), '[]')
FROM aclexplode(${objects.type === 'default_privs' && objects.schema !== undefined ? 'acl' : `coalesce(acl, acldefault(kind::"char", owner))`}) WHERE grantor = owner) AS acl
FROM (${source(objects)}) o ORDER BY name, sql, target`

/** Members of roles, as privileges of the one kind MEMBER on them. */
const members = ({
  objs,
}: Objects): string => `SELECT g.rolname AS name, format('%I', g.rolname) AS sql, NULL AS target, '["MEMBER"]'::json AS every,
(SELECT coalesce(json_agg(json_build_object('role', pg_get_userbyid(m.member), 'privilege', 'MEMBER', 'grantable', m.admin)), '[]')
FROM (SELECT member, bool_or(admin_option) AS admin FROM pg_auth_members WHERE roleid = g.oid GROUP BY member) m) AS acl
FROM pg_roles g WHERE g.rolname IN (${literals(objs)}) ORDER BY 1`

/** One row for each object that is there, an `ObjectAcl`. */
export const objectAcls = (login: Login, database: string, objects: Objects) =>
  sql({ login, database, query: objects.type === 'group' ? members(objects) : acls(objects) })
