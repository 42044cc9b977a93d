import test from 'ava'
import { debug } from '../../src/modules/debug.ts'
import { settle } from '../helpers/settle.ts'

const said = async (params: object) => (await settle(debug, params)).result as unknown

test('a message keeps its type', async (t) => {
  t.deepEqual(await said({ msg: 'hi' }), { changed: false, msg: 'hi' })
  t.deepEqual(await said({ msg: { a: [1] } }), { changed: false, msg: { a: [1] } })
  t.deepEqual(await said({ msg: '' }), { changed: false, msg: '' })
  t.deepEqual(await said({}), { changed: false, msg: 'Hello world!' })
})

test('the value of an expression stands under the expression', async (t) => {
  t.deepEqual(await said({ var: { expression: 'a.b', value: [1, 2] } }), { changed: false, 'a.b': [1, 2] })
  t.deepEqual(await said({ var: { expression: 'a.b', value: undefined } }), { changed: false, 'a.b': 'VARIABLE IS NOT DEFINED!' })
  t.deepEqual(await said({ var: { expression: 'a', value: null } }), { changed: false, a: null })
  t.deepEqual(await said({ var: 'a' }), { changed: false, failed: true, msg: 'a: it was not evaluated' })
})

test('msg and var exclude each other', async (t) => {
  t.is((await settle(debug, { msg: 'x', var: 'y' })).plan.failure, "'msg' and 'var' are incompatible options")
})

test('a verbosity above 0 skips it', async (t) => {
  t.deepEqual(await said({ msg: 'x', verbosity: 1 }), { changed: false, skipped: true, skipped_reason: 'Verbosity threshold not met.' })
})
