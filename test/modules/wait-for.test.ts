import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import test from 'ava'
import { waitFor } from '../../src/modules/wait-for.ts'
import { settle } from '../helpers/settle.ts'
import { toolPath } from '../helpers/tool-path.ts'

const home = mkdtempSync(join(tmpdir(), 'wait for '))
test.after.always(() => rmSync(home, { recursive: true }))

const listen = (server: Server, port = 0, host = '127.0.0.1') =>
  new Promise<number>((done) => server.listen(port, host, () => done((server.address() as AddressInfo).port)))

const tools = (...extra: string[]) => toolPath('sh', 'sleep', 'timeout', 'grep', 'cat', 'stat', 'mktemp', 'rm', ...extra)
const within = (path: string) => ({ prefix: ['env', `PATH=${path}`] })

test('a file that is there is told at once', async (t) => {
  writeFileSync(join(home, 'there'), '')
  const { result, changes } = await settle(waitFor, { path: join(home, 'there') })
  t.deepEqual(result, {
    changed: false,
    elapsed: 0,
    state: 'started',
    path: join(home, 'there'),
    port: null,
    search_regex: null,
    match_groups: [],
    match_groupdict: {},
  })
  t.deepEqual(
    changes.map(({ summary, reads }) => [summary, reads]),
    [[`wait for ${home}/there to be started`, true]],
  )
})

test('waits for a file to come, and for one to go', async (t) => {
  const file = join(home, 'comes and goes')
  const coming = settle(waitFor, { path: file, timeout: 20, sleep: 0.1 })
  await wait(600)
  writeFileSync(file, '')
  t.true((await coming).result.changed === false)
  const going = settle(waitFor, { path: file, state: 'absent', timeout: 20 })
  await wait(3000)
  rmSync(file)
  t.is((await going).result.failed, undefined)
  t.true(((await going).result.elapsed as number) >= 1)
})

test('a text in a file, with its groups', async (t) => {
  const file = join(home, 'keyword')
  const regex = '^completed (?P<foo>\\w+) ([0-9]+)(x)?$'
  const waiting = settle(waitFor, { path: file, search_regex: regex, timeout: 20, sleep: 0.2 })
  await wait(400)
  writeFileSync(file, 'started\n')
  await wait(400)
  writeFileSync(file, 'started\ncompleted data 123\nmore\n')
  const { result } = await waiting
  t.is(result.search_regex, regex)
  t.deepEqual(result.match_groups, ['data', '123', null])
  t.deepEqual(result.match_groupdict, { foo: 'data' })
})

test('expressions mean what they mean to Python', async (t) => {
  const file = join(home, 'subject')
  writeFileSync(file, 'one\ntwo "$HOME" `x`\n')
  const finds = async (search_regex: string) => (await settle(waitFor, { path: file, search_regex, timeout: 0 })).result.failed !== true
  t.true(await finds('^two'))
  t.true(await finds('e\\nt'))
  t.true(await finds('e\nt'))
  t.true(await finds('(?i)TWO'))
  t.true(await finds('`x`\\n\\Z'))
  t.false(await finds('`x`\\Z'))
  t.true(await finds('"\\$HOME"'))
  t.false(await finds('one.two'))
  t.true(await finds('(?s)one.two'))
})

test('a file that is not text is searched too', async (t) => {
  writeFileSync(join(home, 'mixed'), Buffer.concat([Buffer.from('completed', 'utf16le'), Buffer.from('\ncaf\xe9 completed\n', 'latin1')]))
  t.is((await settle(waitFor, { path: join(home, 'mixed'), search_regex: 'completed', timeout: 1 })).result.failed, undefined)
  t.is((await settle(waitFor, { path: '/sys/class/net/lo/carrier', search_regex: '1', timeout: 1 })).result.failed, undefined)
})

test('of a very large file only the match is brought back', async (t) => {
  const file = join(home, 'large')
  writeFileSync(file, `${'x'.repeat(99)}\n`.repeat(20_000))
  writeFileSync(file, 'ready in 42 s\n', { flag: 'a' })
  const { result, outputs } = await settle(waitFor, { path: file, search_regex: 'ready in ([0-9]+) s', timeout: 5 })
  t.deepEqual(result.match_groups, ['42'])
  t.true(outputs[0]!.stdout.length < 100)
})

test('a timeout fails with a message that says for what', async (t) => {
  const [port, path] = [1, join(home, 'never')]
  const msg = async (params: object) => {
    const { result } = await settle(waitFor, { timeout: 0, ...params })
    return [result.failed, result.msg]
  }
  writeFileSync(join(home, 'stays'), '')
  t.deepEqual(await msg({ port }), [true, 'Timeout when waiting for 127.0.0.1:1'])
  t.deepEqual(await msg({ port, search_regex: 'x' }), [true, 'Timeout when waiting for search string x in 127.0.0.1:1'])
  t.deepEqual(await msg({ path }), [true, `Timeout when waiting for file ${path}`])
  t.deepEqual(await msg({ path, search_regex: 'x' }), [true, `Timeout when waiting for search string x in ${path}`])
  t.deepEqual(await msg({ path: join(home, 'stays'), state: 'absent' }), [true, `Timeout when waiting for ${home}/stays to be absent.`])
  t.deepEqual(await msg({ port, msg: 'not today' }), [true, 'not today'])
})

test('the elapsed seconds of a timeout are the timeout', async (t) => {
  const { result } = await settle(waitFor, { port: 1, timeout: 2 })
  t.true([2, 3].includes(result.elapsed as number))
  t.like(result, { changed: false, failed: true, msg: 'Timeout when waiting for 127.0.0.1:1' })
})

