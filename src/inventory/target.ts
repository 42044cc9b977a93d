import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { bad, type Diagnostic, problem, type Result, type Source } from '../diagnostic.ts'
import { nearest } from '../did-you-mean.ts'
import type { Secret } from '../secrets/secret.ts'
import type { SshConfig } from '../transport/ssh-config.ts'
import type { Target } from '../transport/transport.ts'
import { type ConnectionSettings, connectionVariables, unusedVariables } from './connection-variables.ts'
import type { Host } from './inventory.ts'
import { readSshArgs } from './ssh-args.ts'

/** Where paths begin, and what the command line gives for hosts of which the inventory does not say it: over ssh's configuration, as for ssh(1). */
export interface Defaults {
  /** The controller's home directory, for `~`. */
  readonly home: string
  /** The inventory's folder, for relative paths. */
  readonly dir: string
  readonly user?: string
  readonly privateKeyFile?: string
  /** Seconds; 10 unless set. */
  readonly connectTimeout?: number
}

/** How to reach a host and log in. What of `become` is undefined is the play's or the task's to say; what is set here wins over them, as in Ansible. */
export interface Access {
  readonly target: Target
  readonly password?: Secret
  /** Keys to try when the target names none, from ssh's configuration. */
  readonly identityFiles?: readonly string[]
  readonly become?: boolean
  readonly becomeUser?: string
  readonly becomePassword?: Secret
}

/** The name to give to `ssh -G` for a host: what the inventory says to connect to, which may be a Host of ~/.ssh/config. */
export const sshName = (host: Host, vars: Readonly<Record<string, unknown>>): string =>
  [vars.ansible_host, vars.ansible_ssh_host].find((name) => typeof name === 'string') ?? host.name

/**
 * A host's connection variables, rendered, to how it is reached: the inventory over `defaults` over ssh's configuration of `sshName(host, vars)`.
 * All faults at once, each at the variable; a name that is nearly a connection variable's is a warning.
 */
export function toTarget(host: Host, vars: Readonly<Record<string, unknown>>, ssh: Partial<SshConfig>, defaults: Defaults): Result<Access> {
  const { settings, problems, warnings } = readSettings(host, vars)
  const jump = readJump(host, vars, problems)
  if (problems.length > 0) return bad(...problems)
  const local = (settings.ansible_connection ?? (host.implicit ? 'local' : 'ssh')) === 'local'
  const user = settings.ansible_user ?? defaults.user ?? ssh.user
  const key = keyFile(settings, defaults)
  const target: Target = {
    name: host.name,
    connection: local ? 'local' : 'ssh',
    address: local ? 'localhost' : (ssh.hostname ?? settings.ansible_host ?? host.name),
    port: settings.ansible_port ?? ssh.port ?? 22,
    ...(user !== undefined && !local && { user }),
    ...(key !== undefined && !local && { privateKeyFile: key }),
    proxyJump: local ? [] : (jump ?? ssh.proxyJump ?? []),
    hostKeyChecking: hostKeyChecking(settings, ssh),
    hostKeys: settings.ansible_ssh_host_key ?? [],
    knownHostsFiles: knownHostsFiles(ssh, defaults.home),
    connectTimeout: settings.ansible_timeout ?? defaults.connectTimeout ?? 10,
  }
  const {
    ansible_password: password,
    ansible_become: become,
    ansible_become_user: becomeUser,
    ansible_become_password: becomePassword,
  } = settings
  const value: Access = {
    target,
    ...(password && { password }),
    ...(ssh.identityFile && !local && { identityFiles: ssh.identityFile }),
    ...(become !== undefined && { become }),
    ...(becomeUser !== undefined && { becomeUser }),
    ...(becomePassword && { becomePassword }),
  }
  return { ok: true, value, ...(warnings.length > 0 && { warnings }) }
}

/** Where a variable was set, or the host when it came from elsewhere. */
const placeOf = (host: Host, name: string): Source => host.vars.get(name)?.value.at ?? host.at

