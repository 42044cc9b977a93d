import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Diagnostic } from '../../src/diagnostic.ts'
import type { Dependencies } from '../../src/engine/context.ts'
import type { Event, Summary } from '../../src/engine/event.ts'
import { run } from '../../src/engine/run.ts'
import { hostFact } from '../../src/facts/host.ts'
import { loadInventory } from '../../src/inventory/load.ts'
import { modules } from '../../src/modules/index.ts'
import { compile } from '../../src/playbook/compile.ts'
import { loadPlaybook } from '../../src/playbook/load.ts'
import { Redactor } from '../../src/secrets/redact.ts'
import { httpClient } from '../../src/transport/http.ts'
import { connectLocal, localTarget } from '../../src/transport/local.ts'
import type { Connection } from '../../src/transport/transport.ts'
import { folder } from './mhprov.ts'

export interface PlayOptions {
  readonly check?: boolean
  readonly diff?: boolean
  readonly tags?: string[]
  readonly skipTags?: string[]
  readonly extra?: Record<string, unknown>
  /** Values of secrets by name. */
  readonly secrets?: Record<string, string>
  /** YAML; one local host `here` unless given. */
  readonly inventory?: string
  /** More files beside the playbook. */
  readonly files?: Record<string, string>
  readonly dir?: string
  readonly connect?: (host: string) => Promise<Connection>
  readonly deps?: Partial<Dependencies>
}

export interface Played {
  readonly dir: string
  readonly events: Event[]
  readonly summary: Summary
  readonly problems: readonly Diagnostic[]
  readonly warnings: readonly Diagnostic[]
  /** `host task-name status` of every task that ended. */
  readonly ends: string[]
  /** The registered results by task name. */
  readonly results: Record<string, Record<string, unknown>>
  readonly connections: Connection[]
}

/** Compiles a playbook given as text and runs it on this machine through the real local transport. */
export async function play(text: string, options: PlayOptions = {}): Promise<Played> {
  const dir = options.dir ?? folder(options.files ?? {})
  writeFileSync(join(dir, 'play.yaml'), text)
  writeFileSync(join(dir, 'inventory.yaml'), options.inventory ?? 'all: { hosts: { here: } }\n')
  const inventory = loadInventory(join(dir, 'inventory.yaml'))
  if (!inventory.ok) throw new Error(JSON.stringify(inventory.problems.map((one) => one.message)))
  const program = compile({
    loaded: loadPlaybook(join(dir, 'play.yaml'), modules),
    inventory: inventory.value,
    options: {
      check: options.check ?? false,
      diff: options.diff ?? false,
      verbosity: 0,
      tags: options.tags ?? [],
      skipTags: options.skipTags ?? [],
      extra: new Map(Object.entries(options.extra ?? {}).map(([name, data]) => [name, { data }])),
      secrets: new Map(Object.entries(options.secrets ?? {})),
    },
    factNames: hostFact.names.map((name) => `ansible_${name}`),
  })
  const nothing = { dir, events: [], summary: { mode: 'apply' as const, ms: 0, hosts: {} }, ends: [], results: {}, connections: [] }
  if (!program.ok) return { ...nothing, problems: program.problems, warnings: [] }
  const events: Event[] = []
  const secrets = new Redactor()
  secrets.keep(Object.values(options.secrets ?? {}))
  const connections: Connection[] = []
  const open = async (host: string) => {
    const connection = await (options.connect ?? ((name) => connectLocal(localTarget(name))))(host)
    connections.push(connection)
    return connection
  }
  const summary = await run(program.value, {
    connect: open,
    connectLocal: () => connectLocal(localTarget('localhost')),
    becomeOf: () => ({ host: {}, otherwise: { become: false, user: 'root' } }),
    emit: (event) => events.push(secrets.redact(event)),
    secrets,
    forks: 5,
    stop: new AbortController().signal,
    http: httpClient({ firstDelay: 1 }),
    hostFact: hostFact(),
    ...options.deps,
  })
  const ended = events.filter((event) => event.type === 'task:end')
  return {
    dir,
    events,
    summary,
    problems: [],
    warnings: program.warnings ?? [],
    ends: ended.map((end) => `${end.host} ${end.task.name} ${end.status}`),
    results: Object.fromEntries(ended.map((end) => [end.task.name, end.result])),
    connections,
  }
}
