import { z } from 'zod'
import { defineModule } from '../module/define.ts'
import { text } from '../module/params.ts'

export const fail = defineModule({
  name: 'fail',
  summary: 'Fail with a message, usually under a when.',
  params: z.strictObject({
    msg: text().default('Failed as requested from task').describe('What to say.'),
  }),
  examples: [{ title: 'Say why', params: { msg: 'The system may not be provisioned according to the CMDB status.' } }],
  returns: { msg: 'The message.' },
  plan: (want) => ({ changes: [], failure: want.msg }),
})
