import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process'
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs'
import { Socket } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import type { Writable } from 'node:stream'
import { connectionOver } from './connection.ts'
import { dialHere } from './dial.ts'
import type { ShellStream } from './stream.ts'
import { type Connection, HostLost, type Target } from './transport.ts'

/** This machine, as `ansible_connection: local` has it: the same shells as over ssh, without the wire. */
export async function connectLocal(target: Target, options: { signal?: AbortSignal } = {}): Promise<Connection> {
  if (options.signal?.aborted) throw new HostLost('disconnected', 'interrupted')
  const streams = new Set<ShellStream>()
  return connectionOver(
    {
      loginUser: userInfo().username,
      start: async (command) => {
        const stream = startLocal(command)
        streams.add(stream)
        return stream
      },
      dial: dialHere,
      lost: () => undefined,
      end: async () => {
        for (const stream of streams) stream.close()
      },
    },
    target,
  )
}

/** A target that is this machine. */
export const localTarget = (name: string): Target => ({
  name,
  connection: 'local',
  address: 'localhost',
  port: 22,
  proxyJump: [],
  hostKeyChecking: 'strict',
  hostKeys: [],
  knownHostsFiles: [],
  connectTimeout: 10,
})

/** Starts a command line in /bin/sh as the leader of its own session, as sshd does: a terminal's Ctrl-C is not for it. */
function startLocal(command: string): ShellStream {
  const { out, err } = makePipes()
  const child = spawn('/bin/sh', ['-c', command], { stdio: ['pipe', out.writable, err.writable], detached: true })
  for (const { writable } of [out, err]) closeSync(writable)
  const { stdin } = child as ChildProcessByStdio<Writable, null, null>
  const [stdout, stderr] = [new Socket({ fd: out.readable, writable: false }), new Socket({ fd: err.readable, writable: false })]
  // Each of these is followed by the end of the child, which is what is reported.
  for (const stream of [stdin, stdout, stderr]) stream.on('error', () => undefined)
  const drained = Promise.all([stdout, stderr].map((stream) => new Promise((resolve) => stream.once('close', resolve))))
  const ended = new Promise<number | undefined>((resolve) => {
    child.on('error', () => resolve(undefined))
    child.on('exit', (code) => {
      drained.then(() => resolve(code ?? undefined))
      // With a background process of a script still holding them, the streams would not end.
      setTimeout(resolve, 500, code ?? undefined).unref()
    })
  })
  return {
    stdin,
    stdout,
    stderr,
    ended,
    close: () => {
      stdin.destroy()
      stdout.destroy()
      stderr.destroy()
      child.unref()
    },
  }
}

interface Pipe {
  readonly readable: number
  readonly writable: number
}

/** Node would give the child sockets for stdout and stderr, and a socket cannot be opened by name: `echo >/dev/stderr` would fail. */
function makePipes(): { out: Pipe; err: Pipe } {
  const directory = mkdtempSync(join(tmpdir(), 'mhprov-'))
  const [out, err] = [join(directory, 'out'), join(directory, 'err')]
  // Without O_NONBLOCK, opening one end waits for the other.
  const openPipe = (name: string): Pipe => ({
    readable: openSync(name, constants.O_RDONLY | constants.O_NONBLOCK),
    writable: openSync(name, constants.O_WRONLY),
  })
  try {
    execFileSync('mkfifo', ['-m', '600', out, err], { stdio: 'pipe' })
    return { out: openPipe(out), err: openPipe(err) }
  } catch (error) {
    throw new HostLost('disconnected', `no pipe to a shell on this machine could be made: ${(error as Error).message}`)
  } finally {
    rmSync(directory, { recursive: true })
  }
}
