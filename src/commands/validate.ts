import type { Slot } from '../playbook/secrets.ts'
import { tasksOf } from '../playbook/tree.ts'
import { reach } from './connect.ts'
import { EXIT } from './exit-code.ts'
import type { RunArguments } from './options.ts'
import { settleSecrets, wayToGive } from './run-secrets.ts'
import { openSession, say } from './session.ts'
import type { Terminal } from './terminal.ts'

/** `mhprov validate`: all that can be known without a host. */
export async function validate(args: RunArguments, terminal: Terminal): Promise<number> {
  const session = await openSession(args, terminal)
  if (!session) return EXIT.input
  const reached = await reach(session.program, args, terminal)
  if (!('connect' in reached)) {
    say(reached, terminal)
    return EXIT.input
  }
  if (!(await settleSecrets(session, terminal, { ask: false, keep: false }))) return EXIT.input
  const { plays } = session.program
  const tasks = plays.reduce((sum, { play }) => sum + tasksOf(play.sections.flat()).length, 0)
  const hosts = new Set(plays.flatMap((play) => play.hosts)).size
  const count = (n: number, what: string) => `${n} ${what}${n === 1 ? '' : 's'}`
  terminal.out(`valid: ${count(plays.length, 'play')}, ${count(tasks, 'task')}, ${count(hosts, 'host')}\n`)
  const { notGiven } = session.secrets
  if (notGiven.length > 0) terminal.out(`\nleft out, for want of optional secrets:\n${notGiven.map(leftOut).join('')}`)
  return EXIT.ok
}

const leftOut = (slot: Slot): string => {
  const { description } = slot.declaration
  return `  ${slot.name}${description ? `: ${description}` : ''}\n    ${wayToGive(slot)}\n`
}
