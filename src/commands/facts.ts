import { Place } from '../engine/place.ts'
import { hostFact } from '../facts/host.ts'
import { modules } from '../modules/index.ts'
import { parsePlaybook } from '../playbook/load.ts'
import { httpClient } from '../transport/http.ts'
import { HostLost } from '../transport/transport.ts'
import { reach } from './connect.ts'
import { EXIT } from './exit-code.ts'
import type { RunArguments } from './options.ts'
import { openSession, say } from './session.ts'
import type { Terminal } from './terminal.ts'

/** `mhprov facts [hosts]`: JSON of every host's ansible_facts, by host. */
export async function facts(args: RunArguments & { host: string }, terminal: Terminal): Promise<number> {
  const session = await openSession(args, terminal, () =>
    parsePlaybook(`- hosts: ${JSON.stringify(args.host)}\n  tasks: []\n`, 'command line', modules),
  )
  if (!session) return EXIT.input
  const reached = await reach(session.program, args, terminal)
  if (!('connect' in reached)) {
    say(reached, terminal)
    return EXIT.input
  }
  const known: Record<string, unknown> = {}
  let code: number = EXIT.ok
  for (const host of session.program.plays[0]?.hosts ?? []) {
    const place = new Place(() => reached.connect(host), httpClient())
    try {
      const { host: own, otherwise, password } = reached.becomeOf(host)
      const become = { user: own.user ?? otherwise.user, ...(password && { password }) }
      const { shell, cache } = await place.as((own.become ?? otherwise.become) ? become : undefined)
      cache.prefetch(shell, [hostFact()])
      known[host] = await cache.get(hostFact())
    } catch (error) {
      if (!(error instanceof HostLost)) throw error
      terminal.err(`${host}: ${error.message}${error.hint ? `\n  hint: ${error.hint}` : ''}\n`)
      code = EXIT.unreachable
    } finally {
      await place.close()
    }
  }
  terminal.out(`${JSON.stringify(known, null, 2)}\n`)
  return code
}
