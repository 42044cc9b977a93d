import { z } from 'zod'
import { programWords } from '../module/command-script.ts'
import { defineModule } from '../module/define.ts'
import { path, text } from '../module/params.ts'
import {
  commandFacts,
  commandNotes,
  commandParams,
  commandPlan,
  commandResult,
  commandReturns,
  inlineParameter,
} from './command/command-task.ts'

export const shell = defineModule({
  name: 'shell',
  summary: 'Run a text as a shell program.',
  notes: ['A text over 100 KiB is read by the shell from /dev/fd/9 instead of being its argument, so none is too long.', ...commandNotes],
  freeForm: 'cmd',
  params: z.strictObject({
    cmd: text().optional().describe('The program, given to the shell as it is; also what a task’s plain text means.'),
    executable: path().default('/bin/sh').describe('The shell, an absolute path.'),
    ...commandParams,
  }),
  examples: [
    { title: 'A pipe', params: 'somescript.sh >> somelog.txt 2>&1' },
    { title: 'Only once', params: { cmd: 'pg_dump synapse > dump.sql', chdir: '/var/backups', creates: 'dump.sql' } },
    { title: 'Another shell', params: { cmd: 'cat < <(echo hi)', executable: '/bin/bash', unless: 'grep -q hi /etc/motd' } },
  ],
  returns: commandReturns,
  facts: commandFacts,
  plan: (want, is) => {
    const failure = want.cmd?.trim() ? inlineParameter(want.cmd) : 'no command given'
    if (failure !== undefined) return { changes: [], failure }
    return commandPlan(want, is, programWords(want.executable, want.cmd!), want.cmd!)
  },
  result: (want, is, outputs) => commandResult(want, is, outputs, want.cmd ?? ''),
})
