import { existsSync, readFileSync } from 'node:fs'
import type { Dependencies } from '../engine/context.ts'
import type { Event, Place } from '../engine/event.ts'
import { run } from '../engine/run.ts'
import { exitCodeOf } from '../engine/summary.ts'
import { hostFact } from '../facts/host.ts'
import { matrixPrograms } from '../matrix/programs.ts'
import type { Program } from '../playbook/compile.ts'
import { isSelected } from '../playbook/tags.ts'
import { pathOf } from '../playbook/tree.ts'
import { printPlace, type Remark } from '../report/frame.ts'
import { chooseKind, openReporter, speaksUnicode, wantsColour } from '../report/reporter.ts'
import { httpClient } from '../transport/http.ts'
import { reach } from './connect.ts'
import { EXIT } from './exit-code.ts'
import { list } from './list.ts'
import type { RunArguments } from './options.ts'
import { owedHandlers } from './owed-file.ts'
import { settleSecrets } from './run-secrets.ts'
import { openSession, type Session, say } from './session.ts'
import type { Terminal } from './terminal.ts'

/** `mhprov apply` and `mhprov check`. */
export async function apply(args: RunArguments, terminal: Terminal): Promise<number> {
  const session = await openSession(args, terminal)
  if (!session) return EXIT.input
  if (args.listTasks || args.listTags || args.listHosts) {
    terminal.out(list(session.program, args))
    return EXIT.ok
  }
  return execute(session, args, terminal)
}

/** Runs a compiled program and shows it; the exit code. `also` hears every event. */
export async function execute(
  session: Session,
  args: RunArguments,
  terminal: Terminal,
  also: (event: Event) => void = () => undefined,
  /** Handlers that an earlier run owes are run. */
  settleDebts = true,
): Promise<number> {
  const { program } = session
  const reached = await reach(program, args, terminal)
  if (Array.isArray(reached)) {
    say(reached, terminal)
    return reached.every((one) => one.code === 'usage') ? EXIT.usage : EXIT.input
  }
  if (!(await settleSecrets(session, terminal, { ask: true, keep: !program.options.check }))) return EXIT.input
  const ways = reached as Exclude<typeof reached, readonly unknown[]>
  const colour = wantsColour(terminal.isTTY, terminal.env)
  const totals = taskCounts(program)
  const reporter = openReporter(chooseKind(args.output ?? 'auto', terminal.isTTY, terminal.env), {
    write: terminal.out,
    isTTY: terminal.isTTY,
    columns: terminal.columns,
    rows: terminal.rows,
    colour,
    unicode: speaksUnicode(terminal.env),
    verbosity: args.verbose ?? 0,
    diff: program.options.diff,
    frame: (place, remark) => frameOf(place, remark, colour),
    total: (host) => totals.get(host),
  })
  const { ask, secrets } = terminal
  const owed = program.options.check || !settleDebts ? undefined : owedHandlers(program)
  const deps: Dependencies = {
    ...ways,
    emit: (event) => {
      // what events are about is no text: a secret that reads like a status must not change it
      const { type, ...named } = event
      const fixed = { type, ...('host' in named && { host: named.host }), ...('status' in named && { status: named.status }) }
      const safe = { ...secrets.redact(event), ...fixed } as Event
      reporter.on(safe)
      also(safe)
    },
    secrets,
    forks: Number(args.forks ?? 10),
    stop: terminal.stop,
    leave: terminal.leave,
    http: httpClient({ stop: terminal.stop, leave: terminal.leave }),
    hostFact: hostFact(),
    programs: matrixPrograms,
    ...(ask && { ask: (prompt: string, echo: boolean) => reporter.aside(() => ask(secrets.redact(prompt), echo)) }),
    ...(owed && { owed }),
  }
  const waiting = () =>
    void reporter.aside(async () => terminal.err('\nfinishing the step under way on each host; Ctrl-C again leaves at once\n'))
  terminal.stop.addEventListener('abort', waiting, { once: true })
  const summary = await run(program, deps)
  terminal.stop.removeEventListener('abort', waiting)
  await reporter.close()
  return !terminal.stop.aborted ? exitCodeOf(summary) : EXIT.interrupted
}

/** A code frame; a task that came from the command line is in no file. */
const frameOf = (place: Place, remark: Remark, colour: boolean): string =>
  printPlace(place, existsSync(place.path) ? readFileSync(place.path, 'utf8') : undefined, remark, { colour, cwd: process.cwd() })

/** How many tasks each host has to do, handlers aside. */
function taskCounts({ plays, options }: Program): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { play, hosts } of plays) {
    const tasks = play.sections.flatMap(pathOf).filter((task) => isSelected(task.tags, options.tags, options.skipTags)).length
    for (const host of hosts) counts.set(host, (counts.get(host) ?? 0) + tasks)
  }
  return counts
}
