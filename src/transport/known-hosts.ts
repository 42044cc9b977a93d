import { createHash, createHmac, randomBytes } from 'node:crypto'
import { appendFile, mkdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'

/** One line of a known_hosts file (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). */
export interface KnownHost {
  readonly marker: '' | 'revoked' | 'cert-authority'
  /** Comma-separated patterns, or one hashed name. */
  readonly hosts: string
  readonly type: string
  readonly key: Buffer
  readonly file: string
  /** 1-based. */
  readonly line: number
}

/** The lines of a known_hosts file that make sense; ssh(1) skips the others too. */
export function parseKnownHosts(text: string, file: string): KnownHost[] {
  return text.split('\n').flatMap((line, index) => {
    const [, marker, hosts, type, base64] =
      /^[ \t]*(?:@(revoked|cert-authority)[ \t]+)?([^\s#@]\S*)[ \t]+(\S+)[ \t]+([A-Za-z0-9+/]+=*)(?:\s|$)/.exec(line) ?? []
    const key = Buffer.from(base64 ?? '', 'base64')
    if (!hosts || !type || keyType(key) !== type) return []
    return [{ marker: (marker ?? '') as KnownHost['marker'], hosts, type, key, file, line: index + 1 }]
  })
}

/** The lines of several files, in order. A file that does not exist knows no host; one that cannot be read rejects. */
export async function readKnownHosts(files: readonly string[]): Promise<KnownHost[]> {
  const texts = await Promise.all(
    files.map((file) =>
      readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return ''
        throw error
      }),
    ),
  )
  return texts.flatMap((text, i) => parseKnownHosts(text, files[i] ?? ''))
}

/** How known_hosts names a host: as it is at port 22, else `[host]:port`. */
export const hostName = (host: string, port: number): string => (port === 22 ? host : `[${host}]:${port}`).toLowerCase()

/** Whether a line is about this name: a list of patterns with `*`, `?` and `!`, or a hash (`|1|salt|HMAC-SHA1(salt, name)`). */
export function isAbout(known: KnownHost, name: string): boolean {
  if (known.hosts.startsWith('|')) {
    const [, scheme, salt = '', digest = ''] = known.hosts.split('|')
    return scheme === '1' && createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === digest
  }
  let about = false
  for (const pattern of known.hosts.toLowerCase().split(',')) {
    const denied = pattern.startsWith('!')
    if (!matches(denied ? pattern.slice(1) : pattern, name)) continue
    if (denied) return false
    about = true
  }
  return about
}

const matches = (pattern: string, name: string): boolean =>
  new RegExp(
    `^${pattern
      .replace(/[\\^$.|+()[\]{}]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
    's',
  ).test(name)

/** The type inside a key's wire form (RFC 4253 6.6), '' when it is none. */
export function keyType(key: Buffer): string {
  const length = key.length >= 4 ? key.readUInt32BE(0) : 0
  return length > 0 && length <= key.length - 4 ? key.toString('latin1', 4, 4 + length) : ''
}

/** As `ssh-keygen -l` prints it: `SHA256:…`. */
export const fingerprint = (key: Buffer): string => `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`

/** The short name of a type that ssh-keygen prints: ED25519, ECDSA, RSA. */
export const shortType = (type: string): string =>
  type
    .replace(/^(ssh|ecdsa-sha2)-/, (prefix) => (prefix.startsWith('ecdsa') ? 'ecdsa-' : ''))
    .replace(/-.*/, '')
    .toUpperCase()

/** Adds a host to a file, which is made (0600, its directory 0700) if need be. `hashed` as HashKnownHosts in ssh_config(5). */
export async function appendKnownHost(file: string, name: string, key: Buffer, hashed: boolean): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const before = await readFile(file).catch(() => Buffer.alloc(0))
  const newline = before.length > 0 && before.at(-1) !== 10 ? '\n' : ''
  const salt = randomBytes(20)
  const host = hashed ? `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}` : name
  await appendFile(file, `${newline}${host} ${keyType(key)} ${key.toString('base64')}\n`, { mode: 0o600 })
}
