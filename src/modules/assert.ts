import { z } from 'zod'
import { defineModule } from '../module/define.ts'
import { cel } from '../module/expression.ts'
import { bool, text } from '../module/params.ts'

const message = () =>
  z.union([z.array(text()).transform((lines) => lines.join('\n')), text()], { error: 'expected text or a list of texts' })

export const assert = defineModule({
  name: 'assert',
  summary: 'Fail unless every given condition holds.',
  notes: [
    'Conditions are CEL, not Jinja2; they are parsed and their variables looked up before anything connects.',
    'A list as `fail_msg` or `success_msg` becomes one text, a line per item.',
  ],
  params: z.strictObject({
    that: cel().describe('The condition, or the list of conditions; the first that does not hold fails the task.'),
    fail_msg: message()
      .default('Assertion failed')
      .meta({ aliases: ['msg'] })
      .describe('What to say when a condition does not hold.'),
    success_msg: message().default('All assertions passed').describe('What to say when all hold.'),
    quiet: bool()
      .default(false)
      .describe('Accepted for the sake of existing playbooks; what is shown of a success is one line in any case.'),
  }),
  examples: [
    {
      title: 'Two conditions',
      params: { that: ['synapse_port > 1024', 'server_name != ""'], fail_msg: 'set server_name in the inventory' },
    },
    { title: 'One condition', params: { that: '"docker" in installed' } },
  ],
  returns: {
    assertion: 'The condition that did not hold.',
    evaluated_to: 'What it came to: false.',
    msg: 'fail_msg or success_msg.',
  },
  plan: () => [],
  result: (want) => {
    const broken = want.that.find((one) => !one.value)
    if (!broken) return { changed: false, msg: want.success_msg }
    const msg = broken.error === undefined ? want.fail_msg : `${want.fail_msg}: "${broken.expression}": ${broken.error}`
    return { changed: false, failed: true, evaluated_to: false, assertion: broken.expression, msg }
  },
})
