import test from 'ava'
import { lookUp, newId, type RecordState } from '../../src/lab/cloudflare/world.ts'
import { cloudflareDns } from '../../src/modules/cloudflare-dns.ts'
import { type Cloud, cloud, settles, TOKEN } from '../helpers/cloudflare.ts'

const TUNNEL = 'f70ff985-a4ef-4643-bbbc-4a0ed4fc8415.cfargotunnel.com'
const task = (params: object = {}) => ({
  name: 'dns',
  cloudflare_dns: { zone: 'example.com', record: 'matrix', type: 'CNAME', value: TUNNEL, ...params },
})

/** A record as a hand in the dashboard makes it. */
function byHand(api: Cloud, given: Partial<RecordState>): RecordState {
  const record = {
    id: newId(),
    name: 'matrix.example.com',
    type: 'A',
    content: '203.0.113.7',
    proxied: false,
    ttl: 1,
    comment: null,
    ...given,
  }
  api.world.zones[0]!.records.push(record)
  return record
}

const records = (api: Cloud) => api.world.zones[0]!.records.map(({ id: _, ...rest }) => rest)

test('a record that leads to a tunnel is made proxied and marked', async (t) => {
  const api = await cloud(t)
  const ran = await settles(t, api, [task()])
  t.deepEqual(ran.planned, [`create CNAME matrix.example.com → ${TUNNEL}, proxied`])
  t.deepEqual(records(api), [
    { name: 'matrix.example.com', type: 'CNAME', content: TUNNEL, proxied: true, ttl: 1, comment: 'managed by mhprov' },
  ])
  t.is((ran.result.record as RecordState).content, TUNNEL)
})

test('ours is changed; what is wanted is taken over as it is', async (t) => {
  const api = await cloud(t)
  await settles(t, api, [task()])
  const other = TUNNEL.replace('f70', 'e70')
  const ran = await settles(t, api, [task({ value: other, comment: 'the homeserver' })])
  t.deepEqual(ran.planned, [
    `CNAME matrix.example.com: content ${TUNNEL} → ${other}, comment managed by mhprov → the homeserver (managed by mhprov)`,
  ])
  const theirs = await cloud(t)
  byHand(theirs, { type: 'CNAME', content: `${TUNNEL.toUpperCase()}`, proxied: true, comment: 'mine' })
  t.deepEqual((await theirs.run([task()])).statuses, ['dns ok'])
  t.deepEqual(theirs.writes(), [])
  byHand(theirs, { name: 'www.example.com', type: 'CNAME', content: TUNNEL, comment: 'mine' })
  await settles(t, theirs, [task({ record: 'www.example.com' })])
  t.like(records(theirs)[1], { proxied: true, comment: 'managed by mhprov' })
})

test('a record of others is refused, with what it is and the way out; adopt replaces it', async (t) => {
  const api = await cloud(t)
  byHand(api, { type: 'CNAME', content: 'old.example.net' })
  const refused = await api.run([task()])
  t.is(
    refused.msg,
    'matrix.example.com has a record that was not made here: CNAME old.example.net. delete it at https://dash.cloudflare.com (example.com, DNS), or set adopt: true to replace it',
  )
  t.deepEqual(api.writes(), [])
  await settles(t, api, [task({ adopt: true })])
  t.deepEqual(lookUp(api.world, 'matrix.example.com'), [TUNNEL])
  t.is(records(api)[0]!.comment, 'managed by mhprov')
})

test('addresses in the way of a CNAME are named; those made here make room', async (t) => {
  const api = await cloud(t)
  byHand(api, {})
  byHand(api, { type: 'AAAA', content: '2001:db8::7' })
  t.regex((await api.run([task()])).msg, /has a record that was not made here: A 203\.0\.113\.7, AAAA 2001:db8::7\. delete them at/)
  const ran = await settles(t, api, [task({ adopt: true })])
  t.is(ran.planned.length, 3)
  t.deepEqual(lookUp(api.world, 'matrix.example.com'), [TUNNEL])
  await settles(t, api, [task({ type: 'A', value: '198.51.100.1' })])
  t.deepEqual(lookUp(api.world, 'matrix.example.com'), ['198.51.100.1'])
})

