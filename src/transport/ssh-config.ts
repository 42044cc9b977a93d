import { execFile } from 'node:child_process'
import { homedir } from 'node:os'

/** What the user's ssh client would do for a host, as far as we follow it. Lists are in order. */
export interface SshConfig {
  readonly hostname: string
  readonly port: number
  readonly user: string
  readonly identityFile: readonly string[]
  readonly identitiesOnly: boolean
  /** Nearest first, as in `ProxyJump a,b`; empty for none. */
  readonly proxyJump: readonly string[]
  readonly userKnownHostsFile: readonly string[]
  readonly globalKnownHostsFile: readonly string[]
  readonly strictHostKeyChecking: 'yes' | 'no' | 'ask' | 'accept-new'
  readonly hashKnownHosts: boolean
}

/**
 * The effective ssh_config(5) of a host, Include and Match and all, from `ssh -G`. Connects to nothing.
 * {} where there is no ssh client, or where it finds fault with its configuration.
 */
export function readSshConfig(host: string): Promise<Partial<SshConfig>> {
  if (host === '' || host.startsWith('-')) return Promise.resolve({})
  return new Promise((resolve) =>
    execFile('ssh', ['-G', '--', host], { timeout: 5000 }, (error, stdout) => resolve(error ? {} : parseSshConfig(stdout))),
  )
}

const CHECKING: Record<string, SshConfig['strictHostKeyChecking']> = {
  true: 'yes',
  yes: 'yes',
  false: 'no',
  off: 'no',
  no: 'no',
  ask: 'ask',
  'accept-new': 'accept-new',
}

/** Reads what `ssh -G` prints: a keyword and its value per line. */
export function parseSshConfig(text: string): Partial<SshConfig> {
  const values = new Map<string, string[]>()
  for (const line of text.split('\n')) {
    const [, key, value] = /^(\S+) (.*)$/.exec(line) ?? []
    if (key !== undefined && value !== undefined) values.set(key, [...(values.get(key) ?? []), value])
  }
  const one = (key: string) => values.get(key)?.[0]
  const words = (key: string) => one(key)?.split(' ').filter(Boolean).map(expandHome)
  const jump = one('proxyjump')
  const checking = CHECKING[one('stricthostkeychecking') ?? '']
  return {
    ...pick('hostname', one('hostname')),
    ...pick('port', one('port') === undefined ? undefined : Number(one('port'))),
    ...pick('user', one('user')),
    ...pick('identityFile', values.get('identityfile')?.map(expandHome)),
    ...pick('identitiesOnly', isYes(one('identitiesonly'))),
    ...pick('proxyJump', jump === undefined || jump === 'none' ? [] : jump.split(',')),
    ...pick('userKnownHostsFile', words('userknownhostsfile')),
    ...pick('globalKnownHostsFile', words('globalknownhostsfile')),
    ...pick('strictHostKeyChecking', checking),
    ...pick('hashKnownHosts', isYes(one('hashknownhosts'))),
  }
}

const isYes = (value: string | undefined) => (value === undefined ? undefined : value === 'yes' || value === 'true')
const pick = <K extends keyof SshConfig>(key: K, value: SshConfig[K] | undefined): Partial<SshConfig> =>
  value === undefined ? {} : ({ [key]: value } as unknown as Partial<SshConfig>)

/** `~/x` in a user's own path. */
export const expandHome = (path: string): string => (path === '~' || path.startsWith('~/') ? homedir() + path.slice(1) : path)
