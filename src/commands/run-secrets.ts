import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { bad, type Diagnostic, fine, problem, type Result } from '../diagnostic.ts'
import type { Inventory } from '../inventory/inventory.ts'
import type { RunOptions } from '../playbook/host-scope.ts'
import { type Slot, secretSlots } from '../playbook/secrets.ts'
import type { Playbook } from '../playbook/tree.ts'
import { ageKeyFile } from '../secrets/age-key.ts'
import { generate } from '../secrets/generate.ts'
import { SHORTEST_SECRET } from '../secrets/secret.ts'
import { readStore, type Store } from '../secrets/store.ts'
import { type Session, say } from './session.ts'
import { askSecret, type Terminal } from './terminal.ts'

/** The playbook's secrets before anybody is asked. */
export interface FoundSecrets {
  /** Absent for a playbook without secrets: whatever lies beside its inventory is not read. */
  readonly store?: Store
  readonly slots: readonly Slot[]
  /** Names of variables that have a value, or get one from `settleSecrets`. */
  readonly names: ReadonlySet<string>
  /** Values by variable; grows when secrets are settled. */
  readonly values: Map<string, unknown>
  /** Made now, by their names in the store, where they are not yet. */
  readonly fresh: ReadonlyMap<string, string>
  /** To be asked for, or to be had from a command. */
  readonly missing: readonly Slot[]
  /** Optional ones without a value: the variable is not there. */
  readonly notGiven: readonly Slot[]
}

/** The store of an inventory. */
export const storeOf = (inventory: Inventory, terminal: Terminal): Result<Store> =>
  readStore(join(inventory.dir, 'secrets.yaml'), ageKeyFile(terminal.env))

/** Reads what is known of a playbook's secrets, and makes those that are to be generated, in memory only. */
export async function findSecrets(
  playbook: Playbook,
  inventory: Inventory,
  options: RunOptions,
  terminal: Terminal,
): Promise<Result<FoundSecrets>> {
  const { slots, mappings, problems } = secretSlots(playbook, inventory, options)
  const found = { slots, values: new Map<string, unknown>(mappings.map((name) => [name, {}])) }
  if (slots.length === 0 && problems.length === 0)
    return fine({ ...found, names: new Set(mappings), fresh: new Map(), missing: [], notGiven: [] })
  if (problems.length > 0) return bad(...problems)
  const given = slots.filter(({ declaration }) => options.extra.has(declaration.name))
  if (given.length > 0)
    return bad(
      ...given.map(({ declaration: { name } }) =>
        problem(
          'usage',
          `${name} is a secret: -e would show it in the process list`,
          undefined,
          `mhprov secrets set ${name} keeps it encrypted`,
        ),
      ),
    )
  const read = storeOf(inventory, terminal)
  if (!read.ok) return read
  const store = read.value
  const opened = await store.open(slots.map((slot) => slot.name).filter((name) => store.has(name)))
  if (!opened.ok) return opened
  const fresh = new Map<string, string>()
  const missing: Slot[] = []
  const notGiven: Slot[] = []
  for (const slot of slots) {
    const { origin, optional } = slot.declaration
    const value =
      opened.value.get(slot.name) ??
      (origin.kind === 'env' ? terminal.env[origin.variable] || undefined : undefined) ??
      (optional && origin.kind === 'command' ? await ofCommand(origin.command, slot, []) : undefined)
    // programs that a run starts here inherit the environment
    if (origin.kind === 'env') delete process.env[origin.variable]
    if (value !== undefined) bind(found, slot, value, terminal)
    else if (origin.kind === 'generate') {
      const made = generate(origin.length, origin.alphabet)
      fresh.set(slot.name, made)
      bind(found, slot, made, terminal)
    } else (optional ? notGiven : missing).push(slot)
  }
  const names = new Set([...found.values.keys(), ...missing.map((slot) => slot.declaration.name)])
  return fine({ ...found, store, names, fresh, missing, notGiven })
}

function bind({ values }: Pick<FoundSecrets, 'values'>, { declaration, key }: Slot, value: string, terminal: Terminal): void {
  terminal.secrets.keep([value])
  if (key === undefined) values.set(declaration.name, value)
  else values.set(declaration.name, { ...(values.get(declaration.name) as object | undefined), [key]: value })
}

export const tooShort = (name: string, at?: Slot): Diagnostic =>
  problem('invalid-value', `${name} has fewer than ${SHORTEST_SECRET} characters: it could not be masked`, at?.declaration.at)

