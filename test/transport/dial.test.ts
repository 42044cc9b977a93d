import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import type { Duplex } from 'node:stream'
import test, { type ExecutionContext } from 'ava'
import { DialError } from '../../src/module/program.ts'
import { HostLost } from '../../src/transport/transport.ts'
import { here } from './local-host.ts'
import { connected } from './ssh-client.ts'
import { freePort, sshd } from './sshd.ts'

/** A server that sends back what it gets, and its port. */
async function echo(t: ExecutionContext): Promise<number> {
  const server: Server = createServer((socket) => socket.pipe(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const address = server.address()
  return typeof address === 'object' && address ? address.port : 0
}

async function said(socket: Duplex, text: string): Promise<string> {
  socket.end(text)
  let heard = ''
  for await (const chunk of socket) heard += String(chunk)
  return heard
}

test('over ssh, a connection is one of the host’s, beside the shells', async (t) => {
  const host = await sshd(t)
  const connection = await connected(t, host.target())
  const port = await echo(t)
  const shell = await connection.shell()
  const [first, second] = await Promise.all([connection.dial('127.0.0.1', port), connection.dial('localhost', port)])
  t.is(await said(first, 'one'), 'one')
  t.is((await shell.request({ script: 'echo between' })).stdout.toString(), 'between\n')
  t.is(await said(second, 'x'.repeat(3_000_000)), 'x'.repeat(3_000_000))
  t.is(host.log().match(/Accepted publickey/g)?.length, 1)
})

test('on this machine', async (t) => {
  const connection = await here(t)
  t.is(await said(await connection.dial('127.0.0.1', await echo(t)), 'hello'), 'hello')
})

test('why there is no connection', async (t) => {
  const host = await sshd(t)
  const port = await freePort()
  const both = [await connected(t, host.target()), await here(t)]
  for (const [i, connection] of both.entries()) {
    const error = await t.throwsAsync(connection.dial('127.0.0.1', port), { instanceOf: DialError })
    t.is(error.message, `${['box', 'here'][i]} could not connect to 127.0.0.1:${port}: Connection refused`)
    t.is(error.hint, undefined)
  }
})

test('a server that forwards nothing is told from a port where nothing is', async (t) => {
  for (const line of ['AllowTcpForwarding no', 'PermitOpen none', 'DisableForwarding yes']) {
    const host = await sshd(t, [line])
    const connection = await connected(t, host.target())
    const error = await t.throwsAsync(connection.dial('127.0.0.1', await echo(t)), { instanceOf: DialError })
    t.regex(error.message, /: its SSH server forwards no connections for this user$/)
    t.regex(error.hint ?? '', /AllowTcpForwarding yes/)
    t.is((await (await connection.shell()).request({ script: 'echo still here' })).stdout.toString(), 'still here\n')
  }
})

test('after the connection is closed there is none', async (t) => {
  const host = await sshd(t)
  const connection = await connected(t, host.target())
  const open = await connection.dial('127.0.0.1', await echo(t))
  const ended = once(open.resume(), 'close')
  await connection.close()
  await ended
  await t.throwsAsync(connection.dial('127.0.0.1', 1), { instanceOf: HostLost, message: 'the connection to box was closed' })
})