test('with nothing to watch it is a sleep, the delay on top', async (t) => {
  const { result } = await settle(waitFor, { timeout: 1, delay: 1 })
  t.is(result.failed, undefined)
  t.true([2, 3].includes(result.elapsed as number))
})

for (const [tool, extra] of [
  ['bash', ['bash']],
  ['curl', ['curl']],
] as const)
  test(`a port that opens and closes, tried with ${tool}`, async (t) => {
    const first = createServer((socket) => socket.destroy())
    const port = await listen(first)
    await new Promise((done) => first.close(done))
    const path = tools(...extra)
    const opening = settle(waitFor, { port, host: 'localhost', timeout: 20, sleep: 0.2 }, within(path))
    await wait(500)
    const server = createServer((socket) => socket.end())
    t.teardown(() => server.close())
    await listen(server, port)
    const { result } = await opening
    t.deepEqual([result.failed, result.port], [undefined, port])
    t.is(
      (await settle(waitFor, { port, state: 'stopped', timeout: 0 }, within(path))).result.msg,
      `Timeout when waiting for 127.0.0.1:${port} to stop.`,
    )
    const closing = settle(waitFor, { port, state: 'stopped', timeout: 20, sleep: 0.2 }, within(path))
    await wait(300)
    server.close()
    t.is((await closing).result.failed, undefined)
  })

test('without a tool to try a port it says what is needed', async (t) => {
  const { result } = await settle(waitFor, { port: 1 }, within(tools()))
  t.deepEqual([result.failed, result.msg], [true, 'bash, curl or nc is needed on the host to wait for a port'])
  t.is(
    (await settle(waitFor, { port: 1, search_regex: 'x' }, within(tools()))).result.msg,
    'bash is needed on the host to search what a port says',
  )
})

test('what a port says is searched, over as many connections as it takes', async (t) => {
  let connections = 0
  const server = createServer((socket) => {
    t.teardown(() => socket.destroy())
    socket.on('error', () => {})
    connections += 1
    if (connections < 3) socket.end('not yet\n')
    else setTimeout(() => socket.write(`SSH-2.0-OpenSSH_9.${connections}\r\n`), 200)
  })
  t.teardown(() => server.close())
  const port = await listen(server)
  const { result } = await settle(waitFor, { port, search_regex: 'OpenSSH_(?P<version>[\\d.]+)', timeout: 20, sleep: 0.1 })
  t.deepEqual(result.match_groupdict, { version: '9.3' })
  const silent = await settle(waitFor, { port, search_regex: 'Dropbear', timeout: 1 })
  t.is(silent.result.msg, `Timeout when waiting for search string Dropbear in 127.0.0.1:${port}`)
})

test('drained waits for the last connection, those of excluded hosts aside', async (t) => {
  const server = createServer((socket) => socket.on('error', () => {}))
  t.teardown(() => server.close())
  const port = await listen(server)
  const drained = async (more: object = {}) =>
    (await settle(waitFor, { port, state: 'drained', timeout: 0, active_connection_states: ['ESTABLISHED'], ...more })).result.msg
  t.is(await drained(), undefined)
  const client = connect(port, '127.0.0.1')
  await new Promise((done) => client.once('connect', done))
  t.is(await drained(), `Timeout when waiting for 127.0.0.1:${port} to drain`)
  t.is(await drained({ host: '0.0.0.0' }), `Timeout when waiting for 0.0.0.0:${port} to drain`)
  t.is(await drained({ host: 'localhost' }), `Timeout when waiting for localhost:${port} to drain`)
  t.is(await drained({ host: '127.0.0.2' }), undefined)
  t.is(await drained({ exclude_hosts: ['127.0.0.1'] }), undefined)
  t.is(await drained({ exclude_hosts: 'localhost,10.0.0.1' }), undefined)
  t.is(await drained({ exclude_hosts: ['10.0.0.1'] }), `Timeout when waiting for 127.0.0.1:${port} to drain`)
  t.is(await drained({ active_connection_states: ['SYN_SENT'] }), undefined)
  client.destroy()
  t.is(await drained({ timeout: 10 }), undefined)
})

test('what makes no sense together is refused', async (t) => {
  const refusal = async (params: object) => (await settle(waitFor, params)).plan.failure
  t.is(await refusal({ port: 1, path: '/x' }), 'port and path parameter can not both be passed to wait_for')
  t.is(await refusal({ path: '/x', state: 'stopped' }), 'state=stopped should only be used for checking a port in the wait_for module')
  t.is(await refusal({ path: '/x', state: 'drained' }), 'state=drained should only be used for checking a port in the wait_for module')
  t.is(await refusal({ port: 1, exclude_hosts: ['x'] }), 'exclude_hosts should only be with state=drained')
  t.is(await refusal({ port: 70000 }), '70000 is not a port: they go from 1 to 65535')
  t.regex(
    (await refusal({ port: 1, state: 'drained', active_connection_states: ['OPEN'] })) ?? '',
    /^unknown active_connection_states \(OPEN\)/,
  )
  t.regex((await refusal({ path: '/x', search_regex: '(' })) ?? '', /^search_regex "\(" cannot be used: /)
})

test('a dry run does not wait', async (t) => {
  const { outputs, result } = await settle(waitFor, { path: join(home, 'never') }, { check: true })
  t.deepEqual([outputs.length, result.changed, result.elapsed], [0, false, 0])
})

test('nothing is left behind', async (t) => {
  mkdirSync(join(home, 'tmp'))
  await settle(waitFor, { port: 1, search_regex: 'x', timeout: 0 }, { prefix: ['env', `TMPDIR=${join(home, 'tmp')}`] })
  t.deepEqual(execFileSync('ls', ['-A', join(home, 'tmp')], { encoding: 'utf8' }), '')
  t.true(existsSync(join(home, 'tmp')))
})
