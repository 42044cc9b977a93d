import test from 'ava'
import { meta } from '../../src/modules/meta.ts'
import { settle } from '../helpers/settle.ts'

for (const word of [
  'flush_handlers',
  'end_host',
  'end_play',
  'end_batch',
  'end_role',
  'clear_facts',
  'clear_host_errors',
  'reset_connection',
])
  test(`${word} is for the engine`, async (t) => {
    t.deepEqual((await settle(meta, { free_form: word })).plan, { changes: [], directive: word })
  })

test('noop does nothing', async (t) => {
  t.deepEqual((await settle(meta, { free_form: 'noop' })).plan, { changes: [] })
})

test('what it does not know is refused, refresh_inventory with the reason', (t) => {
  const message = (word: string) => meta.params.safeParse({ free_form: word }).error?.issues[0]?.message
  t.is(
    message('refresh_inventory'),
    'refresh_inventory is not done here: the inventory is read once, and checked whole, before anything connects',
  )
  t.is(
    message('end_hosts'),
    'expected one of flush_handlers, end_host, end_play, end_batch, end_role, clear_facts, clear_host_errors, reset_connection, noop',
  )
})
