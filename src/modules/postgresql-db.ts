import { z } from 'zod'
import { defineModule } from '../module/define.ts'
import { bool, int } from '../module/params.ts'
import { databaseFacts, planDatabase } from './postgresql/database.ts'
import { executed } from './postgresql/execute.ts'
import { MAINTENANCE } from './postgresql/exists.ts'
import { loginNotes, loginParams, sqlName, sqlText } from './postgresql/login.ts'

const params = z
  .strictObject({
    name: sqlName()
      .meta({ aliases: ['db'] })
      .describe('The database.'),
    owner: sqlName().optional().describe('The role that owns it; that of the login for a new one. Given to another one when it differs.'),
    template: sqlName()
      .optional()
      .describe('What a new database is copied from: template0 when an encoding or a locale is given, otherwise template1.'),
    encoding: sqlText().optional().describe('Its character set, such as UTF8. That of one that is there must be the same.'),
    lc_collate: sqlText().optional().describe('Its order of text, such as C. That of one that is there must be the same.'),
    lc_ctype: sqlText().optional().describe('Its kinds of characters, such as C. That of one that is there must be the same.'),
    icu_locale: sqlText().optional().describe('Its ICU locale (PostgreSQL 15 or newer), with `locale_provider: icu`.'),
    locale_provider: z.enum(['libc', 'icu', 'builtin']).optional().describe('Whose locales it uses (PostgreSQL 15 or newer).'),
    tablespace: sqlName().optional().describe('Where its files are. One that is there is moved.'),
    conn_limit: int().optional().describe('How many connections it may have at once; -1 for any number.'),
    maintenance_db: sqlName().default(MAINTENANCE).describe('The database to log in to.'),
    force: bool().default(false).describe('Remove it even when someone is connected (PostgreSQL 13 or newer).'),
    state: z
      .enum(['present', 'absent'], {
        error: (issue) =>
          ['dump', 'restore', 'rename'].includes(String(issue.input))
            ? `state ${issue.input} is not supported: use a command with pg_dump, pg_restore or psql`
            : 'expected present or absent',
      })
      .default('present')
      .describe('Whether the database is there.'),
    ...loginParams,
  })
  .refine((want) => want.icu_locale === undefined || want.locale_provider === 'icu', {
    error: 'icu_locale requires locale_provider: icu',
    path: ['icu_locale'],
  })

/** Databases of PostgreSQL. */
export const postgresqlDb = defineModule({
  name: 'postgresql_db',
  summary: 'Keep a database of PostgreSQL.',
  notes: [
    'The encoding and the locale of a database cannot be changed: where they differ, the task fails and says what is there.',
    'Different from Ansible: a new database with an encoding or a locale is made from template0 unless `template` says otherwise; from template1 it could not have another locale.',
    'Different from Ansible: no dump, restore or rename.',
    ...loginNotes,
  ],
  params,
  examples: [
    {
      title: 'As Synapse wants it',
      params: { name: 'synapse', owner: 'synapse_user', encoding: 'UTF8', lc_collate: 'C', lc_ctype: 'C', template: 'template0' },
    },
    { title: 'Gone, whoever is connected', params: { name: 'old', state: 'absent', force: true } },
  ],
  returns: { db: 'The database.', executed_commands: 'The statements that were run.' },
  facts: databaseFacts,
  plan: planDatabase,
  result: (want, _is, outputs) => ({ db: want.name, executed_commands: executed(outputs) }),
})
