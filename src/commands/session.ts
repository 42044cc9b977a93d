import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Diagnostic, fine, problem } from '../diagnostic.ts'
import { hostFact } from '../facts/host.ts'
import { LOCALHOST } from '../inventory/inventory.ts'
import { emptyInventory, type Inventory, loadInventory } from '../inventory/load.ts'
import { modules } from '../modules/index.ts'
import { compile, type Program } from '../playbook/compile.ts'
import type { RunOptions } from '../playbook/host-scope.ts'
import { type LoadedPlaybook, loadPlaybook } from '../playbook/load.ts'
import { printDiagnostics } from '../report/frame.ts'
import { wantsColour } from '../report/reporter.ts'
import { extraVars } from './extra-vars.ts'
import { type RunArguments, words } from './options.ts'
import { type FoundSecrets, findSecrets } from './run-secrets.ts'
import type { Terminal } from './terminal.ts'

/** The flagship, for an `apply` that names no playbook. */
export const FLAGSHIP = fileURLToPath(new URL('../../../playbooks/matrix.yaml', import.meta.url))

/** Everything there is to know before a connection: undefined after its faults have been printed. */
export interface Session {
  readonly program: Program
  readonly inventory: Inventory
  readonly secrets: FoundSecrets
}

export async function openSession(
  args: RunArguments,
  terminal: Terminal,
  load: () => LoadedPlaybook = () => loadPlaybook(args.playbook ?? FLAGSHIP, modules),
): Promise<Session | undefined> {
  const extra = extraVars(args.extraVars ?? [])
  const loaded = load()
  const inventory = readInventory(args.inventory, loaded)
  const early = [...(extra.ok ? [] : extra.problems), ...(inventory.ok ? [] : inventory.problems)]
  if (!extra.ok || !inventory.ok) return say([...early, ...loaded.problems], terminal)
  const options: RunOptions = {
    check: args.check ?? false,
    diff: args.diff ?? false,
    verbosity: args.verbose ?? 0,
    tags: words(args.tags),
    skipTags: words(args.skipTags),
    extra: extra.value,
    secrets: new Map(),
  }
  const limit = args.limit?.join(':')
  const found = await findSecrets(loaded.playbook, inventory.value, options, terminal)
  if (!found.ok) return say([...found.problems, ...loaded.problems], terminal)
  const secrets = found.value
  const program = compile({
    loaded,
    inventory: inventory.value,
    ...(limit && { limit }),
    options: { ...options, secrets: secrets.values },
    factNames: FACT_NAMES,
    secretNames: secrets.names,
  })
  const warnings = [...(inventory.warnings ?? []), ...(program.ok ? (program.warnings ?? []) : [])]
  if (!program.ok) return say([...warnings, ...program.problems], terminal)
  if (warnings.length > 0) say(warnings, terminal)
  return { program: program.value, inventory: inventory.value, secrets }
}

/** What can be read as a variable once the host has been asked; `setup` gives the same. */
export const FACT_NAMES: readonly string[] = hostFact.names.map((name) => `ansible_${name}`)

function readInventory(path: string, { playbook }: LoadedPlaybook): ReturnType<typeof loadInventory> {
  const missing = path === 'inventory.yaml' && !existsSync(path)
  if (missing && playbook.plays.length > 0 && playbook.plays.every((play) => LOCALHOST.includes(play.hosts))) return fine(emptyInventory())
  if (missing)
    return {
      ok: false,
      problems: [
        problem(
          'missing-file',
          'there is no inventory.yaml here',
          undefined,
          'name one with -i FILE; inventory.example.yaml of mhprov is a start',
        ),
      ],
    }
  return loadInventory(path)
}

export function say(problems: readonly Diagnostic[], terminal: Terminal): undefined {
  const colour = wantsColour(process.stderr.isTTY === true, terminal.env)
  terminal.err(`${printDiagnostics([...problems], { colour, cwd: process.cwd() })}\n`)
  return undefined
}
