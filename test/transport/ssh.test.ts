import { execFile, execFileSync, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import test from 'ava'
import { Secret } from '../../src/secrets/secret.ts'
import type { SshOptions } from '../../src/transport/ssh.ts'
import { connected, fingerprintOf, hello, refusal } from './ssh-client.ts'
import { freePort, keygen, sshd } from './sshd.ts'

test('100 requests take one connection, one session and no terminal', async (t) => {
  const host = await sshd(t)
  const connection = await connected(t, host.target())
  const shell = await connection.shell()
  const replies = await Promise.all(Array.from({ length: 100 }, (_, i) => shell.request({ script: `echo ${i}; tty` })))
  t.deepEqual(
    replies.map((reply) => reply.stdout.toString()),
    Array.from({ length: 100 }, (_, i) => `${i}\nnot a tty\n`),
  )
  t.deepEqual(connection.counts, { shells: 1, roundTrips: 1, requests: 100 })
  t.is(host.log().match(/Connection from/g)?.length, 1)
  t.is(host.log().match(/Starting session: command/g)?.length, 1)
  t.is(host.log().match(/Accepted publickey/g)?.length, 1)
  // No `none` request either: the first thing asked for is the key.
  t.notRegex(host.log(), /Failed none/)
})

test('bytes go both ways over the wire unchanged', async (t) => {
  const host = await sshd(t)
  const shell = await (await connected(t, host.target())).shell()
  const bytes = randomBytes(8_000_000)
  const file = join(host.directory, 'payload')
  writeFileSync(file, bytes)
  const [echoed, summed] = await Promise.all([
    shell.request({ script: 'cat', stdin: bytes }),
    shell.request({ script: 'sha256sum; cat >&2 </dev/null', stdin: { file, size: bytes.length } }),
  ])
  t.true(echoed.stdout.equals(bytes))
  t.is(summed.stdout.toString(), `${createHash('sha256').update(bytes).digest('hex')}  -\n`)
})

test('keys of every type let in', async (t) => {
  const host = await sshd(t)
  for (const [type, ...options] of [['ed25519'], ['ecdsa'], ['rsa', '-b', '2048'], ['rsa', '-b', '2048', '-m', 'PEM']]) {
    const key = keygen(join(host.directory, `key-${[type, ...options].join('')}`), type!, '', ...options)
    host.authorize(key)
    t.is(await hello(await connected(t, host.target({ privateKeyFile: key }))), 'hello\n')
  }
})

test('an encrypted key is asked for once, however many hosts it opens', async (t) => {
  const host = await sshd(t)
  const key = keygen(join(host.directory, 'locked'), 'ed25519', 'open sesame')
  host.authorize(key)
  const asked: string[] = []
  const passphrase = async (file: string) => {
    asked.push(file)
    return new Secret('open sesame')
  }
  const target = host.target({ privateKeyFile: key })
  const connections = await Promise.all([1, 2, 3].map(() => connected(t, target, { passphrase })))
  t.deepEqual(await Promise.all(connections.map(hello)), ['hello\n', 'hello\n', 'hello\n'])
  t.deepEqual(asked, [key])
})

test('key files that cannot be used are told apart before anything is connected', async (t) => {
  const host = await sshd(t)
  const at = (name: string) => join(host.directory, name)
  const locked = keygen(at('locked'), 'ed25519', 'right')
  writeFileSync(at('garbage'), 'not a key\n')
  const told = (file: string, options?: SshOptions) => refusal(t, host.target({ privateKeyFile: file }), options)
  t.deepEqual(
    [
      await told(at('none')),
      await told(at('garbage')),
      await told(`${host.key}.pub`),
      await told(locked),
      await told(locked, { passphrase: async () => undefined }),
      await told(locked, { passphrase: async () => new Secret('wrong') }),
      await told(host.directory),
    ],
    [
      `there is no private key ${at('none')}`,
      `the private key ${at('garbage')} cannot be used: Unsupported key format`,
      `of ${host.key}.pub there is only the public half, and the agent does not hold the other`,
      `the private key ${locked} is encrypted, and its passphrase is not at hand`,
      `the private key ${locked} is encrypted, and its passphrase is not at hand`,
      `that is not the passphrase of ${locked}`,
      `the private key ${host.directory} cannot be used: EISDIR: illegal operation on a directory, read`,
    ].map((message) => ({ reason: 'key-file', message })),
  )
  t.notRegex(host.log(), /Connection from/)
})

test('an agent opens with the key that is named, though it holds more than sshd has patience for', async (t) => {
  const host = await sshd(t)
  const socket = join(host.directory, 'agent')
  const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] })
  t.teardown(() => agent.kill())
  await new Promise((resolve) => agent.stdout.once('data', resolve))
  const add = (key: string) => execFileSync('ssh-add', ['-q', key], { env: { ...process.env, SSH_AUTH_SOCK: socket }, stdio: 'ignore' })
  for (let i = 0; i < 7; i++) add(keygen(join(host.directory, `stray${i}`), 'ed25519'))
  add(host.key)
  // Encrypted on disk, open in the agent.
  execFileSync('ssh-keygen', ['-q', '-p', '-f', host.key, '-N', 'secret'])
  t.is(await hello(await connected(t, host.target(), { agent: socket })), 'hello\n')
  t.is(await hello(await connected(t, host.target({ privateKeyFile: `${host.key}.pub` }), { agent: socket })), 'hello\n')
  t.notRegex(host.log(), /Failed publickey/)
  const { privateKeyFile: _, ...unnamed } = host.target()
  const many = await refusal(t, unnamed, { agent: socket, identityFiles: [] })
  t.is(many.reason, 'auth')
  t.regex(many.message, /^box broke off after too many tries as \S+: tried agent key test ed25519(, agent key test ed25519)+$/)
  // The default keys come first, and of those the agent has the one that fits.
  t.is(await hello(await connected(t, unnamed, { agent: socket, identityFiles: [host.key] })), 'hello\n')
})

