import { request } from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Asked {
  readonly token?: string
  readonly json?: unknown
  /** Instead of JSON. */
  readonly bytes?: Buffer
  readonly headers?: Readonly<Record<string, string>>
  /** Statuses that are no fault; 200 unless told. */
  readonly statuses?: readonly number[]
}

export interface Answered {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly bytes: Buffer
  readonly text: string
  /** {} when the body is no JSON. */
  readonly json: Readonly<Record<string, unknown>>
}

/** A request: the path goes out as it is given. Throws an Error with what the server said when it is another status. */
export type Ask = (method: string, path: string, asked?: Asked) => Promise<Answered>

export interface Server {
  readonly address: string
  /** By which it is called, and which its certificate must be for. */
  readonly host: string
  /** PEM. */
  readonly ca: string
}

function parsed(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return {} // an error page
  }
}

/** A client of a server by its address, as if its name were known to this machine. */
export const matrixClient =
  ({ address, host, ca }: Server): Ask =>
  (method, path, { token, json, bytes, headers, statuses = [200] } = {}) =>
    new Promise((done, fail) => {
      const body = bytes ?? (json === undefined ? undefined : Buffer.from(JSON.stringify(json)))
      const type = bytes ? 'application/octet-stream' : 'application/json'
      const sent = request({
        ...{ host: address, servername: host, ca, method, path, agent: false, timeout: 60_000 },
        headers: {
          Host: host,
          'User-Agent': 'mhprov',
          ...(token !== undefined && { Authorization: `Bearer ${token}` }),
          ...(body && { 'Content-Type': type, 'Content-Length': String(body.length) }),
          ...headers,
        },
      })
      sent.on('timeout', () => sent.destroy(new Error(`${method} https://${host}${path}: no answer within a minute`)))
      sent.on('error', fail)
      sent.on('response', async (response) => {
        try {
          const chunks: Buffer[] = []
          for await (const chunk of response) chunks.push(chunk as Buffer)
          const { statusCode: status = 0, headers: given } = response
          const received = Buffer.concat(chunks)
          const text = received.toString()
          if (!statuses.includes(status)) return fail(new Error(`${method} https://${host}${path}: ${status} ${text.slice(0, 500)}`))
          done({ status, headers: given, bytes: received, text, json: parsed(text) })
        } catch (error) {
          fail(error as Error)
        }
      })
      sent.end(body)
    })

/** Somebody who is logged in somewhere. */
export interface Person {
  readonly id: string
  readonly token: string
  readonly ask: Ask
}

const messagesOf = async ({ ask, token }: Person, room: string): Promise<string[]> => {
  const path = `/_matrix/client/v3/rooms/${encodeURIComponent(room)}/messages?dir=b&limit=20`
  const chunk = (await ask('GET', path, { token })).json.chunk as { type: string; content: { body?: string } }[]
  return chunk.filter(({ type }) => type === 'm.room.message').map(({ content }) => content.body ?? '')
}

async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < 120; tries++) {
    const found = await look()
    if (found !== undefined) return found
    await sleep(250)
  }
  throw new Error(`${what}: not within half a minute`)
}

/**
 * Two people of two servers talk: one makes a room and invites the other, who joins; each reads what the other says. Throws an
 * Error with the first thing that did not happen.
 */
export async function converse(host: Person, guest: Person): Promise<{ room: string; read: string[] }> {
  const made = await host.ask('POST', '/_matrix/client/v3/createRoom', {
    token: host.token,
    json: { preset: 'private_chat', invite: [guest.id] },
  })
  const room = String(made.json.room_id)
  const at = `/_matrix/client/v3/rooms/${encodeURIComponent(room)}`
  await until(`${guest.id} is invited by ${host.id}`, async () => {
    const { rooms } = (await guest.ask('GET', '/_matrix/client/v3/sync?timeout=0', { token: guest.token })).json as {
      rooms?: { invite?: Record<string, unknown> }
    }
    return rooms?.invite?.[room]
  })
  await guest.ask('POST', `/_matrix/client/v3/join/${encodeURIComponent(room)}`, { token: guest.token, json: {} })
  const read: string[] = []
  for (const [number, [from, to]] of (
    [
      [host, guest],
      [guest, host],
    ] as const
  ).entries()) {
    const body = `grüße from ${from.id}`
    const json = { msgtype: 'm.text', body }
    await from.ask('PUT', `${at}/send/m.room.message/${number}`, { token: from.token, json })
    read.push(await until(`${to.id} reads ${from.id}`, async () => (await messagesOf(to, room)).find((one) => one === body)))
  }
  return { room, read }
}
