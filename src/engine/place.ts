import type { Http } from '../module/http.ts'
import type { Become, Connection, Shell } from '../transport/transport.ts'
import { FactCache } from './fact-cache.ts'

/** Where tasks are carried out: a host, or the controller for delegated ones. Opened at first use. */
export class Place {
  readonly #open: () => Promise<Connection>
  readonly #http: Http
  #connection: Promise<Connection> | undefined
  readonly #caches = new Map<string, FactCache>()
  readonly #overlay = new Map<string, ((before: unknown) => unknown)[]>()

  constructor(open: () => Promise<Connection>, http: Http) {
    this.#open = open
    this.#http = http
  }

  connection(): Promise<Connection> {
    this.#connection ??= this.#open()
    return this.#connection
  }

  /** The shell of a user and what is known through it: what a file looks like depends on who asks. */
  async as(become: Become | undefined): Promise<{ shell: Shell; cache: FactCache }> {
    const shell = await (await this.connection()).shell(become)
    return { shell, cache: this.cacheOf(become) }
  }

  cacheOf(become: Become | undefined): FactCache {
    const user = become?.user ?? ''
    const known = this.#caches.get(user)
    if (known) return known
    const cache = new FactCache(this.#http, this.#overlay)
    this.#caches.set(user, cache)
    return cache
  }

  /** A change was made here: no user's answers hold any more. */
  forget(): void {
    for (const cache of this.#caches.values()) cache.forget()
    // a real change in the midst of a dry run: what was predicted before it may be wrong now
    this.#overlay.clear()
  }

  /** Ends the connection; the next use opens another (meta: reset_connection). */
  async close(): Promise<void> {
    const open = this.#connection
    this.#connection = undefined
    this.forget()
    const connection = await open?.catch(() => undefined)
    await connection?.close()
  }
}
