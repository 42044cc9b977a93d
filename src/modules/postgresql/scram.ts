import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'

/** What PostgreSQL keeps instead of a password: `SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey`, base64 (pg_authid in its manual). */
const VERIFIER = /^SCRAM-SHA-256\$(\d+):([A-Za-z0-9+/]+={0,2})\$([A-Za-z0-9+/]{43}=):([A-Za-z0-9+/]{43}=)$/

export const isVerifier = (text: string): boolean => VERIFIER.test(text)

const ITERATIONS = 4096

/**
 * The verifier of a password (RFC 5802, 3; RFC 7677). The server never sees the password itself, so no log of it can hold it.
 * The salt must tell nothing of the password: a server gives it to everyone who begins to log in.
 */
export function scramVerifier(password: string, salt: Buffer, iterations = ITERATIONS): string {
  const hmac = (key: Buffer, text: string) => createHmac('sha256', key).update(text).digest()
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256')
  const stored = createHash('sha256').update(hmac(salted, 'Client Key')).digest('base64')
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${stored}:${hmac(salted, 'Server Key').toString('base64')}`
}

/** Whether a password belongs to what a role has: by the salt and iterations kept there, or as the verifier itself. */
export function matchesVerifier(password: string, kept: string): boolean {
  if (isVerifier(password)) return password === kept
  const [, iterations, salt] = VERIFIER.exec(kept) ?? []
  if (iterations === undefined || salt === undefined) return false
  return scramVerifier(password, Buffer.from(salt, 'base64'), Number(iterations)) === kept
}
