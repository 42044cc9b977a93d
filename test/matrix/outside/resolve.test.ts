import test from 'ava'
import { fault } from '../../../src/matrix/fault.ts'
import type { Service } from '../../../src/matrix/outside/names.ts'
import { type Lookups, resolveServerName, serverNameParts } from '../../../src/matrix/outside/resolve.ts'

interface Given {
  /** `m.server`; none without it. */
  readonly server?: string
  readonly fed?: readonly Service[]
  readonly old?: readonly Service[]
  readonly aliases?: readonly string[]
}

const srv = (name: string, port: number, priority = 0): Service => ({ name, port, priority, weight: 0 })

/** What was looked up, in order, is noted. */
const lookups = ({ server, fed = [], old = [], aliases = [] }: Given, asked: string[] = []): Lookups => ({
  delegation: async (hostname) => {
    asked.push(`well-known ${hostname}`)
    return server === undefined ? fault('404 nothing') : { ok: true, server }
  },
  services: async (name) => {
    asked.push(`SRV ${name}`)
    return name.startsWith('_matrix-fed.') ? fed : old
  },
  addresses: async () => [],
  isAlias: async (name) => aliases.includes(name),
})

// Server-server API, "Resolving server names": step, server name, what there is, where it leads, Host header, name in the certificate.
const CASES: readonly [string, string, Given, string, string, string][] = [
  ['1', '1.2.3.4', { server: 'x' }, '1.2.3.4:8448', '1.2.3.4', '1.2.3.4'],
  ['1', '1.2.3.4:80', {}, '1.2.3.4:80', '1.2.3.4:80', '1.2.3.4'],
  ['1', '[1234:5678::abcd]', {}, '1234:5678::abcd:8448', '[1234:5678::abcd]', '1234:5678::abcd'],
  ['1', '[1234:5678::abcd]:5678', {}, '1234:5678::abcd:5678', '[1234:5678::abcd]:5678', '1234:5678::abcd'],
  ['2', 'ex.org:8888', { server: 'x', fed: [srv('y', 1)] }, 'ex.org:8888', 'ex.org:8888', 'ex.org'],
  ['3.1', 'ex.org', { server: '1.2.3.4' }, '1.2.3.4:8448', '1.2.3.4', '1.2.3.4'],
  ['3.1', 'ex.org', { server: '[::1]:443' }, '::1:443', '[::1]:443', '::1'],
  ['3.2', 'ex.org', { server: 'm.ex.org:443', fed: [srv('y', 1)] }, 'm.ex.org:443', 'm.ex.org:443', 'm.ex.org'],
  ['3.3', 'ex.org', { server: 'm.ex.org', fed: [srv('s.ex.org', 444)], old: [srv('y', 1)] }, 's.ex.org:444', 'm.ex.org', 'm.ex.org'],
  ['3.4', 'ex.org', { server: 'm.ex.org', old: [srv('s.ex.org', 445)] }, 's.ex.org:445', 'm.ex.org', 'm.ex.org'],
  ['3.5', 'ex.org', { server: 'm.ex.org' }, 'm.ex.org:8448', 'm.ex.org', 'm.ex.org'],
  ['3, invalid', 'ex.org', { server: 'https://m.ex.org' }, 'ex.org:8448', 'ex.org', 'ex.org'],
  ['3, invalid', 'ex.org', { server: 'm.ex.org:99999', fed: [srv('s.ex.org', 444)] }, 's.ex.org:444', 'ex.org', 'ex.org'],
  ['4', 'ex.org', { fed: [srv('s.ex.org', 444)], old: [srv('y', 1)] }, 's.ex.org:444', 'ex.org', 'ex.org'],
  ['4, in order', 'ex.org', { fed: [srv('s', 1), srv('t', 2, 5)] }, 's:1 t:2', 'ex.org', 'ex.org'],
  ['5', 'ex.org', { old: [srv('s.ex.org', 445)] }, 's.ex.org:445', 'ex.org', 'ex.org'],
  ['6', 'ex.org', {}, 'ex.org:8448', 'ex.org', 'ex.org'],
]

for (const [step, name, given, targets, host, certificate] of CASES)
  test(`step ${step}: ${name} with ${JSON.stringify(given)}`, async (t) => {
    const found = await resolveServerName(name, lookups(given))
    if (!found.ok) return t.fail(found.detail)
    t.is(found.targets.map((one) => `${one.name}:${one.port}`).join(' '), targets)
    t.is(found.host, host)
    t.is(found.certificate, certificate)
  })

test('no more is looked up than the step wants, and every hop is told', async (t) => {
  const asked: string[] = []
  const last = await resolveServerName('ex.org', lookups({}, asked))
  t.deepEqual(asked, ['well-known ex.org', 'SRV _matrix-fed._tcp.ex.org', 'SRV _matrix._tcp.ex.org'])
  t.deepEqual(last.hops, [
    'well-known: 404 nothing',
    'SRV _matrix-fed._tcp: none',
    'SRV _matrix._tcp: none',
    'port 8448, for want of another',
  ])
  for (const name of ['1.2.3.4', 'ex.org:1']) {
    const none: string[] = []
    await resolveServerName(name, lookups({}, none))
    t.deepEqual(none, [])
  }
})

test('records that lead nowhere are the hop that fails', async (t) => {
  const to = async (given: Given) => {
    const found = await resolveServerName('ex.org', lookups(given))
    return found.ok ? 'found' : found.detail
  }
  t.is(await to({ fed: [srv('s.ex.org', 1)], aliases: ['s.ex.org'] }), 'the target s.ex.org of SRV _matrix-fed._tcp.ex.org is a CNAME')
  t.is(await to({ old: [srv('', 0)] }), 'SRV _matrix._tcp.ex.org says that it is not served')
  const broken = { ...lookups({}), services: async () => fault('it fails') }
  t.like(await resolveServerName('ex.org', broken), {
    ok: false,
    detail: 'it fails',
    hops: ['well-known: 404 nothing', 'SRV _matrix-fed._tcp: it fails'],
  })
})

test('server names by the grammar of the specification', (t) => {
  t.deepEqual(serverNameParts('matrix.org'), { host: 'matrix.org' })
  t.deepEqual(serverNameParts('matrix.org:8888'), { host: 'matrix.org', port: 8888 })
  for (const name of ['', 'a b', 'a:', 'a:0', 'a:65536', '[::1', '[xyz]', '[::1]x', 'a/b', '::1', 'https://a', 'a:1:2'])
    t.is(serverNameParts(name), undefined, name)
})
