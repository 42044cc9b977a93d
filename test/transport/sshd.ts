import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import type { Target } from '../../src/transport/transport.ts'

const POLICY = '/usr/sbin/policy-rc.d'

/** Installs a Debian package unless its program is there, and keeps it from starting its service (invoke-rc.d(8): a policy of 101 forbids). */
export function need(program: string, packageName: string): void {
  if (existsSync(program)) return
  const options = { stdio: 'ignore', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } } as const
  const free = !existsSync(POLICY)
  if (free) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    execFileSync('apt-get', ['update', '-q'], options)
    execFileSync('apt-get', ['-o', 'DPkg::Lock::Timeout=300', '-y', '-q', '--no-install-recommends', 'install', packageName], options)
  } finally {
    if (free) rmSync(POLICY, { force: true })
  }
}

/** A port of 127.0.0.1 where nothing listens, below those that the kernel gives out by itself (ip_local_port_range), so that it stays so. */
export const freePort = async (): Promise<number> => {
  for (;;) {
    const port = 15_000 + Math.floor(Math.random() * 17_000)
    const server = createServer().listen(port, '127.0.0.1')
    const free = await once(server, 'listening').then(
      () => true,
      () => false,
    )
    await new Promise((closed) => server.close(closed))
    if (free) return port
  }
}

/** Makes a key pair and returns the path of its private half. */
export function keygen(file: string, type: string, passphrase = '', ...options: string[]): string {
  execFileSync('ssh-keygen', ['-q', '-t', type, '-N', passphrase, '-C', `test ${type}`, '-f', file, ...options])
  return file
}

export interface Sshd {
  readonly port: number
  readonly directory: string
  /** A key that is let in. */
  readonly key: string
  readonly knownHosts: string
  readonly authorize: (key: string) => void
  readonly log: () => string
  readonly process: ChildProcess
  /** The target that logs in here; `with` overrides. */
  readonly target: (changes?: Partial<Target>) => Target
}

/** A real OpenSSH server on loopback, with host keys and authorised keys of its own; ended, by its pid, with the test. */
export async function sshd(t: ExecutionContext, config: readonly string[] = [], hostKeys: readonly string[] = ['ed25519']): Promise<Sshd> {
  need('/usr/sbin/sshd', 'openssh-server')
  mkdirSync('/run/sshd', { recursive: true })
  const directory = mkdtempSync(join(tmpdir(), 'mhprov-sshd-'))
  // Other users, too, have their keys looked up here.
  chmodSync(directory, 0o755)
  const at = (name: string) => join(directory, name)
  const port = await freePort()
  const host = hostKeys.map((type) => keygen(at(`host_${type}`), type))
  const key = keygen(at('key'), 'ed25519')
  writeFileSync(at('authorized_keys'), readFileSync(`${key}.pub`))
  writeFileSync(at('known_hosts'), host.map((file) => `[127.0.0.1]:${port} ${readFileSync(`${file}.pub`, 'utf8')}`).join(''))
  writeFileSync(
    at('config'),
    [
      ...config,
      `ListenAddress 127.0.0.1`,
      ...host.map((file) => `HostKey ${file}`),
      `AuthorizedKeysFile ${at('authorized_keys')}`,
      `PidFile none`,
      'StrictModes no',
      'PermitRootLogin yes',
      'LogLevel VERBOSE',
      'UsePAM no',
      '',
    ].join('\n'),
  )
  const child = spawn('/usr/sbin/sshd', ['-D', '-p', String(port), '-f', at('config'), '-E', at('log')], { stdio: 'ignore' })
  const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()))
  t.teardown(async () => {
    child.kill()
    await ended
    rmSync(directory, { recursive: true, force: true })
  })
  const log = () => (existsSync(at('log')) ? readFileSync(at('log'), 'utf8') : '')
  while (!log().includes('Server listening')) {
    if (child.exitCode !== null) throw new Error(`sshd did not start: ${log()}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const target = (changes: Partial<Target> = {}): Target => ({
    name: 'box',
    connection: 'ssh',
    address: '127.0.0.1',
    port,
    user: userInfo().username,
    privateKeyFile: key,
    proxyJump: [],
    hostKeyChecking: 'strict',
    hostKeys: [],
    knownHostsFiles: [at('known_hosts')],
    connectTimeout: 10,
    ...changes,
  })
  const authorize = (file: string) => appendFileSync(at('authorized_keys'), readFileSync(`${file}.pub`))
  return { port, directory, key, knownHosts: at('known_hosts'), authorize, log, process: child, target }
}
