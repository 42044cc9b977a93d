import test from 'ava'
import { assert } from '../../src/modules/assert.ts'
import { settle } from '../helpers/settle.ts'

const holds = { expression: 'a == 1', value: true }
const fails = { expression: 'b == 2', value: false }
const also = { expression: 'c == 3', value: false }

test('says so when all hold', async (t) => {
  const { result, changes } = await settle(assert, { that: [holds, holds] })
  t.deepEqual([changes, result], [[], { changed: false, msg: 'All assertions passed' }])
  t.is((await settle(assert, { that: [holds], success_msg: 'fine' })).result.msg, 'fine')
  t.is((await settle(assert, { that: [], quiet: 'yes' })).result.failed, undefined)
})

test('fails with the first that does not hold', async (t) => {
  const { result } = await settle(assert, { that: [holds, fails, also] })
  t.deepEqual(result, { changed: false, failed: true, evaluated_to: false, assertion: 'b == 2', msg: 'Assertion failed' })
  t.is((await settle(assert, { that: [fails], fail_msg: ['not', 'good'] })).result.msg, 'not\ngood')
})

test('tells why a condition has no value', async (t) => {
  const { result } = await settle(assert, { that: [{ ...fails, error: 'no such key: x' }], fail_msg: 'bad' })
  t.deepEqual([result.failed, result.msg], [true, 'bad: "b == 2": no such key: x'])
})

test('conditions as the playbook has them are accepted, one or many', (t) => {
  const error = 'it was not evaluated'
  t.deepEqual(assert.params.parse({ that: 'a == 1' }).that, [{ expression: 'a == 1', value: false, error }])
  t.deepEqual(assert.params.parse({ that: ['a', true] }).that, [{ expression: 'a', value: false, error }, { expression: 'true', value: false, error }]) // biome-ignore format: short
  t.false(assert.params.safeParse({}).success)
})