test('a replacement that was cut in the middle is finished by the next run', async (t) => {
  const api = await cloud(t)
  byHand(api, {})
  api.faults.push({ method: 'POST', kind: 'cut', times: 6 })
  const broken = await api.run([task({ adopt: true })])
  t.regex(broken.msg, /^POST .*\/dns_records: the connection was cut .*given up after 6 tries/)
  t.deepEqual(lookUp(api.world, 'matrix.example.com'), [])
  await settles(t, api, [task()])
  t.deepEqual(lookUp(api.world, 'matrix.example.com'), [TUNNEL])
})

test('texts: several values, quotes, length; removed one by one', async (t) => {
  const api = await cloud(t)
  const txt = (value: string, params = {}) => task({ record: '_acme-challenge.matrix', type: 'TXT', value, ttl: 60, ...params })
  const long = 'é"\\ '.repeat(100)
  byHand(api, { name: '_acme-challenge.matrix.example.com', type: 'TXT', content: '"theirs"' })
  await settles(t, api, [txt('one')])
  await settles(t, api, [txt('two words')])
  t.deepEqual(lookUp(api.world, '_acme-challenge.matrix.example.com', 'TXT'), ['theirs', 'one', 'two words'])
  await settles(t, api, [txt(long)])
  await settles(t, api, [txt('one', { state: 'absent' })])
  t.deepEqual(lookUp(api.world, '_acme-challenge.matrix.example.com', 'TXT').slice(0, 2), ['theirs', 'two words'])
  const all = task({ record: '_acme-challenge.matrix', type: 'TXT', value: undefined, state: 'absent' })
  const { value: _, ...bare } = all.cloudflare_dns
  t.regex(
    (await api.run([{ name: 'dns', cloudflare_dns: bare }])).msg,
    /not made here: TXT "theirs"\. delete it at .* or set adopt: true to delete it/,
  )
  await settles(t, api, [{ name: 'dns', cloudflare_dns: { ...bare, adopt: true } }])
  t.deepEqual(records(api), [])
})

test('the domain itself, and names in full', async (t) => {
  const api = await cloud(t)
  await settles(t, api, [task({ record: '@', type: 'AAAA', value: '100::', proxied: true })])
  await settles(t, api, [
    task({ record: 'v6', type: 'AAAA', value: '2001:DB8:0:0::0001' }),
    { ...task({ record: 'x', value: 'Example.NET.' }), name: 'x' },
  ])
  t.deepEqual([lookUp(api.world, 'v6.example.com'), lookUp(api.world, 'x.example.com')], [['2001:db8::1'], ['example.net']])
  api.world.zones[0]!.records.splice(1)
  await settles(t, api, [task({ record: 'Chat.Example.Com.', type: 'A', value: '192.0.2.1', ttl: 300 })])
  t.deepEqual(
    records(api).map(({ name, type, proxied, ttl }) => [name, type, proxied, ttl]),
    [
      ['example.com', 'AAAA', true, 1],
      ['chat.example.com', 'A', false, 300],
    ],
  )
})

test('several addresses stand beside each other without solo', async (t) => {
  const api = await cloud(t)
  const two = ['192.0.2.1', '192.0.2.2'].map((value) => ({ ...task({ type: 'A', value, solo: false }), name: value }))
  await settles(t, api, two)
  t.deepEqual(lookUp(api.world, 'matrix.example.com', 'A'), ['192.0.2.1', '192.0.2.2'])
})

test('what is on a second page is found', async (t) => {
  const api = await cloud(t)
  for (let i = 0; i < 60; i++) byHand(api, { type: 'TXT', content: `"${i}"` })
  byHand(api, { type: 'CNAME', content: TUNNEL, proxied: true })
  t.deepEqual((await api.run([task()])).statuses, ['dns ok'])
})

for (const [what, params, reason] of [
  ['an address that is none', { type: 'A', value: '203.0.113' }, /an IPv4 address/],
  ['a proxied text', { type: 'TXT', value: 'x', proxied: true }, /cannot be proxied/],
  ['a tunnel that is not proxied', { proxied: false }, /must be proxied/],
  ['a time to live that is too short', { ttl: 5 }, /60 to 86400/],
  ['no value', { value: undefined }, /value is needed/],
] as const)
  test(`${what} is refused before anything is asked`, (t) => {
    const parsed = cloudflareDns.params.safeParse({ ...task().cloudflare_dns, api_token: TOKEN, ...params })
    t.regex(parsed.error!.message, reason)
  })
