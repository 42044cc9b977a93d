import test from 'ava'
import { cloud, settles } from '../helpers/cloudflare.ts'

const SCRIPT = 'export default {\n  async fetch(request) {\n    return new Response("ünï")\n  },\n}\n'
const task = (params: object = {}) => ({
  name: 'worker',
  cloudflare_worker: { name: 'matrix-well-known', zone: 'example.com', script: SCRIPT, ...params },
})

test('a Worker is uploaded once, and again when its script or its date differs', async (t) => {
  const api = await cloud(t)
  const ran = await settles(t, api, [task()])
  t.deepEqual(ran.planned, ['create Worker matrix-well-known: a new script'])
  const [worker] = api.world.workers
  t.like(worker, { main: 'worker.js', compatibilityDate: '2026-01-01', modules: { 'worker.js': `// managed by mhprov\n${SCRIPT}` } })
  const dated = await settles(t, api, [task({ compatibility_date: '2026-06-01' })])
  t.deepEqual(dated.planned, ['replace Worker matrix-well-known: compatibility_date 2026-01-01 → 2026-06-01'])
  worker!.modules['worker.js'] += '// by hand'
  await settles(t, api, [task()])
  t.is(worker!.modules['worker.js'], `// managed by mhprov\n${SCRIPT}`)
})

test('the script comes from a template of the controller, without a host', async (t) => {
  const api = await cloud(t)
  const { script: _, ...rest } = task().cloudflare_worker
  const tasks = [{ name: 'worker', cloudflare_worker: { ...rest, src: 'w.js.ejs' } }]
  const files = { 'w.js.ejs': 'export default { fetch: () => new Response(<%= JSON.stringify(who) %>) }\n' }
  const ran = await api.run(tasks, { files, extra: { who: 'it\'s "me"' } })
  t.deepEqual(ran.statuses, ['worker changed'], ran.msg)
  t.true(api.world.workers[0]!.modules['worker.js']!.includes('Response("it\'s \\"me\\"")'))
})

test('a Worker of others is refused, unless it is the same or adopted', async (t) => {
  const api = await cloud(t)
  const there = { name: 'matrix-well-known', account: api.world.accounts[0]!.id, main: 'index.js', compatibilityDate: '2026-01-01' }
  api.world.workers.push({ ...there, modules: { 'index.js': 'export default {}' } })
  t.is(
    (await api.run([task()])).msg,
    'there is a Worker "matrix-well-known" that was not made here: choose another name, or set adopt: true to replace it',
  )
  const gone = { name: 'worker', cloudflare_worker: { name: 'matrix-well-known', zone: 'example.com', state: 'absent' } }
  t.regex((await api.run([gone])).msg, /set adopt: true to remove it/)
  t.deepEqual(api.writes(), [])
  await settles(t, api, [task({ adopt: true })])
  await settles(t, api, [gone])
  t.deepEqual(api.world.workers, [])
  api.world.workers.push({ ...there, modules: { 'index.js': SCRIPT } })
  t.deepEqual((await api.run([task()])).statuses, ['worker ok'])
})

test('a script that is no module is refused; one that the API refuses says why', async (t) => {
  const api = await cloud(t)
  t.regex(
    (await api.run([task({ script: 'addEventListener("fetch", () => {})' })], { check: true })).msg,
    /no ES module with a default export/,
  )
  t.regex(
    (await api.run([task({ script: 'export default { fetch( }' })])).msg,
    /^PUT .*matrix-well-known: 400 Uncaught SyntaxError in worker\.js: .*\(code 10021\)/,
  )
})

test('a name that an address would be part of stays one', async (t) => {
  const api = await cloud(t)
  await t.throwsAsync(api.run([task({ name: '../x' })]), { message: /lower-case letters/ })
})
