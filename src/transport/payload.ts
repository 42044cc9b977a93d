import { constants, type Stats } from 'node:fs'
import { access, open, stat } from 'node:fs/promises'
import type { Payload } from '../module/define.ts'

/** A payload ready to be sent: exactly `size` bytes in pieces, or a throw from `pieces` when that cannot be kept. */
export interface Sendable {
  readonly size: number
  readonly pieces: () => AsyncIterable<Uint8Array>
}

const PIECE = 1 << 18

/**
 * Makes a payload ready. A file that cannot be read, or is not of the size it was announced with, is a `problem` known before anything
 * is sent; one that is altered meanwhile makes `pieces` throw.
 * The one place besides logins where a secret is revealed.
 */
export async function openPayload(payload: Payload | undefined): Promise<Sendable | { problem: string }> {
  if (payload === undefined) return fromBytes(new Uint8Array())
  if (typeof payload === 'string') return fromBytes(Buffer.from(payload))
  if (payload instanceof Uint8Array) return fromBytes(payload)
  if ('reveal' in payload) return fromBytes(Buffer.from(payload.reveal()))
  return fromFile(payload.file, payload.size)
}

const fromBytes = (bytes: Uint8Array): Sendable => ({
  size: bytes.length,
  pieces: async function* () {
    if (bytes.length > 0) yield bytes
  },
})

async function fromFile(file: string, size: number): Promise<Sendable | { problem: string }> {
  try {
    const before = await stat(file)
    await access(file, constants.R_OK)
    if (before.size !== size) return { problem: `${file} was ${size} bytes when it was looked at and is ${before.size} now` }
    return { size, pieces: () => readUnchanged(file, before) }
  } catch (error) {
    return { problem: `cannot read ${file}: ${(error as Error).message}` }
  }
}

async function* readUnchanged(file: string, before: Stats): AsyncGenerator<Uint8Array> {
  const handle = await open(file)
  try {
    let sent = 0
    while (sent < before.size) {
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(Math.min(PIECE, before.size - sent)), 0, null, null)
      if (bytesRead === 0) break
      sent += bytesRead
      yield buffer.subarray(0, bytesRead)
    }
    const after = await handle.stat()
    const same = sent === before.size && after.size === before.size && after.mtimeMs === before.mtimeMs && after.ino === before.ino
    if (!same) throw new Error(`${file} changed while it was being sent`)
  } finally {
    await handle.close()
  }
}
