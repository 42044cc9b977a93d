import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { problem } from '../diagnostic.ts'
import { didYouMean } from '../did-you-mean.ts'
import { loadInventory } from '../inventory/load.ts'
import { modules } from '../modules/index.ts'
import { loadPlaybook } from '../playbook/load.ts'
import { type Slot, secretSlots } from '../playbook/secrets.ts'
import { printTable } from '../report/plain-table.ts'
import { SHORTEST_SECRET } from '../secrets/secret.ts'
import type { Store } from '../secrets/store.ts'
import { parseYaml, writeMapping } from '../yaml.ts'
import { EXIT } from './exit-code.ts'
import { keepSecrets, storeOf, tooShort } from './run-secrets.ts'
import { FLAGSHIP, say } from './session.ts'
import { askSecret, type Terminal } from './terminal.ts'

export interface SecretsArguments {
  readonly action: string
  readonly name?: string | undefined
  readonly inventory: string
  readonly playbook?: string | undefined
}

/** `mhprov secrets list|get|set|edit`: the secrets of an inventory, and those its playbook names. */
export async function secrets(args: SecretsArguments, terminal: Terminal): Promise<number> {
  const inventory = loadInventory(args.inventory)
  if (!inventory.ok) return fault(say(inventory.problems, terminal))
  const store = storeOf(inventory.value, terminal)
  if (!store.ok) return fault(say(store.problems, terminal))
  const { playbook } = loadPlaybook(args.playbook ?? FLAGSHIP, modules)
  const options = { check: false, diff: false, verbosity: 0, tags: [], skipTags: [], extra: new Map(), secrets: new Map() }
  const { slots } = secretSlots(playbook, inventory.value, options)
  if (args.action === 'list') return list(store.value, slots, terminal)
  if (args.action === 'edit') return edit(store.value, terminal)
  if (args.name === undefined) {
    terminal.err(`mhprov: name the secret: mhprov secrets ${args.action} NAME\n`)
    return EXIT.usage
  }
  return args.action === 'get' ? get(store.value, args.name, terminal) : set(store.value, args.name, slots, terminal)
}

const fault = (_: undefined): number => EXIT.input

function list(store: Store, slots: readonly Slot[], terminal: Terminal): number {
  const declared = new Set(slots.map((slot) => slot.name))
  const rows = [
    ...slots.map((slot) => [slot.name, originOf(slot), store.has(slot.name) ? 'kept' : stateOf(slot, terminal)]),
    ...store.names.filter((name) => !declared.has(name)).map((name) => [name, 'not named by the playbook', 'kept']),
  ]
  terminal.out(rows.length === 0 ? 'no secrets\n' : printTable(['NAME', 'COMES FROM', 'STATE'], rows))
  return EXIT.ok
}

function originOf({ declaration: { origin } }: Slot): string {
  if (origin.kind === 'generate') return `made once, ${origin.length} characters`
  if (origin.kind === 'env') return `environment variable ${origin.variable}`
  return origin.kind === 'ask' ? 'asked for' : `command: ${origin.command}`
}

function stateOf({ declaration: { origin, optional } }: Slot, terminal: Terminal): string {
  if (origin.kind === 'env' && terminal.env[origin.variable]) return 'set'
  if (origin.kind === 'generate') return 'made at the first apply'
  if (origin.kind === 'command') return 'read at each run'
  return optional ? 'not given (optional)' : 'missing'
}

async function get(store: Store, name: string, terminal: Terminal): Promise<number> {
  if (!store.has(name))
    return fault(say([problem('usage', `no secret is kept as "${name}"`, undefined, didYouMean(name, store.names))], terminal))
  const opened = await store.open([name])
  if (!opened.ok) return fault(say(opened.problems, terminal))
  terminal.out(`${opened.value.get(name)}${terminal.isTTY ? '\n' : ''}`)
  return EXIT.ok
}

