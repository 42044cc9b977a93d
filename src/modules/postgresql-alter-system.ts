import { z } from 'zod'
import { defineModule } from '../module/define.ts'
import { executed } from './postgresql/execute.ts'
import { loginNotes, loginParams, sqlName, sqlText } from './postgresql/login.ts'
import { planSetting, settingFacts, settingOf } from './postgresql/setting.ts'

/** Parameters of a server, kept in its postgresql.auto.conf by ALTER SYSTEM. */
export const postgresqlAlterSystem = defineModule({
  name: 'postgresql_alter_system',
  summary: 'Keep a parameter of a PostgreSQL server.',
  notes: [
    'Written by ALTER SYSTEM, then the configuration is read anew. Some parameters need a restart: the result says so in `restart_required`, and so it does in later runs until the restart has happened.',
    'Values are compared as PostgreSQL counts them: 128MB is 131072kB is 16384 where the unit is 8kB.',
    'Different from Ansible: `_RESET` changes something only when the parameter is in postgresql.auto.conf, or what is in force is still from there.',
    'Names of a list (shared_preload_libraries, search_path …) are separated by commas.',
    ...loginNotes,
  ],
  params: z.strictObject({
    param: sqlText()
      .refine((name) => /^[A-Za-z_][\w$]*(\.[A-Za-z_][\w$]*)*$/.test(name), { error: 'expected the name of a parameter' })
      .meta({ aliases: ['name'] })
      .describe('The parameter.'),
    value: z
      .union([z.string(), z.number(), z.boolean()], { error: 'expected a value' })
      .transform((value) => (typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value)))
      .refine((value) => !/[\0\n\r]/.test(value), { error: 'a value is one line' })
      .describe('Its value, with or without a unit (`128MB`, `10min`); `_RESET` takes it out of postgresql.auto.conf.'),
    login_db: sqlName()
      .default('postgres')
      .meta({ aliases: ['db'] })
      .describe('The database to log in to.'),
    ...loginParams,
  }),
  examples: [
    { title: 'Memory', params: { param: 'shared_buffers', value: '256MB' } },
    { title: 'Where it listens', params: { param: 'listen_addresses', value: 'localhost,172.17.0.1' } },
    { title: 'Back to what postgresql.conf says', params: { param: 'work_mem', value: '_RESET' } },
  ],
  returns: {
    attrs: 'What is fixed of the parameter: unit, context, vartype, min_val, max_val, boot_val.',
    value: 'What is in force now, in the unit of the parameter.',
    executed_queries: 'The statement that was run.',
    restart_required: 'Whether the value waits for a restart of the server.',
  },
  facts: settingFacts,
  plan: planSetting,
  result: (_want, { setting }, outputs) => {
    const is = settingOf(setting)
    if (!is) return { executed_queries: [], restart_required: false }
    const { unit, context, vartype, min_val, max_val, boot_val } = is
    return {
      attrs: { unit, context, vartype, min_val, max_val, boot_val },
      value: is.setting,
      executed_queries: executed(outputs),
      restart_required: is.pending_restart,
    }
  },
})
