import { MASK, SHORTEST_SECRET } from './secret.ts'

// Shorter ones would be found inside ordinary words everywhere.
const SHORTEST = 4

/** The secrets of a run by value: what is shown is masked, wherever in it they stand and however they got there. */
export class Redactor {
  readonly #secrets = new Set<string>()
  readonly #kept = new Set<string>()
  #forms: readonly string[] = []

  /** From now on these are masked. */
  mask(values: readonly string[]): void {
    const fresh = values.filter((value) => value.length >= SHORTEST && !this.#secrets.has(value))
    if (fresh.length === 0) return
    for (const value of fresh) this.#secrets.add(value)
    this.#forms = [...new Set([...this.#secrets].flatMap(formsOf))].sort((a, b) => b.length - a.length)
  }

  /** These are masked, and besides must not be seen by other users of a host: `exposes` finds them. */
  keep(values: readonly string[]): void {
    for (const value of values) this.#kept.add(value)
    this.mask(values)
  }

  /** Whether a script holds one of the kept secrets, where a process list or an environment would show it. */
  exposes(script: string): boolean {
    return [...this.#kept].some((value) => formsOf(value).some((form) => script.includes(form)))
  }

  /** Data in, data of the same shape out; also as secrets look inside JSON, a URL, base64 or a shell's quotes. */
  redact<T>(value: T): T {
    return this.#forms.length === 0 ? value : (this.#walk(value) as T)
  }

  #walk(value: unknown): unknown {
    if (typeof value === 'string') return this.#forms.reduce((masked, form) => masked.replaceAll(form, MASK), value)
    if (Array.isArray(value)) return value.map((item) => this.#walk(item))
    if (value !== null && typeof value === 'object')
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [this.#walk(key), this.#walk(item)]))
    return value
  }
}

function formsOf(secret: string): string[] {
  const pieces = [secret.trim(), ...secret.split('\n').map((line) => line.trim()), ...leaves(secret)].filter(
    (piece) => piece.length >= SHORTEST_SECRET,
  )
  return [secret, ...pieces].flatMap(writings)
}

/** The texts that are secret inside one that is JSON, such as a file of credentials: names of accounts stand there too. */
function leaves(secret: string): string[] {
  if (!/^\s*[{[]/.test(secret)) return []
  const found: string[] = []
  try {
    JSON.parse(secret, (key, value) => {
      if (typeof value === 'string' && /secret|password|token|key/i.test(key)) found.push(value)
      return value
    })
  } catch {
    return [] // it only looks like JSON
  }
  return found
}

/** Base64 of something in which the secret stands, wherever it begins there (RFC 4648, groups of three bytes): the letters that are its own. */
const inside = (secret: string): string[] =>
  [1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), Buffer.from(secret)]).toString('base64')
    return text.slice(shift + 1, Math.floor(((shift + Buffer.byteLength(secret)) * 4) / 3))
  })

function writings(secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1)
  const base64 = Buffer.from(secret).toString('base64')
  return [
    secret,
    ...(secret.length >= SHORTEST_SECRET ? inside(secret) : []),
    secret.replaceAll("'", "''"),
    secret.replaceAll('\\', '\\\\').replaceAll("'", "''"),
    json,
    JSON.stringify(json).slice(1, -1),
    encodeURIComponent(secret),
    new URLSearchParams({ '': secret }).toString().slice(1),
    base64,
    base64.replace(/=+$/, ''),
    secret.replaceAll("'", "'\\''"),
  ]
}