async function set(store: Store, name: string, slots: readonly Slot[], terminal: Terminal): Promise<number> {
  const names = slots.map((slot) => slot.name)
  if (!/^[A-Za-z_]\w*(\.[\w.@=+-]+)?$/.test(name))
    return fault(say([problem('usage', `"${name}" cannot be the name of a secret`)], terminal))
  // never from the command line, which every user of this machine can read
  const value = terminal.ask ? (await askSecret(terminal, `${name}: `))?.reveal() : (await text(process.stdin)).replace(/\r?\n$/, '')
  if (!value || value.length < SHORTEST_SECRET) return fault(say([tooShort(name)], terminal))
  if (!names.includes(name) && names.length > 0) {
    const hint = didYouMean(name, names)
    terminal.err(`mhprov: the playbook names no secret "${name}"${hint ? `; ${hint}` : ''}\n`)
  }
  return (await keepSecrets(store, new Map([[name, value]]), terminal)) ? EXIT.ok : EXIT.input
}

/** Shows all secrets in $VISUAL or $EDITOR as a YAML mapping, and keeps what was changed, added or taken away. */
async function edit(store: Store, terminal: Terminal): Promise<number> {
  const opened = await store.open(store.names)
  if (!opened.ok) return fault(say(opened.problems, terminal))
  const dir = mkdtempSync(join(terminal.env.XDG_RUNTIME_DIR || tmpdir(), 'mhprov-secrets-'))
  const file = join(dir, 'secrets.yaml')
  // Ctrl-C belongs to the editor; the file goes away however this ends
  const gone = () => rmSync(dir, { recursive: true, force: true })
  process.once('exit', gone)
  // a terminal that is closed ends the editor; what is left here is to clean up
  const stay = () => undefined
  process.on('SIGHUP', stay)
  try {
    writeFileSync(file, writeMapping(opened.value), { mode: 0o600 })
    const editor = terminal.env.VISUAL || terminal.env.EDITOR || 'vi'
    for (;;) {
      const ran = spawnSync('/bin/sh', ['-c', `${editor} "$1"`, 'sh', file], { stdio: 'inherit' })
      if (ran.status !== 0) {
        terminal.err(`mhprov: the editor (${editor}) ended with ${ran.status ?? ran.signal}: nothing was changed\n`)
        return EXIT.failed
      }
      const read = changes(file, opened.value)
      if ('values' in read) return read.values.size === 0 || (await keepSecrets(store, read.values, terminal)) ? EXIT.ok : EXIT.input
      say(read.problems, terminal)
      const again = terminal.ask ? await terminal.ask('edit again? [Y/n] ', true) : 'n'
      if (/^n/i.test(again.trim())) return EXIT.input
    }
  } finally {
    gone()
    process.off('exit', gone)
    process.off('SIGHUP', stay)
  }
}

function changes(file: string, before: ReadonlyMap<string, string>) {
  const parsed = parseYaml({ path: file, text: readFileSync(file, 'utf8') })
  if (!parsed.ok) return { problems: parsed.problems }
  if (parsed.value?.kind !== 'map' && before.size > 0)
    return { problems: [problem('invalid-value', 'names with their secrets must be left; without any, delete secrets.yaml itself')] }
  const entries = parsed.value?.kind === 'map' ? parsed.value.entries : []
  const notText = entries.filter(({ value }) => value.kind !== 'scalar' || typeof value.value !== 'string')
  if (notText.length > 0)
    return { problems: notText.map(({ key, value }) => problem('invalid-value', `${key} must be text: put it in quotes`, value.at)) }
  const after = new Map(entries.map(({ key, value }) => [key, value.kind === 'scalar' ? String(value.value) : '']))
  const short = [...after].filter(([, value]) => value.length < SHORTEST_SECRET).map(([name]) => tooShort(name))
  if (short.length > 0) return { problems: short }
  const values = new Map<string, string | undefined>()
  for (const [name, value] of after) if (before.get(name) !== value) values.set(name, value)
  for (const name of before.keys()) if (!after.has(name)) values.set(name, undefined)
  return { values }
}
