import { join } from 'node:path'
import test from 'ava'
import { connectionVariables } from '../../src/inventory/connection-variables.ts'
import { type Inventory, loadInventory } from '../../src/inventory/load.ts'
import { selectHosts } from '../../src/inventory/select.ts'
import { toTarget } from '../../src/inventory/target.ts'
import { complaint, given, load, varsOf } from './given.ts'

// Compiled tests run one folder deeper than the sources.
const EXAMPLE = ['..', '../..', '../../..'].map((up) => join(import.meta.dirname, up, 'inventory.example.yaml'))

const example = (): Inventory => {
  const loaded = EXAMPLE.map((path) => loadInventory(path)).find((result) => result.ok)
  if (!loaded?.ok) throw new Error('inventory.example.yaml does not load')
  return loaded.value
}

test('the example inventory is one laptop under matrix_servers, ready for the flagship', (t) => {
  const inventory = example()
  t.deepEqual([...inventory.groups.keys()], ['all', 'ungrouped', 'matrix_servers'])
  t.deepEqual([...inventory.hosts.keys()], ['matrix'])
  t.deepEqual(varsOf(inventory, 'matrix'), {
    server_name: 'example.com',
    matrix_host: 'matrix.example.com',
    matrix_users: [{ name: 'alice', admin: true }],
    laptop: true,
    ansible_host: '192.168.1.20',
    ansible_user: 'ops',
    ansible_become: true,
  })
  const selected = selectHosts(inventory, 'matrix_servers')
  t.deepEqual(selected.ok && selected.value.map((host) => host.name), ['matrix'])
  const reached = toTarget(inventory.hosts.get('matrix')!, varsOf(inventory, 'matrix'), {}, { home: '/home/me', dir: '.' })
  t.is(complaint(reached), '')
  t.is(reached.ok && reached.value.become, true)
})

test('what the example has in comments is accepted once it is none', (t) => {
  const text = example()
    .hosts.get('matrix')!
    .at.file.text.replace(/# (ansible_\w+: )/g, '$1')
  const inventory = load(t, text.replace('AAAAI...', 'AAAAI'))
  const vars = varsOf(inventory, 'matrix')
  t.deepEqual(
    Object.keys(vars).filter((name) => name.startsWith('ansible_')),
    [
      'ansible_host',
      'ansible_port',
      'ansible_user',
      'ansible_ssh_private_key_file',
      'ansible_become',
      'ansible_ssh_common_args',
      'ansible_host_key_checking',
      'ansible_ssh_host_key',
    ],
  )
  const reached = toTarget(inventory.hosts.get('matrix')!, vars, {}, { home: '/home/me', dir: given(t, {}) })
  t.is(complaint(reached), '')
  t.deepEqual(reached.ok && reached.value.target.proxyJump, ['you@home.example.com:22'])
})

test('every connection variable is described, in a sentence, and its names are its own', (t) => {
  for (const { name, description } of connectionVariables) t.regex(description, /^[A-Z`].*\.$/, name)
  const names = connectionVariables.flatMap((one) => [one.name, ...one.aliases])
  t.is(new Set<string>(names).size, names.length)
})
