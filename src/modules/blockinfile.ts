import { z } from 'zod'
import { defineModule } from '../module/define.ts'
import { bool } from '../module/params.ts'
import { editBlock } from './files/block-edit.ts'
import { pattern } from './files/pattern.ts'
import { editFacts, editMore, editParams, editResult, planEdit, readText } from './files/text-edit.ts'

const marker = () => z.string().refine((text) => !/[\r\n]/.test(text), { error: 'a marker is one line' })

/** Ansible's blockinfile. */
export const blockinfile = defineModule({
  name: 'blockinfile',
  summary: 'Keep a block of lines between two marker lines of a text file.',
  notes: [
    'Each block of a file needs a `marker` of its own.',
    "`insertafter` and `insertbefore` say where a new block goes; one that is there stays where it is. Expressions are in Python's syntax.",
    'Different from Ansible: a `marker` without `{mark}` does not make the block grow at every run: the last two lines that read like it enclose the block. Markers of several lines are refused.',
  ],
  params: z
    .strictObject({
      ...editParams,
      state: z.enum(['present', 'absent']).default('present').describe('Whether the block is to be there.'),
      block: z
        .union([z.string(), z.number()], { error: 'expected text' })
        .transform(String)
        .default('')
        .meta({ aliases: ['content'] })
        .describe('The lines between the markers. Empty: the block is removed, as with `state: absent`.'),
      marker: marker()
        .default('# {mark} ANSIBLE MANAGED BLOCK')
        .describe('The marker lines; `{mark}` stands for `marker_begin` and `marker_end`.'),
      marker_begin: marker().default('BEGIN').describe('What `{mark}` is in the first marker line.'),
      marker_end: marker().default('END').describe('What `{mark}` is in the last marker line.'),
      insertafter: pattern({ multiline: true }).optional().describe('After the last line that matches, or `EOF`, the end (the default).'),
      insertbefore: pattern({ multiline: true }).optional().describe('Before the last line that matches, or `BOF`, the beginning.'),
      multiline_search: bool()
        .default(false)
        .describe('Match `insertafter` and `insertbefore` against the whole text at once, and take the first match.'),
      create: bool()
        .default(false)
        .describe('Make the file, and the directories it is in, when it is missing. Otherwise that is a failure.'),
      append_newline: bool().default(false).describe('A blank line between the block and what follows it.'),
      prepend_newline: bool().default(false).describe('A blank line between the block and what stands before it.'),
      line_separator: z.enum(['lf', 'cr', 'crlf']).default('lf').describe('How the marker lines end, and the last line of the block.'),
    })
    .superRefine((want, context) => {
      if (want.insertafter !== undefined && want.insertbefore !== undefined)
        context.addIssue({ code: 'custom', path: ['insertbefore'], message: 'parameters are mutually exclusive: insertbefore|insertafter' })
    }),
  examples: [
    {
      title: 'A block at the end, checked before it is put in place',
      params: { path: '/etc/ssh/sshd_config', block: 'Match User backup\n    PasswordAuthentication no\n', validate: 'sshd -t -f %s' },
    },
    {
      title: 'One of several blocks, in the comments of another language',
      params: { path: '/etc/nginx/mime.types', marker: '  # {mark} matrix', insertafter: '^types', block: '  application/json map;' },
    },
    { title: 'A block removed', params: { path: '/etc/hosts', marker: '# {mark} lab hosts', state: 'absent' } },
  ],
  returns: {
    msg: '`Block inserted` (also when it was updated), `Block removed` or `File created`.',
    backup: 'Path of the old file; empty when none was kept.',
  },
  facts: editFacts,
  more: editMore,
  plan: (want, is) => {
    const read = readText(want, is)
    if ('failure' in read) return { changes: [], failure: read.failure }
    if (read.text === undefined) {
      if (want.state === 'absent') return { changes: [], message: `File ${want.path} not present` }
      if (!want.create) return { changes: [], failure: `Path ${want.path} does not exist !` }
    }
    return planEdit(want, is, read.text, editBlock(read.text, want))
  },
  result: (want, is, outputs) => editResult(want, is, outputs),
})