test('a login that is refused says what was tried', async (t) => {
  const host = await sshd(t)
  const stranger = keygen(join(host.directory, 'stranger'), 'ed25519')
  const user = host.target().user
  t.deepEqual(await refusal(t, host.target({ privateKeyFile: stranger }), { password: new Secret('guess') }), {
    reason: 'auth',
    message: `box did not let ${user} in: tried key ${stranger}, password, password (keyboard-interactive); it accepts publickey, password, keyboard-interactive`,
  })
  const { privateKeyFile: _, ...unnamed } = host.target()
  t.deepEqual(await refusal(t, unnamed, { identityFiles: [] }), {
    reason: 'auth',
    message: `box did not let ${user} in: there was no key and no password to try`,
  })
})

test('jump hosts are gone through, each held to its own key', async (t) => {
  const [inner, outer] = await Promise.all([sshd(t), sshd(t)])
  inner.authorize(outer.key)
  outer.authorize(inner.key)
  const known = [inner.knownHosts, outer.knownHosts]
  const jump = `${outer.target().user}@127.0.0.1:${outer.port}`
  const target = inner.target({ proxyJump: [jump], knownHostsFiles: known })
  const connection = await connected(t, target)
  t.is(await hello(connection), 'hello\n')
  t.regex(inner.log(), /Accepted publickey/)
  t.regex(outer.log(), /Accepted publickey/)
  await connection.close()

  t.is(
    (await refusal(t, { ...target, knownHostsFiles: [inner.knownHosts] })).message,
    `on the way to box: the host key of 127.0.0.1 is not known: ED25519 ${fingerprintOf(`${outer.directory}/host_ed25519`)}`,
  )
  t.is((await refusal(t, { ...target, knownHostsFiles: [outer.knownHosts] })).reason, 'host-key')
  const nowhere = await freePort()
  t.deepEqual(await refusal(t, { ...target, port: nowhere }), {
    reason: 'jump',
    message: `127.0.0.1 could not connect to box (127.0.0.1:${nowhere}): Connection refused`,
  })
  t.deepEqual(await refusal(t, { ...target, proxyJump: [`127.0.0.1:${nowhere}`] }), {
    reason: 'jump',
    message: `on the way to box: 127.0.0.1 refused the connection (127.0.0.1:${nowhere})`,
  })
})

test('hosts that are not there are told apart', async (t) => {
  const host = await sshd(t)
  const port = await freePort()
  t.deepEqual(await refusal(t, host.target({ port })), { reason: 'refused', message: `box refused the connection (127.0.0.1:${port})` })
  t.is((await refusal(t, host.target({ address: 'nosuchhost.invalid' }))).reason, 'unresolvable')
})

test('a server that never says a word is given up after the connect timeout; one that hangs up at once is told so', async (t) => {
  const host = await sshd(t)
  const silent = createServer((socket) => socket.on('error', () => undefined))
  const rude = createServer((socket) => socket.end())
  const ports = await Promise.all(
    [silent, rude].map((server) => {
      t.teardown(() => server.close())
      return new Promise<number>((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)))
    }),
  )
  const [silence, rudeness] = await Promise.all(ports.map((port, i) => refusal(t, host.target({ port, connectTimeout: i === 0 ? 1 : 30 }))))
  t.deepEqual(silence, { reason: 'timeout', message: 'box did not answer within 1 s' })
  t.deepEqual(rudeness, { reason: 'disconnected', message: 'box closed the connection without a word' })
})

test('a login can be interrupted', async (t) => {
  const host = await sshd(t)
  const silent = createServer((socket) => socket.on('error', () => undefined))
  t.teardown(() => silent.close())
  const port = await new Promise<number>((resolve) =>
    silent.listen(0, '127.0.0.1', () => resolve((silent.address() as { port: number }).port)),
  )
  const controller = new AbortController()
  const pending = refusal(t, host.target({ port }), { signal: controller.signal })
  controller.abort()
  t.deepEqual(await pending, { reason: 'disconnected', message: 'interrupted' })
})

test('when the connection is killed, all that is pending and all that comes later is rejected', async (t) => {
  const host = await sshd(t)
  const connection = await connected(t, host.target())
  const shell = await connection.shell()
  // The parent of the shell is the sshd process of this login.
  const session = Number((await shell.request({ script: 'echo $PPID' })).stdout)
  const pending = [shell.request({ script: 'sleep 20' }), shell.request({ script: 'echo never' })]
  process.kill(session)
  const results = await Promise.allSettled([...pending, ...pending.map((one) => one.catch(() => shell.request({ script: ':' })))])
  t.deepEqual(
    results.map((result) => result.status === 'rejected' && [result.reason.reason, result.reason.message]),
    Array(4).fill(['disconnected', 'the connection to box was lost: it was closed at the other end']),
  )
  await t.throwsAsync(connection.shell({ user: 'nobody' }), { message: 'the connection to box was lost: it was closed at the other end' })
})

test('nothing is left that keeps the process alive', async (t) => {
  const host = await sshd(t)
  const script = `
    const { connectSsh } = await import(${JSON.stringify(new URL('../../src/transport/ssh.js', import.meta.url).href)})
    const connection = await connectSsh(${JSON.stringify(host.target())}, { agent: '' })
    const shell = await connection.shell()
    shell.request({ script: 'sleep 3' })
    await connection.close()
    console.log('closed')`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { timeout: 60_000 })
  t.is(stdout, 'closed\n')
})
