import { z } from 'zod'
import { glob } from '../../facts/glob.ts'
import { test } from '../../facts/test.ts'
import { commandScript } from '../../module/command-script.ts'
import type { Answers, ModuleResult, Output, Plan } from '../../module/define.ts'
import { run } from '../../module/define.ts'
import { bool, path, text } from '../../module/params.ts'
import type { Sh } from '../../module/shell.ts'
import { commandOutput } from './command-output.ts'

/** The parameters that `command` and `shell` share. */
export const commandParams = {
  chdir: path().optional().describe('The directory to run in; also what relative `creates` and `removes` are relative to.'),
  creates: path().optional().describe('A path or pattern: when something matches, the command is not run.'),
  removes: path().optional().describe('A path or pattern: when nothing matches, the command is not run.'),
  unless: text().optional().describe('Shell text that only looks: when it ends with 0, the command is not run. Not in Ansible.'),
  only_if: text().optional().describe('Shell text that only looks: unless it ends with 0, the command is not run. Not in Ansible.'),
  stdin: text().optional().describe('What the command reads on its stdin; nothing without it.'),
  stdin_add_newline: bool().default(true).describe('Whether a newline is added to `stdin`.'),
  strip_empty_ends: bool().default(true).describe('Whether newlines at the end of stdout and stderr are left out of the result.'),
  warn: z.never({ error: '`warn` is gone, in Ansible since 2.14: delete it' }).optional().describe('Refused: Ansible removed it in 2.14.'),
}

export const commandNotes = [
  'Without `creates`, `removes`, `unless` or `only_if` it runs every time and counts as changed; say `changed_when: false` when it only reads.',
  '`unless` and `only_if` are asked ahead, also in a dry run, so they must change nothing; they run under /bin/sh, without the task’s `environment`.',
  'The `creates=…` of old playbooks, inside the command line, is refused: write it as a parameter.',
  '`start`, `end` and `delta` are times of the controller’s clock.',
  'What a command is given as arguments can be seen by every user of the host; give it secrets by `stdin`.',
]

export const commandReturns = {
  cmd: 'What was run: a list of words for command, text for shell.',
  rc: 'The exit code; 128 and more when a signal ended it. 0 when there was nothing to do.',
  stdout: 'What it wrote, as UTF-8.',
  stderr: 'What it wrote to stderr.',
  stdout_lines: 'stdout, a list of its lines.',
  stderr_lines: 'stderr, a list of its lines.',
  start: 'When it began, "2026-01-31 07:05:09.042000".',
  end: 'When it ended.',
  delta: 'How long it took, "0:00:01.250000".',
  msg: 'Why it failed, or why there was nothing to do.',
}

type Want = z.output<z.ZodObject<typeof commandParams>>

/** What must be known to tell whether the command is to run. */
export const commandFacts = (want: Want) => {
  const dir = want.chdir === undefined ? {} : { dir: want.chdir }
  return {
    creates: want.creates === undefined ? undefined : glob({ pattern: want.creates, ...dir }),
    removes: want.removes === undefined ? undefined : glob({ pattern: want.removes, ...dir }),
    unless: want.unless === undefined ? undefined : test({ script: want.unless, ...dir }),
    onlyIf: want.only_if === undefined ? undefined : test({ script: want.only_if, ...dir }),
  }
}

type Is = Answers<ReturnType<typeof commandFacts>>

function reasonNotTo(want: Want, is: Is): string | undefined {
  if (is.creates === true) return `skipped, since ${want.creates} exists`
  if (is.removes === false) return `skipped, since ${want.removes} does not exist`
  if (is.unless === true) return 'skipped, since the command of "unless" succeeded'
  if (is.onlyIf === false) return 'skipped, since the command of "only_if" failed'
  return undefined
}

/** One change that runs the command, or none and the reason. */
export function commandPlan(want: Want, is: Is, command: { before: Sh; words: readonly Sh[] }, shown: string): Plan {
  const message = reasonNotTo(want, is)
  if (message !== undefined) return { changes: [], message }
  const facts = commandFacts(want)
  const stdin = want.stdin ? `${want.stdin}${want.stdin_add_newline ? '\n' : ''}` : undefined
  return {
    changes: [
      {
        summary: `run ${summarize(shown)}`,
        steps: [
          run(commandScript(command, want.chdir), {
            anyExit: true,
            live: true,
            userEnvironment: true,
            ...(stdin !== undefined && { stdin }),
          }),
        ],
        makes: [facts.creates?.will(true), facts.removes?.will(false), facts.unless?.will(true), facts.onlyIf?.will(false)].filter(
          (one) => one !== undefined,
        ),
        opaque: true,
      },
    ],
  }
}

/** The result of what `commandPlan` planned; without an output it was not run. */
export function commandResult(want: Want, is: Is, outputs: readonly Output[], cmd: string | readonly string[]): ModuleResult {
  const [output] = outputs
  if (output) return commandOutput(cmd, output, want.strip_empty_ends)
  const reason = reasonNotTo(want, is)
  const stdout = reason ?? ''
  return {
    cmd,
    rc: 0,
    stdout,
    stderr: '',
    stdout_lines: stdout === '' ? [] : [stdout],
    stderr_lines: [],
    start: null,
    end: null,
    delta: null,
    ...(reason === undefined ? { msg: 'Command would have run if not in check mode' } : { changed: false, msg: reason }),
  }
}

const LONGEST_SUMMARY = 100

function summarize(shown: string): string {
  const [line = '', ...more] = shown.trim().split('\n')
  return line.length > LONGEST_SUMMARY || more.length > 0 ? `${line.slice(0, LONGEST_SUMMARY).trimEnd()} …` : line
}

const INLINE = /(?:^|\s)((?:creates|removes|chdir|executable)=\S+)\s*$/

/** Why a command line with a parameter of Ansible's old `name=value` form in it is not run. */
export function inlineParameter(line: string): string | undefined {
  const found = INLINE.exec(line)?.[1]
  if (found === undefined) return undefined
  const [name, value] = [found.slice(0, found.indexOf('=')), found.slice(found.indexOf('=') + 1)]
  return `"${found}" inside the command line is not understood: write "${name}: ${value}" as a parameter, beside "cmd:" or under "args:"`
}
