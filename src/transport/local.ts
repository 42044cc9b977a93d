import { spawn } from 'node:child_process'
import { userInfo } from 'node:os'
import { connectionOver } from './connection.ts'
import type { ShellStream } from './stream.ts'
import { type Connection, HostLost, type Target } from './transport.ts'

/** This machine, as `ansible_connection: local` has it: the same shells as over ssh, without the wire. */
export async function connectLocal(target: Target, options: { signal?: AbortSignal } = {}): Promise<Connection> {
  if (options.signal?.aborted) throw new HostLost('disconnected', `interrupted before ${target.name} was connected`)
  const streams = new Set<ShellStream>()
  return connectionOver(
    {
      loginUser: userInfo().username,
      start: async (command) => {
        const stream = startLocal(command)
        streams.add(stream)
        return stream
      },
      lost: () => undefined,
      end: async () => {
        for (const stream of streams) stream.close()
      },
    },
    target,
  )
}

/** Starts a command line in /bin/sh as the leader of its own session, as sshd does: a terminal's Ctrl-C is not for it. */
export function startLocal(command: string): ShellStream {
  const child = spawn('/bin/sh', ['-c', command], { stdio: ['pipe', 'pipe', 'pipe'], detached: true })
  // Each of these is followed by the end of the child, which is what is reported.
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream.on('error', () => undefined)
  const ended = new Promise<number | undefined>((resolve) => {
    child.on('error', () => resolve(undefined))
    child.on('close', (code) => resolve(code ?? undefined))
    // With a background process of a script still holding its streams, 'close' would not come.
    child.on('exit', (code) => setTimeout(resolve, 500, code ?? undefined).unref())
  })
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    ended,
    close: () => {
      child.stdin.destroy()
      child.stdout.destroy()
      child.stderr.destroy()
      child.unref()
    },
  }
}
