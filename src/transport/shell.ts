import { frameReader } from './frame.ts'
import type { Greeting } from './greeting.ts'
import { newToken, requestHead } from './loop.ts'
import { openPayload } from './payload.ts'
import type { ShellStream } from './stream.ts'
import { type Connection, HostLost, type Reply, type Request, type Shell } from './transport.ts'

/** What the shells of one connection count together. */
export interface Traffic {
  readonly counts: Connection['counts']
  /** Requests whose reply is not in yet. */
  underWay: number
}

/** The exit code of a request whose payload could not be read here (EX_NOINPUT of sysexits.h); its script was not run. */
export const NO_INPUT = 66

interface Pending {
  readonly id: number
  readonly request: Request
  readonly stdout: Buffer[]
  readonly stderr: Buffer[]
  readonly settle: (outcome: Reply | Error) => void
}

/**
 * The near side of the loop in loop.ts. Requests are written as they come; replies are matched in order, each complete when its frame
 * has come on stdout and on stderr. `roundTrips` grows when a request is made while none of the connection's is under way.
 */
export class FramedShell implements Shell {
  readonly user: string
  readonly uid: number
  readonly home: string
  readonly #stream: ShellStream
  readonly #traffic: Traffic
  readonly #token: string
  readonly #pending = new Set<Pending>()
  /** Written, and not yet framed on that stream. */
  readonly #onStdout: Pending[] = []
  readonly #onStderr: Pending[] = []
  #lastId = 0
  #writing: Promise<void>
  #loss: HostLost | undefined
  readonly #lost: Promise<void>
  #setLost = () => {}

  constructor(stream: ShellStream, greeting: Greeting, traffic: Traffic, whenEnded: (code: number | undefined) => HostLost) {
    this.user = greeting.user
    this.uid = greeting.uid
    this.home = greeting.home
    this.#stream = stream
    this.#traffic = traffic
    const { token, line, marker } = newToken()
    this.#token = token
    stream.stdout.on('data', this.#reader(marker, 'stdout', this.#onStdout, this.#onStderr)).resume()
    stream.stderr.on('data', this.#reader(marker, 'stderr', this.#onStderr, this.#onStdout)).resume()
    this.#lost = new Promise((resolve) => {
      this.#setLost = resolve
    })
    stream.ended.then((code) => this.end(whenEnded(code)))
    this.#writing = this.#write(Buffer.from(line))
  }

  request(request: Request): Promise<Reply> {
    if (this.#loss) return Promise.reject(this.#loss)
    if (request.script.includes('\0')) return Promise.reject(new Error('a script cannot hold a NUL character'))
    this.#traffic.counts.requests++
    if (this.#traffic.underWay++ === 0) this.#traffic.counts.roundTrips++
    const reply = new Promise<Reply>((resolve, reject) => {
      const pending: Pending = {
        id: ++this.#lastId,
        request,
        stdout: [],
        stderr: [],
        settle: (outcome) => {
          if (!this.#pending.delete(pending)) return
          this.#traffic.underWay--
          outcome instanceof Error ? reject(outcome) : resolve(outcome)
        },
      }
      this.#pending.add(pending)
      this.#writing = this.#writing.then(() => this.#send(pending))
    })
    // Replies are often awaited one by one while several are under way; a loss then rejects promises that nobody awaits yet.
    reply.catch(() => undefined)
    return reply
  }

  /** Lets go of the shell; what is pending is rejected with the loss. The first one given counts. */
  end(loss: HostLost): void {
    if (this.#loss) return
    this.#loss = loss
    this.#setLost()
    this.#stream.close()
    for (const pending of [...this.#pending]) pending.settle(loss)
  }

  async #send(pending: Pending): Promise<void> {
    if (this.#loss) return
    const payload = await openPayload(pending.request.stdin)
    if ('problem' in payload)
      return pending.settle({ code: NO_INPUT, stdout: Buffer.alloc(0), stderr: Buffer.from(`mhprov: ${payload.problem}\n`) })
    this.#onStdout.push(pending)
    this.#onStderr.push(pending)
    try {
      await this.#write(requestHead(pending.id, pending.request.script, payload.size, this.#token))
      for await (const piece of payload.pieces()) {
        if (this.#loss) return
        await this.#write(piece)
      }
      if (payload.size > 0) await this.#write(Buffer.from(`${this.#token}\n`))
    } catch (error) {
      this.end(
        new HostLost('disconnected', `${(error as Error).message}, so the shell was closed before the script could believe it whole`),
      )
    }
  }

  async #write(bytes: Uint8Array): Promise<void> {
    if (this.#loss || this.#stream.stdin.write(bytes)) return
    let drained = () => {}
    const drain = new Promise<void>((resolve) => {
      drained = resolve
      this.#stream.stdin.once('drain', drained)
    })
    await Promise.race([drain, this.#lost])
    this.#stream.stdin.off('drain', drained)
  }

  #reader(marker: Buffer, name: 'stdout' | 'stderr', mine: Pending[], other: Pending[]): (chunk: Buffer) => void {
    return frameReader(marker, {
      // What arrives with nothing under way was written by something a script left in the background: nobody asked for it.
      data: (piece) => {
        const current = mine[0]
        if (!current) return
        current[name].push(piece)
        current.request.onOutput?.(name, piece)
      },
      frame: (id, code) => {
        const done = mine.shift()
        if (done?.id !== id) return this.end(new HostLost('disconnected', `the shell answered request ${id}, not ${done?.id}`))
        if (!other.includes(done)) done.settle({ code, stdout: Buffer.concat(done.stdout), stderr: Buffer.concat(done.stderr) })
      },
    })
  }
}
