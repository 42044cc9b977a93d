import { stringify } from 'yaml'
import { modules } from '../modules/index.ts'
import { parsePlaybook } from '../playbook/load.ts'
import { execute } from './apply.ts'
import { EXIT } from './exit-code.ts'
import type { RunArguments } from './options.ts'
import { openSession } from './session.ts'
import type { Terminal } from './terminal.ts'

interface ModuleArguments extends RunArguments {
  readonly module: string
  readonly hosts: string
  readonly args?: string | undefined
}

/** `mhprov run MODULE [hosts] -a '{…}'`: a play of one task. The parameters are YAML (JSON is YAML) or a free form. */
export async function runModule(args: ModuleArguments, terminal: Terminal): Promise<number> {
  const given = (args.args ?? '').trim()
  const name = stringify({ hosts: args.hosts, gather_facts: true }).trimEnd().split('\n').join('\n  ')
  const body = given === '' ? '' : /^[[{]/.test(given) ? ` ${given}` : ` ${JSON.stringify(given)}`
  const text = `- ${name}\n  tasks:\n    - ${JSON.stringify(args.module)}:${body}\n`
  const session = await openSession(args, terminal, () => parsePlaybook(text, 'command line', modules))
  return session ? execute(session, { ...args, verbose: Math.max(args.verbose ?? 0, 1) }, terminal) : EXIT.input
}
