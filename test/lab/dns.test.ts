import { Resolver } from 'node:dns/promises'
import test from 'ava'
import { newId, newWorld } from '../../src/lab/cloudflare/world.ts'
import { serveDns } from '../../src/lab/dns.ts'

test('the zones of the stand-in and the names given are answered, over UDP and TCP, as they are at that moment', async (t) => {
  const world = newWorld({ zones: ['example.com'], tokens: {} })
  const { records } = world.zones[0]!
  const add = (name: string, type: string, content: string, proxied = false) =>
    records.push({ id: newId(), name, type, content, proxied, ttl: 1, comment: null })
  add('plain.example.com', 'A', '192.0.2.1')
  add('plain.example.com', 'AAAA', '2001:db8::1')
  add('alias.example.com', 'CNAME', 'plain.example.com')
  add('away.example.com', 'CNAME', 'elsewhere.example.net')
  add('matrix.example.com', 'CNAME', 'x.cfargotunnel.com', true)
  const names: Record<string, string> = { 'Elsewhere.example.net': '192.0.2.9', six: '::1' }
  const server = await serveDns({ world, names, edge: '192.0.2.80', address: '127.0.0.1', port: 0 })
  t.teardown(() => server.close())
  const resolver = new Resolver({ timeout: 5000, tries: 1 })
  resolver.setServers([`${server.address}:${server.port}`])

  t.deepEqual(await resolver.resolve4('plain.example.com'), ['192.0.2.1'])
  t.deepEqual(await resolver.resolve6('PLAIN.example.com'), ['2001:db8::1'])
  t.deepEqual(await resolver.resolve4('alias.example.com'), ['192.0.2.1'])
  t.deepEqual(await resolver.resolve4('away.example.com'), ['192.0.2.9'])
  t.deepEqual(await resolver.resolveCname('alias.example.com'), ['plain.example.com'])
  t.deepEqual(await resolver.resolve4('matrix.example.com'), ['192.0.2.80'], 'a proxied name leads to the edge')
  t.deepEqual(await resolver.resolve6('six'), ['::1'])
  t.deepEqual(await resolver.resolveNs('example.com'), ['ns.example.com'])
  t.deepEqual(await resolver.resolve4('ns.example.com'), ['127.0.0.1'])
  t.is((await resolver.resolveSoa('example.com')).nsname, 'ns.example.com')

  const code = (asked: Promise<unknown>) =>
    asked.then(
      () => 'answered',
      (error: NodeJS.ErrnoException) => error.code,
    )
  t.is(await code(resolver.resolve4('example.org')), 'ENOTFOUND')
  t.is(await code(resolver.resolveCname('matrix.example.com')), 'ENODATA', 'nor is it seen where it leads')
  t.is(await code(resolver.resolveTxt('plain.example.com')), 'ENODATA')
  t.is(await code(resolver.resolveTxt('_acme-challenge.example.com')), 'ENOTFOUND')
  add('_acme-challenge.example.com', 'TXT', '"one"')
  names['late.example.com'] = '192.0.2.10'
  t.deepEqual(await resolver.resolveTxt('_acme-challenge.example.com'), [['one']])
  t.deepEqual(await resolver.resolve4('late.example.com'), ['192.0.2.10'])

  const long = 'x'.repeat(700)
  add('long.example.com', 'TXT', `"${long}"`)
  t.is((await resolver.resolveTxt('long.example.com'))[0]!.join(''), long, 'what does not fit is asked for by TCP')
})

test('what is not known here is asked elsewhere, over UDP and TCP', async (t) => {
  // port 53 of an address of its own
  const address = `127.${process.pid % 250}.7.11`
  const world = newWorld({ zones: ['elsewhere.org'], tokens: {} })
  const long = 'x'.repeat(700)
  const record = { name: 'long.elsewhere.org', type: 'TXT', content: `"${long}"`, proxied: false, ttl: 1, comment: null }
  world.zones[0]!.records.push({ ...record, id: newId() })
  const elsewhere = await serveDns({ world, names: { 'mirror.org': '192.0.2.1', 'own.test': '192.0.2.2' }, address, port: 53 })
  t.teardown(() => elsewhere.close())
  const server = await serveDns({ names: { 'own.test': '192.0.2.3' }, forward: [address], address: '127.0.0.1', port: 0 })
  t.teardown(() => server.close())
  const resolver = new Resolver({ timeout: 5000, tries: 1 })
  resolver.setServers([`${server.address}:${server.port}`])
  t.deepEqual(await resolver.resolve4('mirror.org'), ['192.0.2.1'])
  t.deepEqual(await resolver.resolve4('own.test'), ['192.0.2.3'])
  t.is((await resolver.resolveTxt('long.elsewhere.org'))[0]!.join(''), long)
  await t.throwsAsync(resolver.resolve4('below.own.test'), { code: 'ENOTFOUND' })
  await t.throwsAsync(resolver.resolve4('nowhere.net'), { code: 'ENOTFOUND' })
})
