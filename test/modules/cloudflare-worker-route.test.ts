import test from 'ava'
import { newId } from '../../src/lab/cloudflare/world.ts'
import { type Cloud, cloud, settles } from '../helpers/cloudflare.ts'

const PATTERN = 'example.com/.well-known/matrix/client*'
const task = (params: object = {}) => ({
  name: 'route',
  cloudflare_worker_route: { zone: 'example.com', pattern: PATTERN, script: 'matrix-well-known', ...params },
})

const withWorkers = (api: Cloud, ...names: string[]) => {
  for (const name of names)
    api.world.workers.push({
      name,
      account: api.world.accounts[0]!.id,
      main: 'w.js',
      modules: { 'w.js': '' },
      compatibilityDate: '2026-01-01',
    })
}

test('routes are made, and left alone the second time', async (t) => {
  const api = await cloud(t)
  withWorkers(api, 'matrix-well-known')
  const server = { ...task({ pattern: 'example.com/.well-known/matrix/server*' }), name: 'server' }
  const ran = await settles(t, api, [task(), server])
  t.is(ran.planned[0], `create route ${PATTERN} → matrix-well-known`)
  t.deepEqual(
    api.world.zones[0]!.routes.map(({ pattern, script }) => [pattern, script]),
    [
      [PATTERN, 'matrix-well-known'],
      ['example.com/.well-known/matrix/server*', 'matrix-well-known'],
    ],
  )
  await settles(t, api, [task({ state: 'absent' })])
  t.is(api.world.zones[0]!.routes.length, 1)
})

test('a route to another Worker is refused, or taken over', async (t) => {
  const api = await cloud(t)
  withWorkers(api, 'matrix-well-known', 'blog')
  const [zone] = api.world.zones
  zone!.routes.push({ id: newId(), pattern: PATTERN, script: 'blog' }, { id: newId(), pattern: 'example.com/*' })
  t.is((await api.run([task()])).msg, `${PATTERN} leads to the Worker "blog": remove that route, or set adopt: true to take it over`)
  t.regex((await api.run([task({ pattern: 'example.com/*' })])).msg, /is kept from all Workers/)
  t.regex((await api.run([task({ state: 'absent' })])).msg, /leads to the Worker "blog"/)
  t.deepEqual(api.writes(), [])
  await settles(t, api, [task({ adopt: true })])
  t.deepEqual(
    zone!.routes.map((one) => one.script),
    ['matrix-well-known', undefined],
  )
})

test('a Worker that is not there is told', async (t) => {
  const api = await cloud(t)
  t.regex(
    (await api.run([task()])).msg,
    /^POST .*\/workers\/routes: 400 Cannot configure a route for a Worker which does not exist.* \(code 10019\)$/,
  )
})

test('patterns that never match are refused', async (t) => {
  const api = await cloud(t)
  for (const [pattern, reason] of [
    ['example.org/x*', /must be for the zone/],
    ['example.com/a*b', /its last character/],
    ['example.com', /a host and a path/],
    ['example.com/x?y', /without query/],
  ] as const)
    await t.throwsAsync(api.run([task({ pattern })]), { message: reason }, pattern)
})
