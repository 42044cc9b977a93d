import test from 'ava'
import { setFact } from '../../src/modules/set-fact.ts'
import { settle } from '../helpers/settle.ts'

test('gives the variables back as facts, types kept', async (t) => {
  const { result, changes } = await settle(setFact, { one: 'yes', two: { '': [1] }, three: null, cacheable: true })
  t.deepEqual([changes, result], [[], { changed: false, ansible_facts: { one: 'yes', two: { '': [1] }, three: null } }])
})

test('a name must be one', async (t) => {
  const refusal = async (params: object) => (await settle(setFact, params)).plan.failure
  t.is(
    await refusal({ 'foo-bar': 1 }),
    "The variable name 'foo-bar' is not valid. Variables must start with a letter or underscore character, and contain only letters, numbers and underscores.",
  )
  for (const name of ['1a', '', 'a.b', 'é']) t.regex((await refusal({ [name]: 1 })) ?? '', /is not valid/)
  for (const params of [{}, { cacheable: true }])
    t.is(await refusal(params), 'No key/value pairs provided, at least one is required for this action to succeed')
})
