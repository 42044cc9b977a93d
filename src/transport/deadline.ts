import { HostLost } from './transport.ts'

/** Time for something to be done in, that can be stopped while a person is asked. */
export class Deadline {
  /** Rejects when the time is over or the run is interrupted; never resolves. */
  readonly passed: Promise<never>
  #fail: (loss: HostLost) => void = () => {}
  #left: number
  #since = 0
  #timer: NodeJS.Timeout | undefined
  readonly #late: HostLost
  readonly #signal: AbortSignal | undefined
  readonly #interrupt: () => void

  constructor(seconds: number, late: HostLost, signal?: AbortSignal) {
    this.#left = seconds * 1000
    this.#late = late
    this.#signal = signal
    this.passed = new Promise((_, reject) => {
      this.#fail = reject
    })
    this.passed.catch(() => undefined)
    this.#interrupt = () => this.#fail(new HostLost('disconnected', 'interrupted'))
    if (signal?.aborted) this.#interrupt()
    signal?.addEventListener('abort', this.#interrupt)
    this.#run()
  }

  /** The promise, unless the time is over first. */
  limit<T>(promise: Promise<T>): Promise<T> {
    return Promise.race([promise, this.passed])
  }

  /** A function whose running time does not count. */
  exempt<A extends unknown[], T>(ask: (...args: A) => Promise<T>): (...args: A) => Promise<T> {
    return async (...args) => {
      clearTimeout(this.#timer)
      this.#left -= Date.now() - this.#since
      try {
        return await ask(...args)
      } finally {
        this.#run()
      }
    }
  }

  /** To be called when all is done: a timer left over would keep the process alive. */
  stop(): void {
    clearTimeout(this.#timer)
    this.#left = Number.POSITIVE_INFINITY
    this.#signal?.removeEventListener('abort', this.#interrupt)
  }

  #run(): void {
    this.#since = Date.now()
    if (this.#left < Number.POSITIVE_INFINITY) this.#timer = setTimeout(() => this.#fail(this.#late), Math.max(0, this.#left))
  }
}
