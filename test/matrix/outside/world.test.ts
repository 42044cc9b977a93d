import { createServer as createTlsServer } from 'node:https'
import { createServer } from 'node:net'
import test from 'ava'
import { clientOf } from '../../../src/matrix/client.ts'
import { eachAddress } from '../../../src/matrix/outside/each-address.ts'
import { isPrivate } from '../../../src/matrix/outside/private.ts'
import { worldOf } from '../../../src/matrix/outside/world.ts'
import { publicWay } from '../../../src/matrix/ways.ts'
import { isResolver } from '../../../src/modules/matrix/names.ts'
import { freePort } from '../../transport/sshd.ts'
import { serving } from '../server.ts'
import { authority } from './authority.ts'
import { serveZone } from './dns.ts'

const quiet = () => new AbortController().signal

test('names are looked up at the server that is named', async (t) => {
  const resolver = await serveZone(t, {
    'a.example.com': { cname: 'b.example.com' },
    'b.example.com': { a: ['192.0.2.1', '192.0.2.2'], aaaa: ['2001:db8::1'] },
    '_matrix._tcp.example.com': {
      srv: [
        { port: 2, target: 'second.example.com', priority: 20 },
        { port: 1, target: 'first.example.com', priority: 10 },
      ],
    },
    'broken.example.com': { broken: true },
  })
  const world = worldOf({ resolver }, quiet())
  t.deepEqual(await world.addresses('a.example.com'), ['192.0.2.1', '192.0.2.2', '2001:db8::1'])
  t.deepEqual(await world.addresses('192.0.2.9'), ['192.0.2.9'])
  t.deepEqual(await world.addresses('none.example.com'), [])
  // this machine's /etc/hosts has it
  t.deepEqual(await world.addresses('localhost'), [])
  t.like(await world.addresses('broken.example.com'), { ok: false })
  t.true(await world.isAlias('a.example.com'))
  t.false(await world.isAlias('b.example.com'))
  const services = await world.services('_matrix._tcp.example.com')
  t.deepEqual(Array.isArray(services) && services.map(({ name, port }) => [name, port]), [
    ['first.example.com', 1],
    ['second.example.com', 2],
  ])
  t.deepEqual(await world.services('_matrix-fed._tcp.example.com'), [])
})

test('of several addresses the first that answers is taken; what is told of none is what says most', async (t) => {
  const port = await serving(
    t,
    createServer((socket) => socket.end()),
  )
  const resolver = await serveZone(t, {
    'one.example.com': { a: ['127.0.0.9', '127.0.0.1'] },
    'none.example.com': { a: ['127.0.0.9'], aaaa: ['ff02::1'] },
  })
  const world = worldOf({ resolver }, quiet())
  const socket = await world.dial('one.example.com', port)
  t.is(socket.remoteAddress, '127.0.0.1')
  socket.destroy()
  t.true(world.own.has('127.0.0.1'))
  await t.throwsAsync(world.dial('none.example.com', port), { message: `127.0.0.9:${port}: connection refused` })
  await t.throwsAsync(world.dial('no.example.com', port), { message: 'no.example.com has no address in DNS' })
})

test('an interrupt ends a lookup', async (t) => {
  const end = new AbortController()
  const world = worldOf({ resolver: `127.0.0.1:${await freePort()}` }, end.signal)
  const asked = world.addresses('example.com')
  end.abort()
  t.like(await asked, { ok: false })
})

test('a certificate may be for an address', async (t) => {
  const made = authority()
  t.teardown(made.close)
  const world = worldOf({ ca: made.ca }, quiet())
  const ask = async (names: string[]) => {
    const port = await serving(
      t,
      createTlsServer(made.issue(names), (_request, response) => void response.end('{}')),
    )
    const way = publicWay(world, '127.0.0.1', { port, host: `127.0.0.1:${port}`, certificate: '127.0.0.1' })
    const reply = await clientOf(way, quiet(), { left: 0, say: () => undefined }).ask({ path: '/' })
    return reply.ok ? reply.status : reply.detail
  }
  t.is(await ask(['127.0.0.1']), 200)
  t.is(await ask(['example.com']), 'the certificate is not for 127.0.0.1')
})

test('an address that only this network has is not the world’s', async (t) => {
  const here = { ...worldOf({}, quiet()), addresses: async () => ['192.168.1.5', 'fd00::5'] }
  const never = async () => t.fail() as never
  const found = await eachAddress(here, 'example.com', 443, never)
  t.like(found, { ok: false, detail: 'DNS: example.com is 192.168.1.5, fd00::5, which only this network reaches' })
  t.regex('hint' in found ? String(found.hint) : '', /resolver: 1\.1\.1\.1/)
})

test('IPv6 alone cannot be told from where there is none', async (t) => {
  const there = { ...worldOf({ resolver: '127.0.0.1' }, quiet()), addresses: async () => ['ff02::1'] }
  const found = await eachAddress(there, 'example.com', 443, async () => t.fail() as never)
  t.deepEqual(found, { ok: null, detail: 'example.com has IPv6 addresses alone, and this machine has no IPv6' })
})

test('which addresses nobody in the world reaches', (t) => {
  const home = [
    '10.1.2.3',
    '127.0.0.1',
    '172.18.0.2',
    '192.168.0.1',
    '100.64.0.1',
    '169.254.1.1',
    '::1',
    'fd00::1',
    'fe80::1',
    '::ffff:10.0.0.1',
    '',
    'unix',
  ]
  for (const address of home) t.true(isPrivate(address), address)
  for (const address of ['1.1.1.1', '172.32.0.1', '192.169.0.1', '2606:4700::1111', '::ffff:1.1.1.1']) t.false(isPrivate(address), address)
})

test('how a DNS server is named', (t) => {
  for (const given of ['1.1.1.1', '1.1.1.1:53', '::1', '[::1]', '[::1]:5353']) t.true(isResolver(given), given)
  for (const given of ['', 'dns.example.com', '1.1.1', '1.1.1.1:0', '1.1.1.1:99999', '[1.1.1.1]:53', '[::1', '1.1.1.1:'])
    t.false(isResolver(given), given)
})
