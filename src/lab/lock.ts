import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { environment } from './command.ts'

/**
 * Does the work while no other process holds the same lock file. The lock is flock(2) held by a child that lives as long as
 * its stdin, so it ends with this process however that ends. Waits at most 15 minutes, then throws an Error.
 */
export async function locked<T>(file: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const holder = spawn('flock', ['--wait', '900', file, 'sh', '-c', 'echo held; cat'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: environment(),
  })
  holder.stdin.on('error', () => {})
  const ended = once(holder, 'close')
  const stop = () => holder.kill()
  signal?.addEventListener('abort', stop, { once: true })
  const held = await Promise.race([once(holder.stdout, 'data').then(() => true), ended.then(() => false)])
  signal?.removeEventListener('abort', stop)
  signal?.throwIfAborted()
  if (!held) throw new Error(`another process has held ${file} for 15 minutes`)
  try {
    return await work()
  } finally {
    holder.stdin.end()
    await ended
  }
}
