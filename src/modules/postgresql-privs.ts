import { z } from 'zod'
import { hasNul } from '../facts/sql-text.ts'
import { defineModule } from '../module/define.ts'
import { bool, list } from '../module/params.ts'
import { ALL_IN_SCHEMA, DEFAULT_KINDS, PRIVILEGE_TYPES } from './postgresql/acl.ts'
import { executed } from './postgresql/execute.ts'
import { loginNotes, loginParams, sqlName } from './postgresql/login.ts'
import { planPrivileges, privilegeFacts } from './postgresql/privileges.ts'

const PRIVILEGES = [
  ...['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN'],
  ...['CREATE', 'CONNECT', 'TEMPORARY', 'EXECUTE', 'USAGE', 'ALL'],
]

const names = () => list().refine((found) => found.length > 0 && !found.some(hasNul), { error: 'expected names' })

/** TEMP is TEMPORARY, `ALL PRIVILEGES` is ALL. */
const privilege = (text: string): string => {
  const word = text.toUpperCase()
  return word === 'TEMP' ? 'TEMPORARY' : word === 'ALL PRIVILEGES' ? 'ALL' : word
}

const params = z
  .strictObject({
    login_db: sqlName()
      .meta({ aliases: ['database', 'db'] })
      .describe('The database that the objects are in.'),
    roles: names()
      .meta({ aliases: ['role'] })
      .describe('Who gets or loses them; PUBLIC is everyone.'),
    privs: list()
      .transform((found) => found.map(privilege))
      .optional()
      .meta({ aliases: ['priv'] })
      .describe('Privileges, such as SELECT, INSERT or ALL. Not for the type group.'),
    type: z
      .enum(PRIVILEGE_TYPES)
      .default('table')
      .describe('What the objects are. `table` means views too; `group` is membership in the roles that `objs` names.'),
    objs: names()
      .optional()
      .meta({ aliases: ['obj'] })
      .describe(
        `The objects; ${ALL_IN_SCHEMA} for all tables, sequences, functions or procedures of the schema. For default_privs TABLES, SEQUENCES, FUNCTIONS, TYPES, SCHEMAS, or ALL_DEFAULT for the first four. For database \`login_db\` unless given. Functions as name(type:type).`,
      ),
    schema: sqlName()
      .optional()
      .describe('The schema of the objects: public, unless given. For default_privs that of future objects: any, unless given.'),
    target_roles: names().optional().describe('With default_privs: whose future objects; those of the login unless given.'),
    grant_option: bool()
      .optional()
      .meta({ aliases: ['admin_option'] })
      .describe('Whether they may pass it on. Unset: kept.'),
    fail_on_role: bool().default(true).describe('Whether a role that is not there is a failure; otherwise it is passed over.'),
    state: z.enum(['present', 'absent']).default('present').describe('Whether they have the privileges.'),
    ...loginParams,
  })
  .transform((want) => (want.objs?.[0] === 'ALL_DEFAULT' ? { ...want, objs: ['TABLES', 'SEQUENCES', 'FUNCTIONS', 'TYPES'] } : want))
  .superRefine((want, context) => {
    const issue = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message })
    if (want.type === 'group' && want.privs !== undefined)
      issue('privs', 'type group has no privs: `objs` names the roles to be a member of')
    if (want.type !== 'group' && !want.privs?.length) issue('privs', `privs is required with type ${want.type}`)
    const unknown = want.privs?.find((one) => !PRIVILEGES.includes(one))
    if (unknown !== undefined) issue('privs', `unknown privilege ${unknown}: known are ${PRIVILEGES.join(', ')}`)
    if (want.objs === undefined && want.type !== 'database') issue('objs', `objs is required with type ${want.type}`)
    if (want.objs?.includes(ALL_IN_SCHEMA) && (want.objs.length > 1 || !['table', 'sequence', 'function', 'procedure'].includes(want.type)))
      issue('objs', `${ALL_IN_SCHEMA} stands alone, and for tables, sequences, functions and procedures`)
    const kind = want.type === 'default_privs' ? want.objs?.find((one) => !(one in DEFAULT_KINDS)) : undefined
    if (kind !== undefined) issue('objs', `default_privs knows ${Object.keys(DEFAULT_KINDS).join(', ')} and ALL_DEFAULT, not ${kind}`)
    if (want.schema !== undefined && ['schema', 'database', 'group'].includes(want.type))
      issue('schema', `schema has no meaning with type ${want.type}`)
    if (want.target_roles !== undefined && want.type !== 'default_privs')
      issue('target_roles', 'target_roles is for type default_privs only')
    if (want.type === 'group' && want.roles.some((role) => role.toUpperCase() === 'PUBLIC'))
      issue('roles', 'PUBLIC cannot be a member of a role')
  })

/** Privileges on PostgreSQL's objects, and membership in roles. */
export const postgresqlPrivs = defineModule({
  name: 'postgresql_privs',
  summary: 'Grant or revoke privileges in PostgreSQL.',
  notes: [
    'Only what differs is granted or revoked. Privileges that others than the owner of an object have given are neither counted nor revoked.',
    'Different from Ansible: PUBLIC is compared too, so a second run changes nothing. Types language, tablespace, type, foreign_data_wrapper and foreign_server are not known.',
    ...loginNotes,
  ],
  params,
  examples: [
    { title: 'Read everything in a schema', params: { login_db: 'synapse', roles: 'reader', privs: 'SELECT', objs: ALL_IN_SCHEMA } },
    {
      title: 'And what is created there later',
      params: {
        login_db: 'synapse',
        roles: 'reader',
        privs: 'SELECT',
        type: 'default_privs',
        objs: 'TABLES',
        target_roles: 'synapse_user',
      },
    },
    {
      title: 'Nobody connects unasked',
      params: { login_db: 'synapse', roles: 'PUBLIC', privs: 'CONNECT,TEMP', type: 'database', state: 'absent' },
    },
    { title: 'Membership in a role', params: { login_db: 'postgres', roles: 'alice,bob', type: 'group', objs: 'reader' } },
  ],
  returns: { queries: 'The statements that were run.' },
  facts: privilegeFacts,
  plan: planPrivileges,
  result: (_want, _is, outputs) => ({ queries: executed(outputs) }),
})
