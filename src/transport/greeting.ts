import type { ShellStream } from './stream.ts'
import { HostLost } from './transport.ts'

/** A shell about to be opened: the command line for the login shell, and how to understand what comes before its greeting. */
export interface Opening {
  readonly command: string
  /** Stands around the greeting on stdout, and alone on stderr. */
  readonly mark: string
  /** Called with all of stderr so far whenever more came; answers prompts, throws HostLost when it is hopeless. */
  readonly hear?: (stderr: string, write: (text: string) => void) => void
  /** Why no greeting came: the command ended, with its exit code if it had one, or nothing came in time. */
  readonly explain: (end: number | undefined | 'timeout', stderr: string, stdout: string) => HostLost
}

export interface Greeting {
  readonly user: string
  readonly uid: number
  readonly home: string
}

const GREETING = /^uid=(\d+)(?:\(([^)]*)\))?.*? HOME=([\s\S]*)$/
/** Of a talkative login this much is kept; the greeting itself is far shorter. */
const NOISE = 1 << 16

/**
 * Waits for the greeting on both streams, dropping what came before it. Rejects with HostLost when the command ends first or
 * `seconds` pass. Leaves the streams paused and without listeners of ours.
 */
export function greet(stream: ShellStream, opening: Opening, seconds: number): Promise<Greeting> {
  return new Promise((resolve, reject) => {
    // Bytes as latin1 characters, so that a letter split between two chunks is still whole afterwards.
    let out = ''
    let err = ''
    const text = (bytes: string) => Buffer.from(bytes, 'latin1').toString()
    let settled = false
    const settle = (outcome: Greeting | HostLost) => {
      if (settled) return
      settled = true
      clearTimeout(timer)
      stream.stdout.off('data', onStdout).pause()
      stream.stderr.off('data', onStderr).pause()
      if (!(outcome instanceof HostLost)) return resolve(outcome)
      stream.close()
      reject(outcome)
    }
    const fail = (end: number | undefined | 'timeout') => settle(opening.explain(end, text(err), text(out)))
    const check = () => {
      const [, body, closed] = out.split(opening.mark)
      if (closed === undefined || !err.includes(opening.mark)) return
      const [, uid, user, home] = GREETING.exec(text(body ?? '')) ?? []
      if (uid === undefined) fail(undefined)
      else settle({ uid: Number(uid), user: user ?? uid, home: home || '/' })
    }
    const onStdout = (chunk: Buffer) => {
      out = (out + chunk.toString('latin1')).slice(-NOISE)
      check()
    }
    const onStderr = (chunk: Buffer) => {
      err = (err + chunk.toString('latin1')).slice(-NOISE)
      try {
        opening.hear?.(text(err), (line) => stream.stdin.write(line))
      } catch (error) {
        return settle(error as HostLost)
      }
      check()
    }
    const timer = setTimeout(fail, seconds * 1000, 'timeout')
    stream.stdout.on('data', onStdout)
    stream.stderr.on('data', onStderr)
    stream.ended.then(fail)
  })
}
