import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { runStep, type StepContext } from '../../src/engine/step.ts'
import type { Step } from '../../src/module/define.ts'
import { httpClient } from '../../src/transport/http.ts'
import { connectLocal, localTarget } from '../../src/transport/local.ts'
import { cloud } from '../helpers/cloudflare.ts'

async function context(t: ExecutionContext): Promise<{ url: string; paths: string[]; context: StepContext }> {
  const paths: string[] = []
  const server = createServer((request, response) => {
    paths.push(request.url!)
    response.end(JSON.stringify({ result: { id: 'a/b c', count: 3 } }))
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const connection = await connectLocal(localTarget('here'))
  t.teardown(() => connection.close())
  const shell = await connection.shell()
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    paths,
    context: {
      shell,
      http: httpClient(),
      saved: new Map(),
      environment: {},
      programs: {},
      dial: connection.dial,
      signal: new AbortController().signal,
    },
  }
}

test('what a request saves is quoted into the address of a later one', async (t) => {
  const { url, paths, context: given } = await context(t)
  const steps: Step[] = [
    { do: 'request', method: 'POST', url: `${url}/things`, saves: { thing: 'result.id' } },
    { do: 'request', method: 'PUT', url: `${url}/things/{thing}/{other}` },
  ]
  for (const step of steps) t.is((await runStep(step, given)).code, 0)
  t.deepEqual(paths, ['/things', '/things/a%2Fb%20c/%7Bother%7D'])
})

test('an answer without what is to be saved fails the step', async (t) => {
  const { url, context: given } = await context(t)
  for (const way of ['result.name', 'result.count', 'nothing.there.at.all']) {
    const output = await runStep({ do: 'request', method: 'POST', url, saves: { x: way } }, given)
    t.deepEqual([output.code, output.stderr.toString()], [1, `POST ${url}: the answer has no ${way}`])
  }
})

test('tasks of a host and of the controller in one play: both are asked ahead, and a run after the first changes nothing', async (t) => {
  const api = await cloud(t)
  const route = { zone: 'example.com', record: '@', type: 'AAAA', value: '100::', proxied: true }
  const tasks = [
    { name: 'first', file: { path: '<%= playbook_dir %>/a', state: 'directory' } },
    { name: 'dns', cloudflare_dns: route },
    { name: 'second', file: { path: '<%= playbook_dir %>/b', state: 'directory' } },
  ]
  const local = { connect: (host: string) => connectLocal(localTarget(host)) }
  const ran = await api.run(tasks, local)
  t.deepEqual(ran.statuses, ['first changed', 'dns changed', 'second changed'])
  const again = await api.run(tasks, { ...local, dir: ran.dir })
  t.deepEqual(again.statuses, ['first ok', 'dns ok', 'second ok'])
  t.is(again.connections[0]!.counts.roundTrips, 1)
})
