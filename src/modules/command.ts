import { z } from 'zod'
import { defineModule } from '../module/define.ts'
import { bool, text } from '../module/params.ts'
import { join, raw, sh } from '../module/shell.ts'
import { type CommandLine, splitCommand } from './command/command-line.ts'
import {
  commandFacts,
  commandNotes,
  commandParams,
  commandPlan,
  commandResult,
  commandReturns,
  inlineParameter,
} from './command/command-task.ts'
import { expandWords } from './command/expand-words.ts'

const params = z.strictObject({
  cmd: text().optional().describe('The command line, split into words by quotes and backslashes; also what a task’s plain text means.'),
  argv: z.array(text(), { error: 'expected a list of words' }).optional().describe('The command as a list of words, instead of `cmd`.'),
  expand_argument_vars: bool()
    .default(true)
    .describe('Whether `$NAME` and a leading `~` in words stand for the host’s variables and homes; what is unknown stays as written.'),
  executable: text().optional().describe('Accepted and not used, as in Ansible since 2.4: there is no shell here.'),
  ...commandParams,
})

const words = (want: z.output<typeof params>): CommandLine => (want.argv ? { words: want.argv } : splitCommand(want.cmd ?? ''))

export const command = defineModule({
  name: 'command',
  summary: 'Run a command without a shell.',
  notes: ['No pipes, redirections, patterns or `;`: for those there is `shell`.', ...commandNotes],
  freeForm: 'cmd',
  params,
  examples: [
    { title: 'Plain', params: 'systemctl --version' },
    {
      title: 'Only when its product is missing',
      params: { cmd: '/usr/bin/make_database.sh db_user db_name', creates: '/path/to/database' },
    },
    { title: 'Words with spaces', params: { argv: ['/usr/bin/touch', '/srv/a file'], chdir: '/srv' } },
    { title: 'Something to read', params: { cmd: 'chpasswd', stdin: '<%= user %>:<%= password %>', unless: 'test -e /etc/done' } },
  ],
  returns: commandReturns,
  facts: commandFacts,
  plan: (want, is) => {
    const line = words(want)
    if (want.cmd !== undefined && want.argv !== undefined) return { changes: [], failure: 'only command or argv can be given, not both' }
    if (!line.words) return { changes: [], failure: line.why }
    if (line.words.length === 0) return { changes: [], failure: 'no command given' }
    const failure = want.cmd === undefined ? undefined : inlineParameter(want.cmd)
    if (failure !== undefined) return { changes: [], failure }
    const command = want.expand_argument_vars ? expandWords(line.words) : { before: raw(':'), words: line.words.map((word) => sh`${word}`) }
    return commandPlan(want, is, command, want.cmd ?? join([sh`${line.words}`], '').text)
  },
  result: (want, is, outputs) => ({
    ...commandResult(want, is, outputs, words(want).words ?? []),
    ...(want.executable !== undefined && {
      warnings: [`the parameter 'executable' is no longer supported with the 'command' module: not using '${want.executable}'`],
    }),
  }),
})
