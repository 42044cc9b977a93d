import { createPublicKey, verify } from 'node:crypto'
import { type Fault, fault } from '../fault.ts'
import { canonicalJson } from './canonical-json.ts'

export interface ServerKeys {
  readonly ok: true
  /** Unpadded base64 by id, such as `ed25519:a_ABCD`. */
  readonly keys: Readonly<Record<string, string>>
  /** Milliseconds since the epoch. */
  readonly validUntil: number
}

type Json = Readonly<Record<string, unknown>>

/**
 * What a server says of its signing keys (server-server API, "Publishing Keys"), found to be by `serverName`, valid at `now` (milliseconds) and
 * signed with each key that it names.
 */
export function serverKeys(answer: Json | undefined, serverName: string, now: number): ServerKeys | Fault {
  if (!answer) return fault('the keys are no JSON object')
  if (answer.server_name !== serverName)
    return fault(
      `the keys are those of ${String(answer.server_name)}, not of ${serverName}`,
      'another Matrix server answers under this name',
    )
  const keys = keysIn(answer.verify_keys)
  const ids = Object.keys(keys).filter((id) => id.startsWith('ed25519:'))
  if (ids.length === 0) return fault('the answer names no ed25519 key')
  const validUntil = Number(answer.valid_until_ts)
  if (!(validUntil > now))
    return fault(
      `the keys ended on ${Number.isFinite(validUntil) ? new Date(validUntil).toISOString() : 'no date'}`,
      'something between keeps an old answer, or the clock of the host is wrong: see timedatectl',
    )
  const { signatures, unsigned: _, ...signed } = answer
  const text = canonicalJson(signed)
  if (text === undefined) return fault('the keys have no canonical JSON form')
  const given = (signatures as Record<string, Record<string, unknown>> | undefined)?.[serverName]
  for (const id of ids)
    if (!isSigned(text, keys[id]!, given?.[id]))
      return fault(
        given?.[id] === undefined ? `no signature by ${id}` : `the signature by ${id} is not good`,
        'something between changes what Synapse answers: no proxy may rewrite JSON',
      )
  return { ok: true, keys, validUntil }
}

const keysIn = (verifyKeys: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.entries((verifyKeys ?? {}) as Record<string, { key?: unknown } | null>).map(([id, one]) => [id, String(one?.key ?? '')]),
  )

/** Whether an ed25519 signature (unpadded base64, as the key) is one of this text. */
export function isSigned(text: string, key: string, signature: unknown): boolean {
  const [raw, signed] = [Buffer.from(key, 'base64'), Buffer.from(String(signature ?? ''), 'base64')]
  if (raw.length !== 32 || signed.length !== 64) return false
  const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') }, format: 'jwk' })
  return verify(null, Buffer.from(text), publicKey, signed)
}
