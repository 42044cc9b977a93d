import { z } from 'zod'
import { defineModule } from '../module/define.ts'

const ACTIONS = [
  'flush_handlers',
  'end_host',
  'end_play',
  'end_batch',
  'end_role',
  'clear_facts',
  'clear_host_errors',
  'reset_connection',
  'noop',
] as const

const REFUSED = 'refresh_inventory is not done here: the inventory is read once, and checked whole, before anything connects'

export const meta = defineModule({
  name: 'meta',
  summary: 'Tell the run itself to do something.',
  notes: [
    '`refresh_inventory` is refused: the inventory is read once, before anything connects.',
    '`end_play` ends the play for every host of it; `end_host` for this one only.',
  ],
  freeForm: 'free_form',
  params: z.strictObject({
    free_form: z
      .enum(ACTIONS, {
        error: (issue) => (issue.input === 'refresh_inventory' ? REFUSED : `expected one of ${ACTIONS.join(', ')}`),
      })
      .describe(
        'What to do: run the handlers notified so far, end the host, the play, the batch or the role, forget facts or failures, reconnect.',
      ),
  }),
  examples: [
    { title: 'Run the handlers now', params: 'flush_handlers' },
    { title: 'Done with this host', params: 'end_host' },
  ],
  plan: (want) => ({ changes: [], ...(want.free_form !== 'noop' && { directive: want.free_form }) }),
})
