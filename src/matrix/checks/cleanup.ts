import { setTimeout as sleep } from 'node:timers/promises'
import { type Check, good, type Run, type Verdict } from '../check.ts'
import { type Client, clientOf, must } from '../client.ts'
import { type Fault, fault } from '../fault.ts'

/** Milliseconds for all of it; an interrupted run is cleaned up after, too. */
const WITHIN = 120_000
const PURGES = 3
const PURGE_LOOKS = 60

export const cleanup: Check = {
  id: 'cleanup',
  name: 'cleanup',
  from: 'host',
  needs: [],
  always: true,
  run: async (run) => {
    if (!run.admin) return { ok: null, detail: 'nothing was made' }
    const end = new AbortController()
    const timer = setTimeout(() => end.abort(), WITHIN)
    try {
      const synapse = clientOf(run.synapse.way, end.signal, { left: WITHIN, say: run.context.say })
      return await clear(run, synapse)
    } finally {
      clearTimeout(timer)
    }
  },
}

async function clear({ admin, user, login, rooms, uploaded }: Run, synapse: Client): Promise<Verdict> {
  const left: Fault[] = []
  const attempt = async (what: string, work: Promise<{ ok: true } | Fault>) => {
    const done = await work
    if (!done.ok) left.push({ ...done, detail: `${what}: ${done.detail}` })
  }
  const token = admin!.token
  const account = (id: string) => ({
    path: `/_synapse/admin/v1/deactivate/${encodeURIComponent(id)}`,
    token,
    json: { erase: true },
  })
  if (login) await attempt('the login', must(synapse, { path: '/_matrix/client/v3/logout', token: login, json: {} }, 'logging out'))
  for (const room of rooms) await attempt(`room ${room}`, purge(synapse, room, token))
  if (user && uploaded) {
    const path = `/_synapse/admin/v1/users/${encodeURIComponent(user.id)}/media`
    await attempt(`files of ${user.id}`, must(synapse, { method: 'DELETE', path, token }, 'deleting them'))
  }
  if (user) await attempt(user.id, must(synapse, account(user.id), 'deactivating it'))
  // last: its token goes with it
  await attempt(admin!.id, must(synapse, account(admin!.id), 'deactivating it'))
  const [first] = left
  if (first) return fault(left.map((one) => one.detail).join('; '), 'what is named is still there: remove it by the admin API')
  return good(`accounts${['', ', room'][rooms.length] ?? ', rooms'} and files removed`)
}

/**
 * Synapse's documentation, "Delete Room API", version 2: it goes on in the background. One that meets Synapse's own work on the room (counting what is
 * unread, statistics) can fail in the database; the answer does not say why. Asked for again, it goes on with what is left.
 */
async function purge(synapse: Client, room: string, token: string): Promise<{ ok: true } | Fault> {
  const path = `/_synapse/admin/v2/rooms/${encodeURIComponent(room)}`
  for (let tries = 1; ; tries++) {
    const begun = await must(synapse, { method: 'DELETE', path, token, json: { purge: true } }, 'deleting it')
    if (!begun.ok) return begun
    const ended = await purged(synapse, String(begun.json?.delete_id), token)
    if (ended !== 'failed') return ended
    if (tries === PURGES) return fault(`Synapse could not delete it, ${tries} times; why is in its log`)
  }
}

async function purged(synapse: Client, id: string, token: string): Promise<{ ok: true } | Fault | 'failed'> {
  const path = `/_synapse/admin/v2/rooms/delete_status/${encodeURIComponent(id)}`
  for (let look = 0; look < PURGE_LOOKS; look++) {
    const asked = await must(synapse, { path, token }, 'asking how far its deletion is')
    if (!asked.ok) return asked
    if (asked.json?.status === 'complete') return { ok: true }
    if (asked.json?.status === 'failed') return 'failed'
    await sleep(500, undefined, { signal: synapse.signal }).catch(() => undefined)
  }
  return fault(`its deletion is not done after ${PURGE_LOOKS / 2} s`)
}
