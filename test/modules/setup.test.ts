import test from 'ava'
import { setup } from '../../src/modules/setup.ts'

const HOST = { distribution: 'Linux Mint', distribution_version: '22', memtotal_mb: 8, eth0: {}, eth1: {} }
const facts = (filter: unknown) => {
  const result = setup.result!(setup.params.parse({ filter }), { host: HOST }, [], {})
  return Object.keys(result.ansible_facts as object)
}

test('facts are registered with their prefix', (t) => {
  t.deepEqual(setup.result!(setup.params.parse({}), { host: { distribution: 'Debian' } }, [], {}), {
    ansible_facts: { ansible_distribution: 'Debian' },
  })
})

test('a filter is a shell pattern, with or without the prefix; an empty one is none', (t) => {
  t.deepEqual(facts('ansible_*_mb'), ['ansible_memtotal_mb'])
  t.deepEqual(facts(['distribution*', 'ansible_eth[1-9]']), ['ansible_distribution', 'ansible_distribution_version', 'ansible_eth1'])
  t.is(facts('').length, 5)
  t.deepEqual(facts('nothing'), [])
})

test('it changes nothing', (t) => t.deepEqual(setup.plan(setup.params.parse({}), { host: {} }, {}), []))
