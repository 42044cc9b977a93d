import { createPublicKey, type KeyObject, sign } from 'node:crypto'
import { canonicalJson } from '../../../src/matrix/outside/canonical-json.ts'

/** Unpadded base64. */
export const publicHalf = (key: KeyObject): string =>
  Buffer.from(String(key.export({ format: 'jwk' }).x), 'base64url')
    .toString('base64')
    .replace(/=+$/, '')

/** The answer of /_matrix/key/v2/server, signed after the changes. */
export function keyDocument(key: KeyObject, serverName: string, until: number, changes: object = {}) {
  const document = {
    server_name: serverName,
    valid_until_ts: until,
    verify_keys: { 'ed25519:a_test': { key: publicHalf(createPublicKey(key)) } },
    old_verify_keys: {},
    ...changes,
  }
  const signature = sign(null, Buffer.from(canonicalJson(document)!), key)
    .toString('base64')
    .replace(/=+$/, '')
  return { ...document, signatures: { [serverName]: { 'ed25519:a_test': signature } } }
}
