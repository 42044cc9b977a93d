import { z } from 'zod'
import { defineModule, type ModuleResult } from '../module/define.ts'
import { js } from '../module/expression.ts'
import { int } from '../module/params.ts'

export const debug = defineModule({
  name: 'debug',
  summary: 'Show a message or the value of an expression.',
  notes: [
    '`var` is a JavaScript expression, as inside `<%= … %>`, not Jinja2.',
    'A task with a `verbosity` above 0 is skipped: showing more of a run (-v) does not change which tasks it has.',
  ],
  params: z.strictObject({
    msg: z.unknown().optional().describe('What to show: text, a list or a mapping. "Hello world!" when neither this nor `var` is given.'),
    var: js().optional().describe('An expression whose value is shown; not together with `msg`.'),
    verbosity: int().default(0).describe('Ansible shows the task only at this many -v; here above 0 it is skipped.'),
  }),
  examples: [
    { title: 'A message', params: { msg: 'System <%= inventory_hostname %> has uuid <%= machine_id %>' } },
    { title: 'A registered result', params: { var: 'result.stdout_lines' } },
  ],
  returns: { msg: 'The message, with its type. With `var` instead: a key named by the expression, holding its value.' },
  plan: (want) => ({
    changes: [],
    ...(want.msg !== undefined && want.var !== undefined && { failure: "'msg' and 'var' are incompatible options" }),
  }),
  result: (want): ModuleResult => {
    if (want.verbosity > 0) return { changed: false, skipped: true, skipped_reason: 'Verbosity threshold not met.' }
    if (!want.var) return { changed: false, ...{ msg: want.msg ?? 'Hello world!' } } as ModuleResult
    const { expression, value, error } = want.var
    if (error !== undefined) return { changed: false, failed: true, msg: `${expression}: ${error}` }
    return { changed: false, [expression]: value === undefined ? 'VARIABLE IS NOT DEFINED!' : value }
  },
})
