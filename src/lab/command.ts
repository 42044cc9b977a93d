import { spawn } from 'node:child_process'

export interface Ended {
  code: number
  stdout: string
  stderr: string
}

export interface CommandOptions {
  stdin?: string
  cwd?: string
  signal?: AbortSignal | undefined
  /** Milliseconds until it is killed; 60 000 unless told. */
  timeout?: number
  /** How it is killed then, or when the signal aborts; SIGTERM unless told. */
  kill?: NodeJS.Signals
}

/**
 * The lab's tools come from the system's directories: an ordinary PATH lacks sbin, and npm puts node_modules/.bin in front,
 * where a package has a program called `nft` too.
 */
export const environment = (): NodeJS.ProcessEnv => ({
  ...process.env,
  PATH: `/usr/sbin:/usr/bin:/sbin:/bin:${process.env.PATH ?? ''}`,
  LC_ALL: 'C.UTF-8',
})

/** Runs a program to its end and returns what it said; a program that cannot be started ends with 127, a killed one with 255. */
export function attempt(argv: readonly string[], options: CommandOptions = {}): Promise<Ended> {
  const { stdin, signal, timeout = 60_000, kill = 'SIGTERM', cwd } = options
  const spawning = { env: environment(), timeout, killSignal: kill, ...(cwd === undefined ? {} : { cwd }) }
  return new Promise((done, fail) => {
    if (signal?.aborted) return fail(signal.reason)
    const child = spawn(argv[0]!, argv.slice(1), { stdio: 'pipe', ...spawning })
    const out: Buffer[] = []
    const err: Buffer[] = []
    const stop = () => child.kill(kill)
    signal?.addEventListener('abort', stop, { once: true })
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
    child.stdin.on('error', () => {})
    child.stdin.end(stdin ?? '')
    let broken: string | undefined
    child.on('error', (error) => {
      broken = error.message
    })
    child.on('close', (code) => {
      signal?.removeEventListener('abort', stop)
      if (signal?.aborted) return fail(signal.reason)
      const stderr = Buffer.concat(err).toString()
      if (broken !== undefined) return done({ code: 127, stdout: '', stderr: broken })
      done({ code: code ?? 255, stdout: Buffer.concat(out).toString(), stderr })
    })
  })
}

/** Like `attempt`, for a program that must succeed. Throws an Error with its last words. */
export async function must(argv: readonly string[], options: CommandOptions = {}): Promise<string> {
  const ended = await attempt(argv, options)
  if (ended.code === 0) return ended.stdout
  const words = (ended.stderr.trim() || ended.stdout.trim()).split('\n').slice(-5).join('\n')
  // A script is named by its shell only: its text would bury the message.
  const name = argv[0] === 'sh' ? `sh (${argv[2] === undefined ? '' : argv[2].trim().split('\n')[0]} …)` : argv.slice(0, 4).join(' ')
  throw new Error(`${name} ended with ${ended.code}: ${words}`)
}
