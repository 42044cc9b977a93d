import type { Diagnostic } from '../diagnostic.ts'
import type { Dependencies } from '../engine/context.ts'
import { toTarget } from '../inventory/target.ts'
import { renderProblem } from '../playbook/arguments.ts'
import type { Program } from '../playbook/compile.ts'
import { hostScope, nothingKnown, taskScope } from '../playbook/host-scope.ts'
import { Secret } from '../secrets/secret.ts'
import { connectLocal } from '../transport/local.ts'
import { readSshConfig } from '../transport/ssh-config.ts'
import type { Target } from '../transport/transport.ts'
import type { RunArguments } from './options.ts'
import { askSecret, type Terminal } from './terminal.ts'

type Reach = Pick<Dependencies, 'connect' | 'connectLocal' | 'becomeOf'> & { readonly secrets: readonly string[] }

/** How every host of a program is reached and who tasks become there; or what is wrong with it, all at once, before anything connects. */
export async function reach(program: Program, args: RunArguments, terminal: Terminal): Promise<Reach | readonly Diagnostic[]> {
  const asked = {
    become: args.askBecomePass ? await askSecret(terminal, 'BECOME password: ') : undefined,
    login: args.askPass ? await askSecret(terminal, 'SSH password: ') : undefined,
  }
  const problems: Diagnostic[] = []
  const targets = new Map<string, { target: Target; become: ReturnType<Dependencies['becomeOf']>; password?: Secret }>()
  const sshConfig = cached(readSshConfig)
  for (const play of program.plays)
    for (const host of play.hosts) {
      if (targets.has(host)) continue
      const vars = connectionVars(program, play.play, host, problems)
      const made = toTarget(
        { name: host, ...(program.inventory.hosts.get(host)?.at && { at: program.inventory.hosts.get(host)!.at }) },
        vars,
        vars.ansible_connection === 'local' ? {} : await sshConfig(String(vars.ansible_host ?? host)),
        defaultsOf(args),
      )
      if (!made.ok) problems.push(...made.problems)
      else {
        const { target, become, password } = made.value
        const wanted = {
          ...become,
          ...(args.become && { become: true }),
          ...(args.becomeUser && { user: args.becomeUser }),
          ...(asked.become && { password: asked.become }),
        }
        const login = asked.login ?? password
        targets.set(host, { target, become: wanted, ...(login && { password: login }) })
      }
    }
  if (problems.some((one) => one.severity === 'error')) return problems
  const passphrases = cached((file: string) => askSecret(terminal, `Passphrase of ${file}: `))
  return {
    connect: async (host) => {
      const { target, password } = targets.get(host)!
      if (target.connection === 'local') return connectLocal(target, { signal: terminal.leave })
      const { connectSsh } = await import('../transport/ssh.ts')
      return connectSsh(target, {
        signal: terminal.leave,
        passphrase: passphrases,
        ...(password && { password }),
        ...(terminal.env.SSH_AUTH_SOCK && { agent: terminal.env.SSH_AUTH_SOCK }),
      })
    },
    connectLocal: () => connectLocal(CONTROLLER, { signal: terminal.leave }),
    becomeOf: (host) => targets.get(host)!.become,
    secrets: [...targets.values()].flatMap(({ become, password }) =>
      [become.password?.reveal(), password?.reveal()].filter((one) => one !== undefined),
    ),
  }
}

const CONTROLLER: Target = {
  name: 'localhost',
  connection: 'local',
  address: '127.0.0.1',
  port: 22,
  proxyJump: [],
  hostKeyChecking: 'strict',
  hostKeys: [],
  knownHostsFiles: [],
  connectTimeout: 10,
}

const defaultsOf = (args: RunArguments) => ({
  ...(args.user && { user: args.user }),
  ...(args.privateKey && { privateKeyFile: args.privateKey }),
  ...(args.hostKeyChecking && { hostKeyChecking: args.hostKeyChecking as 'strict' | 'accept-new' }),
  ...(args.timeout && { connectTimeout: Number(args.timeout) }),
})

/** The `ansible_*` variables that say how to reach a host, rendered. */
function connectionVars(
  program: Program,
  play: Program['plays'][number]['play'],
  host: string,
  problems: Diagnostic[],
): Record<string, unknown> {
  const { inventory, options } = program
  const scope = taskScope(hostScope({ inventory, host, play, playHosts: [host], options, knowledge: nothingKnown }), undefined)
  const vars: Record<string, unknown> = {}
  for (const [name, { value }] of inventory.hosts.get(host)?.vars ?? []) {
    if (!name.startsWith('ansible_')) continue
    try {
      vars[name] = scope.get(name)
    } catch (error) {
      problems.push(renderProblem(error, value.at, scope))
    }
  }
  for (const [name, value] of options.extra) if (name.startsWith('ansible_')) vars[name] = value
  if (!inventory.hosts.has(host)) vars.ansible_connection ??= 'local'
  return vars
}

function cached<T>(make: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const known = new Map<string, Promise<T>>()
  return (key) => {
    const before = known.get(key)
    if (before) return before
    const made = make(key)
    known.set(key, made)
    return made
  }
}

export { Secret }
