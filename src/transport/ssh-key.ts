import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import ssh2, { type ParsedKey } from 'ssh2'
import type { Secret } from '../secrets/secret.ts'

/** What a file named as a private key turns out to be. `blob` is its public half in wire form, where that can be told. */
export type KeyFile =
  | { readonly is: 'private'; readonly key: ParsedKey }
  | { readonly is: 'encrypted'; readonly blob: Buffer | undefined; readonly bytes: Buffer }
  | { readonly is: 'public'; readonly blob: Buffer }
  | { readonly is: 'missing' }
  | { readonly is: 'unusable'; readonly why: string }

/** Looks at a private key file, or at the `.pub` beside it when only that is there (the private half being in an agent). */
export async function readKeyFile(file: string): Promise<KeyFile> {
  let bytes: Buffer
  try {
    bytes = await readFile(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return { is: 'unusable', why: (error as Error).message }
    const blob = await publicHalf(file)
    return blob ? { is: 'public', blob } : { is: 'missing' }
  }
  const key = parse(bytes)
  if (key instanceof Error) {
    if (/no passphrase given/i.test(key.message)) return { is: 'encrypted', blob: blobOf(bytes) ?? (await publicHalf(file)), bytes }
    const fido = /sk-(ssh|ecdsa)/.test(blobOf(bytes)?.toString('latin1') ?? '')
    return { is: 'unusable', why: fido ? 'FIDO keys are not supported' : key.message }
  }
  return key.isPrivateKey() ? { is: 'private', key } : { is: 'public', blob: key.getPublicSSH() }
}

const unlocked = new Map<string, Promise<ParsedKey | Error | undefined>>()

/**
 * Decrypts a key: undefined when there is no passphrase, an Error when it is not the right one.
 * Each is asked for and decrypted once (bcrypt takes a third of a second), however many hosts it opens at once or later.
 */
export function unlock(
  file: string,
  bytes: Buffer,
  ask: ((file: string) => Promise<Secret | undefined>) | undefined,
): Promise<ParsedKey | Error | undefined> {
  const id = createHash('sha256').update(bytes).digest('hex')
  const known = unlocked.get(id)
  if (known) return known
  const attempt = (async () => {
    const passphrase = await ask?.(file)
    const key = passphrase && parse(bytes, passphrase.reveal())
    if (!key || key instanceof Error) unlocked.delete(id)
    return key
  })()
  unlocked.set(id, attempt)
  return attempt
}

const parse = (bytes: Buffer, passphrase?: string): ParsedKey | Error => {
  // Typed as one key or an error; what a file holds comes as a list of one.
  const parsed: unknown = ssh2.utils.parseKey(bytes, passphrase)
  return (Array.isArray(parsed) ? parsed[0] : parsed) as ParsedKey | Error
}

async function publicHalf(file: string): Promise<Buffer | undefined> {
  const bytes = await readFile(`${file}.pub`).catch(() => undefined)
  const key = bytes && parse(bytes)
  return key && !(key instanceof Error) ? key.getPublicSSH() : undefined
}

/** The public half that OpenSSH's own format keeps in the clear (PROTOCOL.key): magic, cipher, kdf, kdf options, number of keys, public key. */
function blobOf(file: Buffer): Buffer | undefined {
  const [, base64] = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]*?)-----END/.exec(file.toString('latin1')) ?? []
  const bytes = Buffer.from(base64 ?? '', 'base64')
  const magic = 'openssh-key-v1\0'
  if (bytes.toString('latin1', 0, magic.length) !== magic) return undefined
  let at = magic.length
  const field = () => {
    const length = at + 4 <= bytes.length ? bytes.readUInt32BE(at) : 0
    at += 4 + length
    return bytes.subarray(at - length, at)
  }
  for (let skipped = 0; skipped < 3; skipped++) field()
  at += 4
  const blob = field()
  return blob.length > 0 ? blob : undefined
}
