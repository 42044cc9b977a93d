import { z } from 'zod'
import { defineModule } from '../module/define.ts'
import { bool, fileParams, path } from '../module/params.ts'
import { decodeText } from './files/host-text.ts'
import { editFacts, editMore, editResult, planEdit, readText } from './files/text-edit.ts'
import { editHba } from './postgresql/hba-edit.ts'
import { parseHba, writtenList } from './postgresql/hba-file.ts'
import { hbaWants, RULE_KEYS, ruleParams, ruleProblems, rulesProblem } from './postgresql/hba-params.ts'

const params = z
  .strictObject({
    dest: path()
      .meta({ aliases: ['path'] })
      .describe("The file: /etc/postgresql/VERSION/main/pg_hba.conf for Debian's cluster."),
    ...ruleParams,
    rules: z
      .array(z.strictObject(ruleParams))
      .optional()
      .describe(
        'Several rules, each with the parameters of one: contype, databases, users, address, netmask, method, options, comment, state.',
      ),
    rules_behavior: z
      .enum(['conflict', 'combine'])
      .default('conflict')
      .describe("With `rules`, the parameters of a rule beside it are refused (conflict), or what the rules don't say (combine)."),
    overwrite: bool().default(false).describe('Remove all other rules; comments stay. Needs a rule that is present.'),
    keep_comments_at_rules: bool()
      .default(true)
      .describe('Whether the comment behind a rule that changes stays there; otherwise it goes to a line of its own before it.'),
    sort_rules: bool()
      .refine((sort) => !sort, { error: 'sort_rules is not supported: rules keep their order, and a new one goes where it has an effect' })
      .default(false)
      .describe('Only false: rules are not sorted.'),
    create: bool().default(false).describe('Make the file when it is missing. Otherwise that is a failure.'),
    backup: bool().default(false).describe('Keep the old file as `PATH.PID.YYYY-MM-DD@HH:MM:SS~`.'),
    ...fileParams,
  })
  .superRefine((want, context) => {
    const issue = (at: (string | number)[], message: string) => context.addIssue({ code: 'custom', path: at, message })
    const given = RULE_KEYS.find((key) => want[key] !== undefined)
    if (want.rules !== undefined && want.rules_behavior === 'conflict' && given !== undefined)
      issue([given], `${given} stands beside rules: put it into the rules, or say rules_behavior: combine`)
    if (want.rules === undefined && given !== undefined && want.contype === undefined) issue(['contype'], 'contype is required for a rule')
    for (const [i, problem] of ruleProblems(want).entries())
      if (problem !== undefined) issue(want.rules ? ['rules', i] : ['contype'], problem)
    // rules that cannot be read are told of by themselves
    const together = context.issues.length === 0 ? rulesProblem(want) : undefined
    if (together) issue([together.at], together.message)
  })

const edit = (want: z.output<typeof params>) => ({
  ...want,
  path: want.dest,
  encoding: 'utf-8',
  validate: undefined,
  unsafe_writes: false,
})

/** Rules of pg_hba.conf: who may connect from where, and how he proves who he is. */
export const postgresqlPgHba = defineModule({
  name: 'postgresql_pg_hba',
  summary: "Keep rules of PostgreSQL's pg_hba.conf.",
  notes: [
    'PostgreSQL takes the first rule that fits a connection. So a new rule goes before the first one that would win over it, and one that can never be reached, because a wider one came before it, is moved there.',
    'Never before a `reject` that it is no exception to, so who is kept out stays out. Rules of one task keep their order where each can be reached that way; two different ones for the same connections are refused.',
    'A rule with the same contype, databases, users and address is replaced where it is. Every other byte of the file stays.',
    'Different from Ansible: the file is not sorted, and `method` is scram-sha-256 unless given, not md5.',
    'The server reads the file when it is reloaded: notify a handler that does that. Files that it includes are not looked into.',
    'With `dest` alone nothing is changed: the result has the rules.',
  ],
  params,
  examples: [
    {
      title: 'Synapse logs in with its password by the socket',
      params: { dest: '/etc/postgresql/15/main/pg_hba.conf', contype: 'local', databases: 'synapse', users: 'synapse_user' },
    },
    {
      title: 'Several rules',
      params: {
        dest: '/etc/postgresql/15/main/pg_hba.conf',
        rules_behavior: 'combine',
        contype: 'hostssl',
        rules: [
          { databases: 'synapse', users: 'synapse_user', address: '172.16.0.0/12' },
          { databases: 'old', users: 'all', address: 'all', state: 'absent' },
        ],
      },
    },
  ],
  returns: {
    msgs: 'What was done to each rule that was not as wanted.',
    pg_hba: 'The rules of the file: type, db, usr, src, method, options.',
    backup_file: 'Path of the old file, when one was kept.',
  },
  facts: (want) => editFacts(edit(want)),
  more: (want, is) => editMore(edit(want), is),
  plan: (want, is) => {
    const read = readText(edit(want), is)
    if ('failure' in read) return { changes: [], failure: read.failure }
    const wants = hbaWants(want)
    if (read.text === undefined && (!want.create || wants.length === 0))
      return { changes: [], failure: `${want.dest} does not exist: is PostgreSQL installed, and of this version?` }
    const edited = editHba(read.text ?? '', wants, { overwrite: want.overwrite, keepComments: want.keep_comments_at_rules })
    return planEdit(edit(want), is, read.text, { text: edited.text, msg: edited.msgs.join('; '), report: { msgs: edited.msgs.join('\n') } })
  },
  result: (want, is, outputs) => {
    const { msgs, backup, ...result } = editResult(edit(want), is, outputs)
    const text = is.content.bytes ? decodeText(is.content.bytes) : ''
    return {
      ...result,
      msgs: String(msgs ?? '')
        .split('\n')
        .filter((one) => one !== ''),
      pg_hba: parseHba(text).flatMap(({ rule }) =>
        rule
          ? [
              {
                type: rule.type,
                db: writtenList(rule.databases),
                usr: writtenList(rule.users),
                ...(rule.address !== undefined && { src: rule.address }),
                method: rule.method,
                ...(rule.options.length > 0 && { options: rule.options.join(' ') }),
              },
            ]
          : [],
      ),
    }
  },
})
