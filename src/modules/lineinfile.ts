import { z } from 'zod'
import { defineModule } from '../module/define.ts'
import { bool, text } from '../module/params.ts'
import { editLines } from './files/line-edit.ts'
import { pattern, templateProblem } from './files/pattern.ts'
import { editFacts, editMore, editParams, editResult, planEdit, readText } from './files/text-edit.ts'

const EMPTY_REGEXP =
  'The regular expression is an empty string, which will match every line in the file. ' +
  'This may have unintended consequences, such as replacing the last line in the file rather than appending. ' +
  "If this is desired, use '^' to match every line in the file and avoid this warning."
const EMPTY_SEARCH =
  'The search string is an empty string, which will match every line in the file. ' +
  'This may have unintended consequences, such as replacing the last line in the file rather than appending.'

/** Ansible's lineinfile. */
export const lineinfile = defineModule({
  name: 'lineinfile',
  summary: 'Keep a line in a text file, or keep it out.',
  notes: [
    "Regular expressions are in Python's syntax and are matched line by line. Conditional and atomic groups, possessive quantifiers and flags for a part of an expression are refused.",
    'A line that is there anywhere already is not added again, whatever `insertafter` or `insertbefore` say; with a `regexp` or `search_string` that matches, they are not looked at.',
    'Different from Ansible: a `line` of several lines counts as present where these stand one after another, so it is not added at every run. A newline at its end is left out.',
    'Different from Ansible: `firstmatch` does not hide a line that is there further down.',
    'When the file changes, a line ending CR LF of a replaced line becomes LF; all others stay.',
  ],
  params: z
    .strictObject({
      ...editParams,
      state: z.enum(['present', 'absent']).default('present').describe('Whether the line is to be there.'),
      line: text()
        .optional()
        .meta({ aliases: ['value'] })
        .describe('The line. Required when it is to be present. With `backrefs` it may hold \\1 or \\g<name>.'),
      regexp: pattern()
        .optional()
        .meta({ aliases: ['regex'] })
        .describe('Which line to replace (the last that matches), or which lines to remove (all that match).'),
      search_string: text().optional().describe('Like `regexp`, but literal text to be found in the line.'),
      backrefs: bool().default(false).describe('Put the groups of `regexp` into `line`. When nothing matches, the file is left as it is.'),
      insertafter: pattern()
        .optional()
        .describe('Where a new line goes: after the last line that matches, or `EOF`, the end (the default).'),
      insertbefore: pattern().optional().describe('Where a new line goes: before the last line that matches, or `BOF`, the beginning.'),
      firstmatch: bool().default(false).describe('Take the first line that matches instead of the last.'),
      create: bool()
        .default(false)
        .describe('Make the file, and the directories it is in, when it is missing. Otherwise that is a failure.'),
    })
    .superRefine((want, context) => {
      const issue = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message })
      if (want.regexp !== undefined && want.search_string !== undefined)
        issue('search_string', 'parameters are mutually exclusive: regexp|search_string')
      if (want.insertafter !== undefined && want.insertbefore !== undefined)
        issue('insertbefore', 'parameters are mutually exclusive: insertbefore|insertafter')
      if (want.state === 'present') {
        if (want.line === undefined) issue('line', 'line is required with state=present')
        if (want.backrefs && want.regexp === undefined) issue('backrefs', 'regexp is required with backrefs=true')
        const why = want.backrefs && want.regexp !== undefined ? templateProblem(want.line ?? '', want.regexp) : undefined
        if (why !== undefined) issue('line', why)
      } else if (want.line === undefined && want.regexp === undefined && want.search_string === undefined)
        issue('state', 'one of line, search_string, or regexp is required with state=absent')
    }),
  examples: [
    {
      title: 'A setting, replaced where it is and added at the end where it is not',
      params: {
        path: '/etc/ssh/sshd_config',
        regexp: '^#?PasswordAuthentication',
        line: 'PasswordAuthentication no',
        validate: 'sshd -t -f %s',
      },
    },
    { title: 'A new line at its place', params: { path: '/etc/hosts', insertafter: '^127\\.0\\.0\\.1', line: '10.0.0.5 matrix.lan' } },
    {
      title: 'Part of a line kept',
      params: { path: '/etc/default/grub', regexp: '^(GRUB_CMDLINE_LINUX=".*)quiet(.*")$', line: '\\1\\2', backrefs: true },
    },
    { title: 'Lines removed', params: { path: '/etc/sudoers', state: 'absent', regexp: '^%wheel' } },
  ],
  returns: {
    msg: '`line added`, `line replaced`, or how many lines were removed.',
    found: 'How many lines were removed.',
    backup: 'Path of the old file; empty when none was kept.',
  },
  facts: editFacts,
  more: editMore,
  plan: (want, is) => {
    const read = readText(want, is)
    if ('failure' in read) return { changes: [], failure: read.failure }
    if (read.text === undefined) {
      if (want.state === 'absent') return { changes: [], message: 'file not present' }
      if (!want.create) return { changes: [], failure: `Path ${want.path} does not exist !` }
      if (want.backrefs) return { changes: [] }
    }
    return planEdit(want, is, read.text, editLines(read.text ?? '', want))
  },
  result: (want, is, outputs) => {
    const result = editResult(want, is, outputs)
    const warnings = [...(want.regexp === '' ? [EMPTY_REGEXP] : []), ...(want.search_string === '' ? [EMPTY_SEARCH] : [])]
    return {
      ...result,
      ...(want.state === 'absent' && { found: Number(result.found ?? 0) }),
      ...(warnings.length > 0 && { warnings }),
    }
  },
})
