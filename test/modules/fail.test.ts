import test from 'ava'
import { fail } from '../../src/modules/fail.ts'
import { settle } from '../helpers/settle.ts'

test('fails with its message, in a dry run too', async (t) => {
  t.deepEqual((await settle(fail, { msg: 'no way' }, { check: true })).result, { failed: true, msg: 'no way' })
  t.deepEqual((await settle(fail, {})).plan, { changes: [], failure: 'Failed as requested from task' })
})
