import { randomUUID } from 'node:crypto'
import { type Check, good } from '../check.ts'
import { must } from '../client.ts'
import { fault } from '../fault.ts'

/** Times that the event is looked for, each a sync of at most two seconds. */
const LOOKS = 5

export const message: Check = {
  id: 'message',
  name: 'message',
  from: 'through Apache',
  needs: ['tls', 'register'],
  run: async (run, web) => {
    const [from, to] = [run.admin!, run.user!]
    const made = await must(
      web,
      {
        path: '/_matrix/client/v3/createRoom',
        token: from.token,
        json: { preset: 'private_chat', name: 'mhprov verify', creation_content: { 'm.federate': false } },
      },
      'creating a room',
    )
    if (!made.ok) return made
    const room = String(made.json?.room_id ?? '')
    run.rooms.push(room)
    const at = `/_matrix/client/v3/rooms/${encodeURIComponent(room)}`
    const invited = await must(web, { path: `${at}/invite`, token: from.token, json: { user_id: to.id } }, 'inviting the other')
    if (!invited.ok) return invited
    const joined = await must(web, { path: `${at}/join`, token: to.token, json: {} }, 'joining the room')
    if (!joined.ok) return joined
    const id = randomUUID()
    const body = `Grüße, "${id}"/☕`
    const sent = await must(
      web,
      { method: 'PUT', path: `${at}/send/m.room.message/${id}`, token: from.token, json: { msgtype: 'm.text', body } },
      'sending a message',
    )
    if (!sent.ok) return sent
    let since = ''
    for (let look = 0; look < LOOKS; look++) {
      const path = `/_matrix/client/v3/sync?timeout=${look === 0 ? 0 : 2000}${since}`
      const synced = await must(web, { path, token: to.token }, 'reading the room')
      if (!synced.ok) return synced
      const event = eventsOf(synced.json, room).find((one) => one.event_id === sent.json?.event_id)
      if (event)
        return event.content?.body === body
          ? good('arrives as it was sent')
          : fault('the message that arrived is not the one that was sent')
      since = `&since=${encodeURIComponent(String(synced.json?.next_batch ?? ''))}`
    }
    return fault('the message was sent, but the other user does not get it', 'see the log: docker logs --tail 50 synapse')
  },
}

interface SyncEvent {
  readonly event_id?: string
  readonly content?: { readonly body?: unknown }
}

function eventsOf(sync: Readonly<Record<string, unknown>> | undefined, room: string): readonly SyncEvent[] {
  const rooms = sync?.rooms as { join?: Record<string, { timeline?: { events?: SyncEvent[] } }> } | undefined
  return rooms?.join?.[room]?.timeline?.events ?? []
}
