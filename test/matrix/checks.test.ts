import type { RequestListener } from 'node:http'
import test, { type ExecutionContext } from 'ava'
import { lifetime } from '../../src/matrix/certificate.ts'
import type { Run } from '../../src/matrix/check.ts'
import { cleanup } from '../../src/matrix/checks/cleanup.ts'
import { bytes } from '../../src/matrix/checks/media.ts'
import { database } from '../../src/matrix/checks/server.ts'
import { encodedSlash } from '../../src/matrix/checks/web.ts'
import { clientOf } from '../../src/matrix/client.ts'
import { worldOf } from '../../src/matrix/outside/world.ts'
import type { DatabaseFacts } from '../../src/matrix/programs.ts'
import { checksOf } from '../../src/matrix/verify.ts'
import { Secret } from '../../src/secrets/secret.ts'
import { dial, wayTo } from './server.ts'

const known: DatabaseFacts = { name: 'psycopg2', wanted: 'psycopg2' }

async function runWith(t: ExecutionContext, answer: RequestListener, facts: DatabaseFacts = known): Promise<Run> {
  const { signal } = new AbortController()
  const patience = { left: 0, say: () => undefined }
  const client = clientOf(await wayTo(t, answer), signal, patience)
  return {
    want: {
      serverName: 'example.com',
      matrixHost: 'matrix.example.com',
      secret: new Secret('secret'),
      httpPort: 8008,
      httpsPort: 443,
      database: facts,
      tunnel: false,
      uploadSize: 1,
    },
    context: { dial, signal, say: () => undefined },
    world: worldOf({}, signal),
    patience,
    synapse: client,
    rooms: [],
  }
}

test('every check needs only checks that come before it, or none of this run, and ids are unique', (t) => {
  const all = { tunnelMetricsPort: 20_241, outside: { tester: 'https://tester.example.org' } }
  const every = checksOf(all).map((one) => one.id)
  for (const want of [{}, { outside: {} }, { tunnelMetricsPort: 20_241 }, all]) {
    const checks = checksOf(want)
    const ids = checks.map((one) => one.id)
    t.is(new Set(ids).size, ids.length)
    for (const [i, { needs }] of checks.entries())
      for (const need of needs) t.true(ids.slice(0, i).includes(need) || (!ids.includes(need) && every.includes(need)), need)
    t.deepEqual(
      checks.filter((one) => one.always).map((one) => one.id),
      [ids.at(-1)],
    )
  }
  t.is(checksOf({}).length, 13)
})

/** Cleans up after a run that made a room, at a Synapse whose deletions of it end so; what it was asked to delete, too. */
async function cleaning(t: ExecutionContext, ends: readonly string[]) {
  const begun: string[] = []
  const run = await runWith(t, (request, response) => {
    const path = request.url!
    const answer = (json: unknown) => response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(json))
    if (request.method === 'DELETE') answer({ delete_id: String(begun.push(path)) })
    else if (path.includes('/delete_status/')) answer({ status: ends[Number(path.split('/').at(-1)) - 1], shutdown_room: null })
    else answer({})
  })
  run.admin = { name: 'admin', id: '@admin:example.com', password: 'secret', token: 'token' }
  run.rooms.push('!room:example.com')
  return { verdict: await cleanup.run(run, run.synapse), begun }
}

test('a room whose deletion failed is deleted again', async (t) => {
  const { verdict, begun } = await cleaning(t, ['failed', 'complete'])
  t.deepEqual(verdict, { ok: true, detail: 'accounts, room and files removed' })
  t.deepEqual(begun, Array(2).fill('/_synapse/admin/v2/rooms/!room%3Aexample.com'))
})

test('a room that cannot be deleted is named', async (t) => {
  const { verdict, begun } = await cleaning(t, ['failed', 'failed', 'failed', 'complete'])
  t.deepEqual(verdict, {
    ok: false,
    detail: 'room !room:example.com: Synapse could not delete it, 3 times; why is in its log',
    hint: 'what is named is still there: remove it by the admin API',
  })
  t.is(begun.length, 3)
})

test('a proxy that encodes what is encoded', async (t) => {
  // what Synapse answers when it gets %252F
  const run = await runWith(t, (request, response) => {
    const alias = decodeURIComponent(request.url!.split('/').at(-1)!.replaceAll('%2F', '%252F'))
    response
      .writeHead(404, { 'Content-Type': 'application/json' })
      .end(JSON.stringify({ errcode: 'M_NOT_FOUND', error: `Room alias ${alias} not found` }))
  })
  t.like(await encodedSlash.run(run, run.synapse), { ok: false, detail: '%2F arrives encoded twice' })
})

test('a quarter of a certificate’s life must be left', (t) => {
  const life = { valid_from: 'Jan  1 00:00:00 2026 GMT', valid_to: 'Apr  1 00:00:00 2026 GMT' }
  t.deepEqual(lifetime(life, Date.parse('2026-02-01')), { ok: true, detail: 'valid until 2026-04-01' })
  const late = lifetime(life, Date.parse('2026-03-20'))
  t.like(late, { ok: false, detail: 'the certificate ends on 2026-04-01, in 12 days: a quarter of its lifetime or less is left' })
  t.like(lifetime(life, Date.parse('2026-03-31')), {
    ok: false,
    detail: 'the certificate ends on 2026-04-01, in 1 day: a quarter of its lifetime or less is left',
  })
})

test('what the configuration says of the database', async (t) => {
  const verdict = async (facts: DatabaseFacts) => {
    const run = await runWith(t, (_request, response) => response.end('OK'), facts)
    const { ok, detail } = await database.run(run, run.synapse)
    return [ok, detail]
  }
  t.deepEqual(await verdict(known), [true, 'PostgreSQL'])
  t.deepEqual(await verdict({ name: 'sqlite3', wanted: 'sqlite3', sqlite: '/data/homeserver.db' }), [true, 'SQLite'])
  t.deepEqual(await verdict({ ...known, sqlite: '/x/homeserver.db' }), [false, 'PostgreSQL is configured, but there is /x/homeserver.db'])
  t.deepEqual(await verdict({ ...known, live: { schema: 93, connections: 5 } }), [true, 'PostgreSQL, schema 93, 5 connections'])
  t.deepEqual(await verdict({ ...known, live: { schema: 93, connections: 0 } }), [
    false,
    'PostgreSQL is configured, but Synapse has no connection to it',
  ])
  t.deepEqual(await verdict({ ...known, live: { why: 'the database x holds no tables of Synapse' } }), [
    false,
    'the database x holds no tables of Synapse',
  ])
  t.deepEqual(await verdict({ wanted: 'psycopg2', why: 'no file' }), [false, "Synapse's configuration cannot be read: no file"])
})

test('sizes as people read them', (t) => {
  t.deepEqual([1, 1000, 1024, 1536, 1024 * 1024, 52_428_800].map(bytes), ['1 B', '1000 B', '1 KiB', '1.5 KiB', '1 MiB', '50 MiB'])
})
