import { homedir } from 'node:os'
import { type Diagnostic, problem } from '../diagnostic.ts'
import type { Dependencies } from '../engine/context.ts'
import { type Host, hostNamed } from '../inventory/inventory.ts'
import { type Access, sshName, toTarget } from '../inventory/target.ts'
import { renderProblem } from '../playbook/arguments.ts'
import type { Program } from '../playbook/compile.ts'
import { hostScope, nothingKnown, taskScope } from '../playbook/host-scope.ts'
import type { Play } from '../playbook/tree.ts'
import { connectLocal, localTarget } from '../transport/local.ts'
import { readSshConfig, type SshConfig } from '../transport/ssh-config.ts'
import type { RunArguments } from './options.ts'
import { say } from './session.ts'
import { askSecret, type Terminal } from './terminal.ts'

type Reach = Pick<Dependencies, 'connect' | 'connectLocal' | 'becomeOf'>

/** How every host of a program is reached and who tasks become there; or what is wrong with it, all at once, before anything connects. */
export async function reach(program: Program, args: RunArguments, terminal: Terminal): Promise<Reach | readonly Diagnostic[]> {
  if ((args.askBecomePass || args.askPass) && !terminal.ask)
    return [
      problem(
        'usage',
        'a password cannot be asked for: there is no terminal',
        undefined,
        'set ansible_become_password or ansible_password in a private host_vars file',
      ),
    ]
  const asked = {
    become: args.askBecomePass ? await askSecret(terminal, 'BECOME password: ') : undefined,
    login: args.askPass ? await askSecret(terminal, 'SSH password: ') : undefined,
  }
  const problems: Diagnostic[] = []
  const accesses = new Map<string, Access & { readonly ssh: Partial<SshConfig> }>()
  const sshConfig = cached(readSshConfig)
  for (const play of program.plays)
    for (const name of play.hosts) {
      if (accesses.has(name)) continue
      const host = hostNamed(program.inventory, name)!
      const vars = connectionVars(program, play.play, host, problems)
      const ssh = (vars.ansible_connection ?? (host.implicit ? 'local' : 'ssh')) === 'local' ? {} : await sshConfig(sshName(host, vars))
      const made = toTarget(host, vars, overridden(ssh, args), { home: homedir(), dir: program.inventory.dir, ...defaultsOf(args) })
      problems.push(...(made.ok ? (made.warnings ?? []) : made.problems))
      if (made.ok) accesses.set(name, { ...made.value, ssh })
    }
  if (problems.some((one) => one.severity === 'error')) return problems
  if (problems.length > 0) say(problems, terminal)
  const passwords = [...accesses.values()].flatMap((one) => [one.becomePassword, one.password]).concat(Object.values(asked))
  terminal.secrets.mask(passwords.flatMap((one) => (one ? [one.reveal()] : [])))
  const otherwise = { become: args.become ?? false, user: args.becomeUser ?? 'root' }
  const passphrases = cached((file: string) => askSecret(terminal, `Passphrase of ${file}: `))
  return {
    connect: async (host) => {
      const { target, password = asked.login, identityFiles, ssh } = accesses.get(host)!
      if (target.connection === 'local') return connectLocal(target, { signal: terminal.leave })
      const { connectSsh } = await import('../transport/ssh.ts')
      return connectSsh(target, {
        signal: terminal.leave,
        passphrase: passphrases,
        ...(password && { password }),
        ...(identityFiles && { identityFiles }),
        ...(ssh.identitiesOnly !== undefined && { identitiesOnly: ssh.identitiesOnly }),
        ...(ssh.hashKnownHosts !== undefined && { hashKnownHosts: ssh.hashKnownHosts }),
        ...(terminal.env.SSH_AUTH_SOCK && { agent: terminal.env.SSH_AUTH_SOCK }),
      })
    },
    connectLocal: () => connectLocal(localTarget('localhost'), { signal: terminal.leave }),
    becomeOf: (host) => {
      const { become, becomeUser, becomePassword } = accesses.get(host)!
      const password = asked.become ?? becomePassword
      return {
        host: { ...(become !== undefined && { become }), ...(becomeUser && { user: becomeUser }) },
        otherwise,
        ...(password && { password }),
      }
    },
  }
}

const defaultsOf = (args: RunArguments) => ({
  ...(args.user && { user: args.user }),
  ...(args.privateKey && { privateKeyFile: args.privateKey }),
  ...(args.timeout && { connectTimeout: Number(args.timeout) }),
})

/** --host-key-checking stands over ssh's configuration, under the inventory. */
const overridden = (ssh: Awaited<ReturnType<typeof readSshConfig>>, args: RunArguments) => ({
  ...ssh,
  ...(args.hostKeyChecking && { strictHostKeyChecking: args.hostKeyChecking as 'yes' | 'accept-new' }),
})

/** The `ansible_*` variables that say how to reach a host, rendered. */
function connectionVars(program: Program, play: Play, { name: host, vars: all }: Host, problems: Diagnostic[]): Record<string, unknown> {
  const { inventory, options } = program
  const scope = taskScope(hostScope({ inventory, host, play, playHosts: [host], options, knowledge: nothingKnown }), undefined)
  const vars: Record<string, unknown> = {}
  for (const [name, { value }] of all) {
    if (!name.startsWith('ansible_')) continue
    try {
      vars[name] = scope.get(name)
    } catch (error) {
      problems.push(renderProblem(error, value.at, scope))
    }
  }
  for (const name of options.extra.keys()) if (name.startsWith('ansible_')) vars[name] = scope.get(name)
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
