import { setTimeout as sleep } from 'node:timers/promises'
import type { Event } from '../../src/engine/event.ts'
import { openReporter, speaksUnicode, wantsColour } from '../../src/report/reporter.ts'
import { APPLY, CHECK, did, ended, frame, task } from './events.ts'

/** Many hosts and tasks, every tenth changed, with output; `at` once in a while so that time goes by. */
export function crowd(hosts: number, tasks: number): Event[] {
  const names = Array.from({ length: hosts }, (_, i) => `web${i + 1}`)
  const events: Event[] = [
    { type: 'run:start', mode: 'apply', playbook: 'site.yaml', hosts: names },
    { type: 'play:start', play: 'Web servers', hosts: names },
    ...names.map((host) => ({ type: 'host:start', host }) as const),
  ]
  for (let i = 1; i <= tasks; i++)
    for (const host of names) {
      const one = task(i, `Task ${i} of the web servers`, 'command')
      const [start, ...end] = did(host, one, i % 10 === 0 ? 'changed' : 'ok', i % 10 === 0 ? { changes: [`change ${i}`] } : {})
      const text = `line that ${host} wrote in task ${i}`
      events.push(
        start!,
        ...[1, 2, 3].map((n) => ({ type: 'task:output', host, task: one, stream: 'stdout', text: `${text}.${n}` }) as const),
        ...end,
      )
    }
  return ended([...events, ...names.map((host) => ({ type: 'host:end', host, status: 'ok', ms: 1000 }) as const)], 1000)
}

/** Replays events on the terminal this process has: `replay.js apply|check|HOSTSxTASKS [milliseconds between events] [diff]`. For a look, and for the tests. */
async function replay([what = 'apply', pace = '0', diff]: readonly string[]): Promise<void> {
  const [hosts, tasks] = what.split('x').map(Number)
  const events = what === 'check' ? CHECK : what === 'apply' ? APPLY : crowd(hosts ?? 1, tasks ?? 1)
  const reporter = openReporter('tty', {
    write: (text) => process.stdout.write(text),
    isTTY: true,
    columns: () => process.stdout.columns ?? 80,
    rows: () => process.stdout.rows ?? 24,
    colour: wantsColour(true, process.env),
    unicode: speaksUnicode(process.env),
    verbosity: 0,
    diff: diff === 'diff',
    frame,
    total: () => (tasks && hosts ? tasks : 7),
  })
  const cpu = process.cpuUsage()
  const owing = { ms: 0 }
  for (const event of events) {
    reporter.on(event)
    owing.ms += Number(pace)
    // timers have a grain of a millisecond
    if (owing.ms >= 5) await sleep(owing.ms)
    if (owing.ms >= 5) owing.ms = 0
  }
  await reporter.close()
  const { user, system } = process.cpuUsage(cpu)
  if (process.env.SHOW_CPU) process.stderr.write(`cpu ${(user + system) / 1000} ms\n`)
}

if (process.argv[1]?.endsWith('replay.js')) await replay(process.argv.slice(2))