/**
 * Gets every secret that the run reads: asks for what is missing, and keeps what was asked for or made before a host can get it.
 * False after the faults have been printed, all that is missing named together.
 */
export async function settleSecrets(
  { program, secrets }: Session,
  terminal: Terminal,
  may: { readonly ask: boolean; readonly keep: boolean },
): Promise<boolean> {
  const reads = (slot: Slot) => program.secretsRead.has(slot.declaration.name)
  const problems: Diagnostic[] = []
  const keep = new Map<string, string>()
  const wanting = secrets.missing.filter(reads)
  const askable = may.ask && terminal.ask !== undefined
  for (const slot of wanting) {
    const { origin } = slot.declaration
    const value =
      origin.kind === 'command'
        ? await ofCommand(origin.command, slot, problems)
        : origin.kind === 'ask' && askable
          ? (await askSecret(terminal, `${promptOf(slot)}: `))?.reveal()
          : undefined
    if (value === undefined || value === '') {
      if (origin.kind !== 'command') problems.push(missingProblem(slot))
    } else {
      if (origin.kind === 'ask') keep.set(slot.name, value)
      bind(secrets, slot, value, terminal)
    }
  }
  for (const slot of secrets.slots.filter(reads)) {
    const whole = secrets.values.get(slot.declaration.name)
    const value = slot.key === undefined ? whole : (whole as Record<string, unknown> | undefined)?.[slot.key]
    if (typeof value === 'string' && value.length < SHORTEST_SECRET) problems.push(tooShort(slot.name, slot))
    const made = secrets.fresh.get(slot.name)
    if (may.keep && made !== undefined) keep.set(slot.name, made)
  }
  if (problems.length > 0) {
    say(problems, terminal)
    return false
  }
  if (!secrets.store || keep.size === 0) return true
  const saved = await keepSecrets(secrets.store, keep, terminal, new Set(secrets.fresh.keys()))
  // another run made some of them a moment ago: its own are the ones that hold
  for (const slot of secrets.slots) if (saved?.has(slot.name)) bind(secrets, slot, saved.get(slot.name)!, terminal)
  return saved !== undefined
}

/** Writes to the store, and says so when the key to it was made; what was there already of what was `made`, or undefined after a fault has been printed. */
export async function keepSecrets(
  store: Store,
  values: ReadonlyMap<string, string | undefined>,
  terminal: Terminal,
  made?: ReadonlySet<string>,
): Promise<ReadonlyMap<string, string> | undefined> {
  const saved = await store.save(values, made)
  if (!saved.ok) say(saved.problems, terminal)
  else if (saved.value.madeKey) terminal.err(`secrets: made the key ${store.keyFile}: keep a copy, nothing else opens ${store.file}\n`)
  // whoever lost the file learns here that accounts which are there already have other passwords
  const fresh = saved.ok && made ? [...made].filter((name) => values.has(name) && !saved.value.kept.has(name)) : []
  if (fresh.length > 0) terminal.err(`secrets: made ${fresh.join(', ')}: kept in ${store.file}\n`)
  return saved.ok ? saved.value.kept : undefined
}

const promptOf = ({ declaration: { origin, name }, key }: Slot): string =>
  `${origin.kind === 'ask' ? origin.prompt : name}${key === undefined ? '' : ` (${key})`}`

function missingProblem(slot: Slot): Diagnostic {
  const { description, at } = slot.declaration
  return problem('missing-key', `the secret ${slot.name} is missing${description ? `: ${description}` : ''}`, at, wayToGive(slot))
}

/** How a person gives a secret. */
export function wayToGive({ declaration: { origin }, name }: Slot): string {
  const set = `mhprov secrets set ${name}`
  return origin.kind === 'env' ? `set the environment variable ${origin.variable}, or: ${set}` : set
}

async function ofCommand(command: string, slot: Slot, problems: Diagnostic[]): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)('/bin/sh', ['-c', command], { timeout: 60_000 })
    const [line = ''] = stdout.split('\n')
    if (line !== '') return line
    problems.push(problem('missing-key', `the command for the secret ${slot.name} gave nothing`, slot.declaration.at))
  } catch (error) {
    const { stderr = '', code, killed } = error as { stderr?: string; code?: number; killed?: boolean }
    const why = killed ? 'it took longer than a minute' : stderr.trim().split('\n').at(-1) || `exit code ${code}`
    problems.push(problem('missing-key', `the command for the secret ${slot.name} failed: ${why}`, slot.declaration.at))
  }
  return undefined
}
