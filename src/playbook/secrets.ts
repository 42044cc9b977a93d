import type { Diagnostic } from '../diagnostic.ts'
import type { Inventory } from '../inventory/inventory.ts'
import { selectHosts } from '../inventory/select.ts'
import { type Declaration, memberName, type Origin } from '../secrets/declaration.ts'
import { ALPHABETS, bits, FEWEST_BITS } from '../secrets/generate.ts'
import { type Entry, entry, type MapValue, type Value } from '../yaml.ts'
import { renderProblem } from './arguments.ts'
import { hostScope, nothingKnown, type RunOptions, taskScope } from './host-scope.ts'
import type { Reader } from './reader.ts'
import { render } from './render.ts'
import type { Playbook } from './tree.ts'

const KINDS = ['generate', 'ask', 'env', 'command'] as const

/** A play's `secrets:`, each checked in form. */
export function loadSecrets(value: Value, reader: Reader): Declaration[] {
  return reader.variables(value, 'secrets').flatMap((one) => {
    const body = reader.mapping(one.value, `the secret ${one.key}`, [...KINDS, 'description', 'optional', 'each'])
    const origin = body && originOf(body, one, reader)
    if (!body || !origin) return []
    const optional = entry(body, 'optional')?.value
    const description = entry(body, 'description')?.value
    const each = entry(body, 'each')?.value
    return [
      {
        name: one.key,
        at: one.keyAt,
        origin,
        optional: optional ? (reader.boolean(optional, 'optional') ?? false) : false,
        ...(description && { description: reader.word(description, 'description') ?? '' }),
        ...(each && { each }),
      },
    ]
  })
}

function originOf(body: MapValue, secret: Entry, reader: Reader): Origin | undefined {
  const given = KINDS.flatMap((kind) => entry(body, kind) ?? [])
  const [one, second] = given
  if (!one || second)
    return reader.fault(
      second ? 'invalid-value' : 'missing-key',
      `the secret ${secret.key} needs ${second ? 'only ' : ''}one of ${KINDS.join(', ')}`,
      second?.keyAt ?? secret.keyAt,
    )
  const kind = one.key as (typeof KINDS)[number]
  if (kind === 'generate') return generated(one.value, reader)
  const text = reader.word(one.value, kind)
  if (text === undefined) return undefined
  if (kind === 'ask') return { kind, prompt: text }
  if (kind === 'command') return { kind, command: text }
  if (/^[A-Za-z_]\w*$/.test(text)) return { kind, variable: text }
  return reader.fault('invalid-value', `"${text}" cannot be the name of an environment variable`, one.value.at)
}

function generated(value: Value, reader: Reader): Origin | undefined {
  const empty = value.kind === 'scalar' && (value.value === null || value.value === true)
  const body = empty ? undefined : reader.mapping(value, 'generate', ['length', 'alphabet'])
  if (!empty && !body) return undefined
  const size = body && entry(body, 'length')?.value
  const named = body && entry(body, 'alphabet')?.value
  const length = size ? (size.kind === 'scalar' ? Number(size.value) : Number.NaN) : 32
  const word = named ? reader.word(named, 'alphabet') : 'alphanumeric'
  if (word === undefined) return undefined
  const alphabet = Object.hasOwn(ALPHABETS, word) ? ALPHABETS[word]! : word
  if (!Number.isSafeInteger(length) || length < 1 || length > 4096)
    return reader.fault('invalid-value', 'length must be a number of characters', size?.at ?? value.at)
  if (bits(length, alphabet) < FEWEST_BITS)
    return reader.fault(
      'invalid-value',
      `${length} characters out of ${new Set(alphabet).size} can be guessed (${bits(length, alphabet)} bits)`,
      size?.at ?? named?.at ?? value.at,
      `make it longer; alphabets are ${Object.keys(ALPHABETS).join(', ')}, or the characters themselves`,
    )
  return { kind: 'generate', length, alphabet }
}

/** One place of the store that a playbook's secrets need: a secret, or one of its many. */
export interface Slot {
  readonly declaration: Declaration
  /** In the store. */
  readonly name: string
  /** Of one of many. */
  readonly key?: string
}

/** What a playbook's secrets come to, and the names of those that are mappings, of which some may be empty: `each` is computed from what is known of the hosts before connecting. The first declaration of a name counts. */
export function secretSlots(
  playbook: Playbook,
  inventory: Inventory,
  options: RunOptions,
): { readonly slots: readonly Slot[]; readonly mappings: readonly string[]; readonly problems: readonly Diagnostic[] } {
  const problems: Diagnostic[] = []
  const slots = new Map<string, Slot>()
  for (const play of playbook.plays) {
    const chosen = selectHosts(inventory, play.hosts, undefined, play.hostsAt)
    const hosts = chosen.ok ? chosen.value.map((host) => host.name) : []
    for (const declaration of play.secrets) {
      const { each, name } = declaration
      if (!each) {
        if (!slots.has(name)) slots.set(name, { declaration, name })
        continue
      }
      for (const host of hosts) {
        const scope = taskScope(hostScope({ inventory, host, play, playHosts: hosts, options, knowledge: () => nothingKnown() }), undefined)
        try {
          const keys = render(each, scope)
          if (!Array.isArray(keys) || !keys.every((key) => typeof key === 'string' && /^[\w.@=+-]+$/.test(key)))
            throw new Error(`each needs a list of names (letters, digits and . _ - + = @), not ${JSON.stringify(keys)}`)
          for (const key of keys as string[]) {
            const member = memberName(name, key)
            if (!slots.has(member)) slots.set(member, { declaration, name: member, key })
          }
        } catch (error) {
          problems.push(renderProblem(error, each.at, scope))
        }
      }
    }
  }
  const mappings = playbook.plays.flatMap((play) => play.secrets.flatMap(({ name, each }) => (each ? [name] : [])))
  return { slots: [...slots.values()], mappings, problems }
}
