import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import type { Program } from '../../src/module/program.ts'
import { Secret } from '../../src/secrets/secret.ts'
import { connectLocal, localTarget } from '../../src/transport/local.ts'
import { HostLost } from '../../src/transport/transport.ts'
import { play } from '../helpers/play.ts'
import { serving } from '../matrix/server.ts'

// What the engine does with a step that is a program of the controller; matrix_verify plans one that reads, matrix_user one that changes.

const PLAY = `
- hosts: all
  tasks:
    - name: proof
      matrix_verify:
        server_name: example.com
        matrix_host: matrix.example.com
        registration_shared_secret: very-secret
        data_dir: /nonexistent
      register: proof
`
/** Of a Synapse that has no account. */
async function account(t: ExecutionContext): Promise<string> {
  const port = await serving(
    t,
    createHttpServer((_request, response) => response.writeHead(404).end()),
  )
  return `
- hosts: all
  tasks:
    - name: account
      matrix_user: { name: alice, password: of-alice, server_name: example.com, registration_shared_secret: very-secret, http_port: ${port} }
`
}

const withProgram = (program: Program, name = 'verify matrix') => ({ deps: { programs: { [name]: program } } })
const check = (more: object) => ({ id: 'one', name: 'the one', from: 'host', ok: true, detail: 'well', ms: 1, ...more })

test('a program is given its input with the secrets closed, says lines, and its answer is the output', async (t) => {
  let secret: unknown
  const program: Program = async (input, { say }) => {
    secret = (input as { secret: unknown }).secret
    say('working')
    return [check({})]
  }
  const played = await play(PLAY, withProgram(program))
  t.true(secret instanceof Secret)
  t.is((secret as Secret).reveal(), 'very-secret')
  t.deepEqual(played.ends, ['here proof ok'])
  t.like(played.results.proof, { changed: false, failed: false, passed: 1, failed_checks: 0, msg: '1 checks passed', checks: [check({})] })
  t.true(played.events.some((event) => event.type === 'task:output' && event.text === 'working'))
  t.notRegex(JSON.stringify(played.events), /very-secret/)
})

test('what a program finds wrong fails the task with the way out', async (t) => {
  const played = await play(
    PLAY,
    withProgram(async () => [check({}), check({ id: 'two', name: 'the two', ok: false, detail: 'broken', hint: 'mend it' })]),
  )
  t.deepEqual(played.ends, ['here proof failed'])
  t.like(played.results.proof, { msg: 'the two: broken\nmend it', passed: 1, failed_checks: 1 })
  const end = played.events.find((event) => event.type === 'task:end')
  t.is(end?.type === 'task:end' ? end.failure?.stdoutTail : '', undefined)
})

test('a dry run runs none that reads, and foretells what one that changes makes', async (t) => {
  const program: Program = async () => t.fail()
  const dry = await play(PLAY, { check: true, ...withProgram(program) })
  t.deepEqual(dry.ends, ['here proof skipped'])
  const foretold = await play(await account(t), { check: true, ...withProgram(program, 'register matrix account') })
  t.deepEqual(foretold.ends, ['here account changed'])
  t.like(foretold.results.account, { user_id: '@alice:example.com' })
})

test('a program that changes something counts as changed, and the facts are asked anew after it', async (t) => {
  const played = await play(
    await account(t),
    withProgram(async () => ({ ok: true }), 'register matrix account'),
  )
  t.deepEqual(played.ends, ['here account changed'])
  const failed = await play(
    await account(t),
    withProgram(async () => ({ ok: false, detail: 'no', hint: 'do so' }), 'register matrix account'),
  )
  t.deepEqual(failed.ends, ['here account failed'])
  t.is(failed.results.account?.msg, 'no\ndo so')
})

test('a program dials where the task is carried out', async (t) => {
  const server = createServer((socket) => socket.end('hello'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const program: Program = async (_input, { dial }) => {
    const refused = await dial('127.0.0.1', 1).catch((error: Error) => error.message)
    const heard: string[] = []
    for await (const chunk of await dial('127.0.0.1', port)) heard.push(String(chunk))
    return [check({ detail: `${heard.join('')}; ${refused}` })]
  }
  const { results } = await play(PLAY, withProgram(program))
  t.like(results.proof, { checks: [check({ detail: 'hello; here could not connect to 127.0.0.1:1: Connection refused' })] })
})

test('a host that is lost under a program is lost, whatever the program made of it', async (t) => {
  const connect = async (name: string) => ({
    ...(await connectLocal(localTarget(name))),
    dial: async () => {
      throw new HostLost('disconnected', 'the cable was pulled')
    },
  })
  const program: Program = async (_input, { dial }) => [
    check({ ok: false, detail: String(await dial('x', 1).catch((error: Error) => error)) }),
  ]
  const { summary } = await play(PLAY, { connect, ...withProgram(program) })
  t.like(summary.hosts.here, { status: 'unreachable', failure: { message: 'the cable was pulled' } })
})

test('a task’s timeout tells a program to come to an end, and what it has found counts', async (t) => {
  const program: Program = async (_input, { signal }) => {
    await once(signal, 'abort')
    return [check({ ok: null, detail: 'interrupted' })]
  }
  const { ends, results } = await play(PLAY.replace('register:', 'timeout: 1\n      register:'), withProgram(program))
  t.deepEqual(ends, ['here proof failed'])
  t.is(results.proof?.msg, 'interrupted')
})

test('a program that is not there, or throws, is a fault of ours', async (t) => {
  for (const deps of [{}, { programs: { 'verify matrix': async () => Promise.reject(new Error('oops')) } }]) {
    const { summary } = await play(PLAY, { deps })
    t.is(summary.hosts.here?.failure?.reason, 'bug')
  }
})
