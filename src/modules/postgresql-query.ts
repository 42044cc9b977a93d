import { z } from 'zod'
import { defineModule } from '../module/define.ts'
import { bool } from '../module/params.ts'
import { argumentProblem } from './postgresql/arguments.ts'
import { loginNotes, loginParams, sqlName, sqlText } from './postgresql/login.ts'
import { planQuery, queryFacts, queryResult } from './postgresql/query.ts'
import { splitStatements } from './postgresql/statement.ts'

const params = z
  .strictObject({
    query: z
      .union([z.array(sqlText()), sqlText()], { error: 'expected SQL' })
      .transform((value) => (Array.isArray(value) ? value : [value]))
      .refine((texts) => texts.length > 0 && texts.every((one) => splitStatements(one).length > 0), {
        error: 'there is no statement in it',
      })
      .describe('A statement or several; a list runs one after another.'),
    login_db: sqlName()
      .default('postgres')
      .meta({ aliases: ['db'] })
      .describe('The database to run it in.'),
    positional_args: z
      .array(z.unknown())
      .optional()
      .describe('Values for each %s of the query, quoted as they need; lists are arrays, mappings JSON.'),
    named_args: z.record(z.string(), z.unknown()).optional().describe('Values for %(name)s of the query.'),
    autocommit: bool()
      .default(false)
      .describe('Each statement by itself instead of all in one transaction; VACUUM and CREATE DATABASE need that.'),
    ...loginParams,
  })
  .superRefine((want, context) => {
    for (const query of want.query) {
      const message = argumentProblem(query, want)
      if (message !== undefined) context.addIssue({ code: 'custom', path: ['query'], message })
    }
  })

/** Statements of SQL. */
export const postgresqlQuery = defineModule({
  name: 'postgresql_query',
  summary: 'Run SQL statements.',
  notes: [
    'What only reads (SELECT, SHOW, VALUES, WITH without writing) is asked in a read-only transaction, ahead and in a dry run too, and changes nothing. It must not have effects: known functions that do something (pg_reload_conf, nextval …) are noticed and run in their turn, your own ones are not unless they write.',
    'All else runs each time, and counts as changed unless it met no row.',
    'Rows come as JSON from the server. Those of EXPLAIN, and of a WITH that writes, are not returned.',
    'A dump is not for this module: use a command with psql.',
    ...loginNotes,
  ],
  params,
  examples: [
    { title: 'Ask', params: { login_db: 'synapse', query: 'SELECT name, admin FROM users ORDER BY name' } },
    {
      title: 'With values',
      params: { login_db: 'synapse', query: 'UPDATE users SET admin = 1 WHERE name = %s', positional_args: ['@me:example.org'] },
    },
    { title: 'Outside a transaction', params: { login_db: 'synapse', query: 'VACUUM ANALYZE', autocommit: true } },
  ],
  returns: {
    query: 'The last query, its arguments in place.',
    query_list: 'All queries.',
    query_result: 'Rows of the last query, each a mapping by column.',
    query_all_results: 'Rows of each query.',
    rowcount: 'How many rows were given, inserted, updated or deleted, in all.',
    statusmessage: "PostgreSQL's word on the last: `SELECT 2`, `CREATE TABLE`.",
  },
  facts: queryFacts,
  plan: planQuery,
  result: (want, { answers }, outputs) => queryResult(want, answers, outputs),
})
