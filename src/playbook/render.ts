import type { Source } from '../diagnostic.ts'
import type { ScalarValue, Value } from '../yaml.ts'
import type { Reads } from './names.ts'
import { compileTemplate, isTemplate, type Template, type TemplateFault, type Variables } from './template.ts'

/** Something a value's template could not do with the variables it got; `at` is the scalar it stands in. */
export class RenderError extends Error {
  readonly at: Source
  override readonly cause: unknown

  constructor(at: Source, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause))
    this.at = at
    this.cause = cause
  }
}

const compiled = new WeakMap<ScalarValue, Template | TemplateFault>()

/** The template in a scalar, compiled once; undefined for a scalar without one. */
export function templateOf(value: ScalarValue): Template | TemplateFault | undefined {
  if (typeof value.value !== 'string' || !isTemplate(value.value)) return undefined
  const known = compiled.get(value)
  if (known) return known
  const fresh = compileTemplate(value.value)
  compiled.set(value, fresh)
  return fresh
}

export const isFault = (template: object): template is TemplateFault => 'message' in template

/** Every scalar of a value, mapping keys aside. */
export function* scalars(value: Value): Generator<ScalarValue> {
  if (value.kind === 'scalar') yield value
  else if (value.kind === 'list') for (const item of value.items) yield* scalars(item)
  else for (const one of value.entries) yield* scalars(one.value)
}

/** What the templates in a value read, all together. Offsets are of no use here: they belong to different texts. */
export function readsOf(value: Value): Reads {
  const names: Reads['names'][number][] = []
  let open = false
  for (const scalar of scalars(value)) {
    const template = templateOf(scalar)
    if (!template || isFault(template)) continue
    names.push(...template.reads.names)
    open ||= template.reads.open
  }
  return { names, open }
}

/** The value as plain data, templates rendered. Throws RenderError. */
export function render(value: Value, variables: Variables): unknown {
  if (value.kind === 'list') return value.items.map((item) => render(item, variables))
  if (value.kind === 'map') return Object.fromEntries(value.entries.map((one) => [one.key, render(one.value, variables)]))
  const template = templateOf(value)
  if (!template) return value.value
  if (isFault(template)) throw new RenderError(value.at, new Error(template.message))
  try {
    return template.render(variables)
  } catch (error) {
    throw error instanceof RenderError ? error : new RenderError(value.at, error)
  }
}

/** Where a stretch of a scalar's text stands in the file, found by its n-th occurrence: quoting and indentation shift offsets. */
export function placeWithin(at: Source, text: string, start: number, end: number): Source {
  const written = at.file.text.slice(at.start, at.end)
  const whole = written.indexOf(text)
  if (whole >= 0) return { file: at.file, start: at.start + whole + start, end: at.start + whole + end }
  const piece = text.slice(start, end)
  if (piece === '') return at
  let nth = 0
  for (let i = text.indexOf(piece); i >= 0 && i < start; i = text.indexOf(piece, i + 1)) nth++
  let found = written.indexOf(piece)
  for (; nth > 0 && found >= 0; nth--) found = written.indexOf(piece, found + 1)
  return found < 0 ? at : { file: at.file, start: at.start + found, end: at.start + found + piece.length }
}
