import type { Value } from '../yaml.ts'
import { NotKnown, Unknown } from './assumed.ts'
import type { Reads } from './names.ts'
import { readsOf, render } from './render.ts'
import { UndefinedVariable, type Variables } from './template.ts'

/** A variable's value: as written, rendered when read; plain data; or data made when read. */
export type Binding = { readonly value: Value } | { readonly data: unknown } | { readonly make: () => unknown }

/** One precedence level of variables. */
export interface Layer {
  get(name: string): Binding | undefined
  names(): Iterable<string>
}

export const mapLayer = (bindings: ReadonlyMap<string, Binding>): Layer => ({
  get: (name) => bindings.get(name),
  names: () => bindings.keys(),
})

export const entryLayer = (entries: readonly { readonly key: string; readonly value: Value }[]): Layer =>
  mapLayer(new Map(entries.map((one) => [one.key, { value: one.value }])))

/** Plain data; read anew each time, so a Map that grows is seen growing. */
export const dataLayer = (data: ReadonlyMap<string, unknown>): Layer => ({
  get: (name) => (data.has(name) ? { data: data.get(name) } : undefined),
  names: () => data.keys(),
})

// What holds other hosts or everything is no part of a host's variables seen as one object: it would hold itself.
const WHOLE = new Set(['hostvars', 'groups', 'vars'])

/**
 * The variables of one host at one task: layers, highest precedence first. A variable's own templates are rendered when it is read,
 * in this same scope. `declared` are names that will have a value later: registered results, facts not yet asked.
 */
export class Scope implements Variables {
  readonly #layers: readonly Layer[]
  readonly #declared: ReadonlySet<string>
  readonly #reading: string[] = []

  constructor(layers: readonly Layer[], declared: ReadonlySet<string> = new Set()) {
    this.#layers = layers
    this.#declared = declared
  }

  /** The same with a layer on top. */
  with(...layers: Layer[]): Scope {
    return new Scope([...layers, ...this.#layers], this.#declared)
  }

  /** The same, knowing that these names will have a value. */
  declaring(names: readonly string[]): Scope {
    return new Scope(this.#layers, new Set([...this.#declared, ...names]))
  }

  get declared(): ReadonlySet<string> {
    return this.#declared
  }

  find(name: string): Binding | undefined {
    for (const layer of this.#layers) {
      const found = layer.get(name)
      if (found) return found
    }
    return undefined
  }

  has(name: string): boolean {
    return this.find(name) !== undefined
  }

  /** Throws UndefinedVariable, RenderError, or an Error for a variable that is made of itself. */
  get(name: string): unknown {
    const found = this.find(name)
    if (!found) throw new UndefinedVariable(name)
    if ('data' in found) {
      if (found.data instanceof Unknown) throw new NotKnown(found.data.task)
      return found.data
    }
    if ('make' in found) return found.make()
    if (this.#reading.includes(name)) throw new Error(`the variable "${name}" is made of itself: ${[...this.#reading, name].join(' → ')}`)
    this.#reading.push(name)
    try {
      return render(found.value, this)
    } finally {
      this.#reading.pop()
    }
  }

  names(): Set<string> {
    return new Set(this.#layers.flatMap((layer) => [...layer.names()]))
  }

  /** Has a value, or will have one. */
  knows(name: string): boolean {
    return this.has(name) || this.#declared.has(name)
  }

  /** Can be computed now, as can all that it is made of. `without` are names whose present value is about to change. */
  ready(reads: Reads, without: ReadonlySet<string> = new Set(), seen: ReadonlySet<string> = new Set()): boolean {
    if (reads.open) return false
    return reads.names.every(({ name, optional }) => {
      if (without.has(name)) return false
      const found = this.find(name)
      if (!found) return optional && !this.#declared.has(name)
      if (!('value' in found) || seen.has(name)) return true
      return this.ready(readsOf(found.value), without, new Set([...seen, name]))
    })
  }

  /** The names, read directly or through other variables, that are neither known nor optional. */
  missing(reads: Reads, seen: ReadonlySet<string> = new Set()): string[] {
    return reads.names.flatMap(({ name, optional }) => {
      const found = this.find(name)
      if (!found) return optional || this.#declared.has(name) ? [] : [name]
      if (!('value' in found) || seen.has(name)) return []
      return this.missing(readsOf(found.value), new Set([...seen, name]))
    })
  }

  /** The names, read directly or through other variables, that have no value now. */
  unbound(reads: Reads, seen: ReadonlySet<string> = new Set()): string[] {
    return reads.names.flatMap(({ name }) => {
      const found = this.find(name)
      if (!found) return [name]
      if (!('value' in found) || seen.has(name)) return []
      return this.unbound(readsOf(found.value), new Set([...seen, name]))
    })
  }

  /** Every name that is read, directly or through other variables. */
  reached(reads: Reads, found: Set<string> = new Set()): Set<string> {
    for (const { name } of reads.names) {
      if (found.has(name)) continue
      found.add(name)
      const bound = this.find(name)
      if (bound && 'value' in bound) this.reached(readsOf(bound.value), found)
    }
    return found
  }

  /** All variables that can be read now, as one object whose values are made when looked at (`hostvars`). */
  object(): Record<string, unknown> {
    const object: Record<string, unknown> = {}
    for (const name of this.names()) {
      if (WHOLE.has(name)) continue
      const get = () => this.get(name)
      Object.defineProperty(object, name, {
        enumerable: this.ready({ names: [{ name, start: 0, end: 0, optional: false }], open: false }),
        get,
      })
    }
    return object
  }
}
