import { z } from 'zod'
import { defineModule } from '../module/define.ts'
import { bool, int, secret } from '../module/params.ts'
import { executed } from './postgresql/execute.ts'
import { loginNotes, loginParams, sqlName, sqlText } from './postgresql/login.ts'
import { flagsProblem, passwordProblem, planRole, roleFacts } from './postgresql/role.ts'

const params = z
  .strictObject({
    name: sqlName()
      .meta({ aliases: ['user'] })
      .describe('The role.'),
    password: secret()
      .superRefine((value, context) => {
        const message = passwordProblem(value.reveal())
        if (message !== undefined) context.addIssue({ code: 'custom', message })
      })
      .optional()
      .describe('Its password, or a SCRAM-SHA-256 verifier of one. Empty: no password. Unset: kept.'),
    role_attr_flags: sqlText()
      .superRefine((value, context) => {
        const message = flagsProblem(value)
        if (message !== undefined) context.addIssue({ code: 'custom', message })
      })
      .default('')
      .describe(
        'Attributes, with commas: SUPERUSER, CREATEROLE, CREATEDB, INHERIT, LOGIN, REPLICATION, BYPASSRLS, or with NO before. Others are kept.',
      ),
    expires: sqlText().optional().describe('When the password ends to be valid, as PostgreSQL reads a timestamp; `infinity` for never.'),
    conn_limit: int().optional().describe('How many connections it may have at once; -1 for any number.'),
    no_password_changes: bool().default(false).describe('Give a password only to a role that is created.'),
    comment: sqlText().optional().describe('A comment on the role.'),
    login_db: sqlName()
      .default('postgres')
      .meta({ aliases: ['db'] })
      .describe('The database to log in to.'),
    state: z.enum(['present', 'absent']).default('present').describe('Whether the role is there.'),
    fail_on_user: bool()
      .default(true)
      .meta({ aliases: ['fail_on_role'] })
      .describe('Whether it is a failure that a role cannot be removed, because it owns something or has privileges.'),
    ...loginParams,
  })
  .refine((want) => !want.no_password_changes || want.password !== undefined, {
    error: 'no_password_changes requires password',
    path: ['no_password_changes'],
  })

/** Roles of PostgreSQL. */
export const postgresqlUser = defineModule({
  name: 'postgresql_user',
  summary: 'Keep a role of PostgreSQL.',
  notes: [
    'A new role may log in, unless `role_attr_flags` has NOLOGIN.',
    'The server gets only a SCRAM-SHA-256 verifier, never the password. Whether the password is right is told from what the server keeps, without logging in with it: one changed by hand is set back, an MD5 hash is replaced. That needs a superuser.',
    'Passwords are printable ASCII; of another one a verifier can be given. MD5 hashes are refused.',
    'Privileges are for postgresql_privs.',
    ...loginNotes,
  ],
  params,
  examples: [
    { title: 'A role that logs in with a password', params: { name: 'synapse_user', password: '<%= synapse_db_password %>' } },
    { title: 'May create databases, is no superuser', params: { name: 'builder', role_attr_flags: 'CREATEDB,NOSUPERUSER', conn_limit: 5 } },
    { title: 'Gone, unless something still belongs to it', params: { name: 'old_user', state: 'absent', fail_on_user: false } },
  ],
  returns: { user: 'The role.', queries: 'The statements that were run; passwords masked.' },
  facts: roleFacts,
  plan: planRole,
  result: (want, _is, outputs) => ({ user: want.name, queries: executed(outputs) }),
})