function readSettings(host: Host, vars: Readonly<Record<string, unknown>>) {
  const problems: Diagnostic[] = []
  const warnings: Diagnostic[] = []
  const settings: Record<string, unknown> = {}
  for (const { name, aliases, schema } of connectionVariables) {
    if (name === 'ansible_ssh_common_args') continue
    const [used, ...others] = [name, ...aliases].filter((one) => vars[one] !== undefined && vars[one] !== null)
    if (used === undefined) continue
    for (const other of others)
      if (vars[other] !== vars[used])
        warnings.push({
          ...problem('invalid-value', `${other} is not read: ${used} is set too`, placeOf(host, other)),
          severity: 'warning',
        })
    const parsed = schema.safeParse(vars[used])
    if (parsed.success) settings[name] = parsed.data
    else problems.push(problem('invalid-value', `${used}: ${parsed.error.issues[0]?.message}`, placeOf(host, used)))
  }
  return { settings: settings as ConnectionSettings, problems, warnings: [...warnings, ...misspelt(host)] }
}

function misspelt(host: Host): Diagnostic[] {
  const known = new Map(
    [...connectionVariables.flatMap((one) => [one.name, ...one.aliases]), ...unusedVariables].map((name) => [
      name.slice('ansible_'.length),
      name,
    ]),
  )
  return [...host.vars].flatMap(([name, { keyAt }]) => {
    if (!name.startsWith('ansible_') || known.has(name.slice('ansible_'.length))) return []
    const near = nearest(name.slice('ansible_'.length), known.keys())
    if (near === undefined) return []
    return [
      {
        ...problem('unknown-key', `"${name}" is no connection variable`, keyAt, `did you mean "${known.get(near)}"?`),
        severity: 'warning' as const,
      },
    ]
  })
}

/** All three variables count, as for the ssh program; of several jumps the last one named. */
function readJump(host: Host, vars: Readonly<Record<string, unknown>>, problems: Diagnostic[]): readonly string[] | undefined {
  let jump: readonly string[] | undefined
  for (const name of ['ansible_ssh_args', 'ansible_ssh_common_args', 'ansible_ssh_extra_args']) {
    const text = vars[name]
    if (text === undefined || text === null) continue
    const read = typeof text === 'string' ? readSshArgs(text) : { problem: 'expected text', hint: 'such as "-J user@host"' }
    if ('problem' in read) problems.push(problem('invalid-value', `${name}: ${read.problem}`, placeOf(host, name), read.hint))
    else jump = read.jump ?? jump
  }
  return jump
}

const expandHome = (path: string, home: string): string => (path === '~' || path.startsWith('~/') ? join(home, path.slice(1)) : path)

function keyFile(settings: ConnectionSettings, { home, dir, privateKeyFile }: Defaults): string | undefined {
  const own = settings.ansible_ssh_private_key_file
  if (own === undefined) return privateKeyFile === undefined ? undefined : resolve(expandHome(privateKeyFile, home))
  // Ansible leaves it to ssh, for which paths begin where it runs: still found there, but the inventory's folder comes first.
  const beside = resolve(dir, expandHome(own, home))
  return existsSync(beside) || !existsSync(own) ? beside : resolve(own)
}

function hostKeyChecking(settings: ConnectionSettings, ssh: Partial<SshConfig>): Target['hostKeyChecking'] {
  const own = settings.ansible_host_key_checking
  if (own !== undefined) return own === 'accept-new' ? 'accept-new' : 'strict'
  // `no` trusts changed keys too, which mhprov never does; `ask` has nobody to ask.
  return ssh.strictHostKeyChecking === 'accept-new' || ssh.strictHostKeyChecking === 'no' ? 'accept-new' : 'strict'
}

/** ssh_config(5): UserKnownHostsFile and GlobalKnownHostsFile with their defaults. */
function knownHostsFiles(ssh: Partial<SshConfig>, home: string): string[] {
  const own = ssh.userKnownHostsFile ?? ['~/.ssh/known_hosts', '~/.ssh/known_hosts2']
  const everyones = ssh.globalKnownHostsFile ?? ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2']
  return [...own, ...everyones].filter((path) => path !== 'none').map((path) => expandHome(path, home))
}
