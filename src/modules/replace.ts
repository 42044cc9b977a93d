import { z } from 'zod'
import { defineModule } from '../module/define.ts'
import { text } from '../module/params.ts'
import { regex, search } from './files/line-edit.ts'
import { pattern, templateProblem } from './files/pattern.ts'
import { pythonRegex } from './files/python-regex.ts'
import { pythonTemplate } from './files/python-template.ts'
import { type Edit, editFacts, editMore, editParams, editResult, planEdit, readText } from './files/text-edit.ts'

interface ReplaceWant {
  readonly regexp: string
  readonly replace: string
  readonly after?: string | undefined
  readonly before?: string | undefined
}

const MULTILINE = { multiline: true }
const DOTALL = { dotAll: true }

/** The expression whose group `subsection` is the part to work on; undefined for the whole text. */
const section = ({ after, before }: Pick<ReplaceWant, 'after' | 'before'>): string | undefined =>
  after && before
    ? `${after}(?P<subsection>.*?)${before}`
    : after
      ? `${after}(?P<subsection>.*)`
      : before
        ? `(?P<subsection>.*)${before}`
        : undefined

/** What replace makes of a text; undefined when `after` and `before` leave nothing to work on. */
function replaceAll(whole: string, want: ReplaceWant): Edit | undefined {
  let [from, to] = [0, whole.length]
  const part = section(want)
  if (part !== undefined) {
    const range = search(regex(part, DOTALL), whole)?.indices?.groups?.subsection
    if (!range) return undefined
    ;[from, to] = range
  }
  const compiled = regex(want.regexp, MULTILINE)
  const template = pythonTemplate(want.replace, compiled)
  if (!template.expand) throw new Error(`unchecked replacement: ${template.why}`)
  const expand = template.expand
  const old = whole.slice(from, to)
  let count = 0
  let made = ''
  let at = 0
  for (const match of old.matchAll(compiled)) {
    made += old.slice(at, match.index) + expand(match, match.groups)
    at = match.index + match[0].length
    count += 1
  }
  made += old.slice(at)
  if (made === old) return { text: whole, msg: '' }
  return { text: whole.slice(0, from) + made + whole.slice(to), msg: `${count} replacements made` }
}

/** Ansible's replace. */
export const replace = defineModule({
  name: 'replace',
  summary: 'Replace every match of a regular expression in a text file.',
  notes: [
    "Expressions are in Python's syntax: `^` and `$` match at every line of `regexp`; in `after` and `before` a dot also matches newlines. `before` alone works up to its last match, as in Ansible.",
    'Choose a `replace` that `regexp` does not match, or the file changes at every run.',
  ],
  params: z
    .strictObject({
      ...editParams,
      regexp: pattern(MULTILINE).describe('What to replace, everywhere it matches.'),
      replace: text().default('').describe('What to put there; \\1 and \\g<name> are groups of `regexp`. Empty: the matches are removed.'),
      after: pattern(DOTALL).optional().describe('Only what follows the first match of this is worked on.'),
      before: pattern(DOTALL).optional().describe('Only what stands before a match of this is worked on.'),
    })
    .superRefine((want, context) => {
      const why = templateProblem(want.replace, want.regexp, MULTILINE)
      if (why !== undefined) context.addIssue({ code: 'custom', path: ['replace'], message: why })
      const part = section(want)
      const read = part === undefined ? undefined : pythonRegex(part, DOTALL)
      if (read && !read.regex && pythonRegex(want.after ?? '', DOTALL).regex && pythonRegex(want.before ?? '', DOTALL).regex)
        context.addIssue({
          code: 'custom',
          path: [want.before ? 'before' : 'after'],
          message: `not an expression that can be used: ${read.why}`,
        })
    }),
  examples: [
    {
      title: 'A word, everywhere',
      params: { path: '/etc/hosts', regexp: '(\\s+)old\\.host\\.name(\\s+.*)?$', replace: '\\1new.host.name\\2' },
    },
    {
      title: 'Only between two lines',
      params: {
        path: '/etc/apache2/sites-available/default.conf',
        after: '<VirtualHost [*]>',
        before: '</VirtualHost>',
        regexp: '^(.+)$',
        replace: '# \\1',
      },
    },
  ],
  returns: {
    msg: 'How many replacements were made.',
    backup_file: 'Path of the old file, where one was kept.',
  },
  facts: editFacts,
  more: editMore,
  plan: (want, is) => {
    const read = readText(want, is)
    if ('failure' in read) return { changes: [], failure: read.failure }
    if (read.text === undefined) return { changes: [], failure: `Path ${want.path} does not exist !` }
    const edit = replaceAll(read.text, want)
    if (!edit) return { changes: [], message: `Pattern for before/after params did not match the given file: ${section(want)}` }
    return planEdit(want, is, read.text, edit, { before: want.path, after: want.path })
  },
  result: (want, is, outputs) => editResult(want, is, outputs),
})
