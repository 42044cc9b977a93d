import { readFileSync } from 'node:fs'
import test from 'ava'
import { type Cloud, cloud } from '../../helpers/cloudflare.ts'

interface Worker {
  fetch(request: Request): Promise<Response>
}

const TEMPLATE = readFileSync(new URL('../../../../templates/well-known-worker.js.ejs', import.meta.url), 'utf8')

/** The module as it was uploaded, in this JavaScript runtime: its Request and Response are those of the web, as at the edge. */
async function uploaded(api: Cloud): Promise<Worker> {
  const source = api.world.workers[0]!.modules['worker.js']!
  return ((await import(`data:text/javascript;base64,${Buffer.from(source).toString('base64')}`)) as { default: Worker }).default
}

test('the Worker answers as the specification and real clients want it', async (t) => {
  const api = await cloud(t)
  const made = { name: 'worker', cloudflare_worker: { name: 'w', src: 'well-known-worker.js.ejs', zone: 'example.com' } }
  const ran = await api.run([made], { files: { 'well-known-worker.js.ejs': TEMPLATE }, extra: { matrix_host: 'matrix.example.com' } })
  t.deepEqual(ran.statuses, ['worker changed'], ran.msg)
  const worker = await uploaded(api)
  const ask = (path: string, method = 'GET', headers: Record<string, string> = { Origin: 'https://app.element.io' }) =>
    worker.fetch(new Request(`https://example.com${path}`, { method, headers }))

  const bodies = {
    '/.well-known/matrix/client': { 'm.homeserver': { base_url: 'https://matrix.example.com' } },
    '/.well-known/matrix/server': { 'm.server': 'matrix.example.com:443' },
  }
  for (const [path, body] of Object.entries(bodies))
    for (const [query, method] of [
      ['', 'GET'],
      ['?x=1', 'GET'],
      ['', 'OPTIONS'],
      ['', 'HEAD'],
    ] as const) {
      const answer = await ask(path + query, method)
      t.is(answer.status, 200, `${method} ${path}${query}`)
      t.is(answer.headers.get('content-type'), 'application/json')
      t.is(answer.headers.get('access-control-allow-origin'), '*')
      t.regex(answer.headers.get('cache-control')!, /max-age=3600/)
      const text = await answer.text()
      if (method === 'HEAD') t.is(text, '')
      else t.deepEqual(JSON.parse(text), body)
    }

  const refused = await ask('/.well-known/matrix/server', 'POST')
  t.deepEqual(
    [refused.status, refused.headers.get('allow'), refused.headers.get('access-control-allow-origin')],
    [405, 'GET, HEAD, OPTIONS', '*'],
  )
  for (const path of ['/', '/.well-known/matrix/', '/.well-known/matrix/clientele', '/.well-known/matrix/client/']) {
    const missing = await ask(path)
    t.deepEqual([missing.status, missing.headers.get('access-control-allow-origin')], [404, '*'], path)
    t.is(((await missing.json()) as { errcode: string }).errcode, 'M_NOT_FOUND')
  }
  const preflight = await ask('/.well-known/matrix/client', 'OPTIONS', {
    Origin: 'https://app.element.io',
    'Access-Control-Request-Method': 'GET',
    'Access-Control-Request-Headers': 'authorization',
  })
  t.regex(preflight.headers.get('access-control-allow-methods')!, /GET/)
  t.regex(preflight.headers.get('access-control-allow-headers')!, /Authorization/)
})
