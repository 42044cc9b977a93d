import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import type { Dependencies } from '../engine/context.ts'
import type { Event, Place, Summary } from '../engine/event.ts'
import { run } from '../engine/run.ts'
import { exitCodeOf } from '../engine/summary.ts'
import { hostFact } from '../facts/host.ts'
import type { Program } from '../playbook/compile.ts'
import { printPlace } from '../report/frame.ts'
import { chooseKind, openReporter } from '../report/reporter.ts'
import { redactor } from '../secrets/redact.ts'
import { reach } from './connect.ts'
import { EXIT } from './exit-code.ts'
import { list } from './list.ts'
import type { RunArguments } from './options.ts'
import { owedHandlers } from './owed-file.ts'
import { openSession, type Session, say, useColour } from './session.ts'
import type { Terminal } from './terminal.ts'

/** `mhprov apply` and `mhprov check`. */
export async function apply(args: RunArguments, terminal: Terminal): Promise<number> {
  const session = openSession(args, terminal)
  if (!session) return EXIT.input
  if (args.listTasks || args.listTags || args.listHosts) {
    terminal.out(list(session.program, args))
    return EXIT.ok
  }
  return execute(session, args, terminal)
}

/** Runs a compiled program and shows it; the exit code. `also` hears every event. */
export async function execute(
  { program }: Session,
  args: RunArguments,
  terminal: Terminal,
  also: (event: Event) => void = () => undefined,
): Promise<number> {
  const reached = await reach(program, args, terminal)
  if (Array.isArray(reached)) {
    say(reached, terminal)
    return EXIT.input
  }
  const { secrets, ...ways } = reached as Exclude<typeof reached, readonly unknown[]>
  const colour = useColour(terminal, terminal.isTTY)
  const reporter = openReporter(chooseKind(args.output ?? 'auto', terminal.isTTY, terminal.env), {
    write: terminal.out,
    isTTY: terminal.isTTY,
    columns: terminal.columns,
    colour,
    verbosity: args.verbose ?? 0,
    diff: program.options.diff,
    frame: (place) => frameOf(place, colour),
  })
  const redact = redactor(secrets)
  const owed = program.options.check ? undefined : owedHandlers(program)
  const deps: Dependencies = {
    ...ways,
    emit: (event) => {
      const safe = redact(event)
      reporter.on(safe)
      also(safe)
    },
    forks: Number(args.forks ?? 10),
    stop: terminal.stop,
    hostFact: hostFact(),
    ...(terminal.ask && { ask: terminal.ask }),
    ...(owed && { owed }),
  }
  const summary = await untilLeft(run(program, deps), terminal.leave)
  await reporter.close()
  return summary ? exitCodeOf(summary) : EXIT.interrupted
}

/** A second Ctrl-C does not wait for the hosts. */
function untilLeft(running: Promise<Summary>, leave: AbortSignal): Promise<Summary | undefined> {
  return Promise.race([running, new Promise<undefined>((left) => leave.addEventListener('abort', () => left(undefined), { once: true }))])
}

function frameOf(place: Place, colour: boolean): string {
  try {
    return printPlace({ ...place, path: relative(process.cwd(), place.path) || place.path }, readFileSync(place.path, 'utf8'), { colour })
  } catch {
    return `${place.path}:${place.line}:${place.col}` // a task that came from the command line is in no file
  }
}

export type { Program }
