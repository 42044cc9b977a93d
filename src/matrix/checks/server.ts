import { type Check, good } from '../check.ts'
import { describe, must } from '../client.ts'
import { fault } from '../fault.ts'

export const health: Check = {
  id: 'health',
  name: 'Synapse up',
  from: 'host',
  needs: [],
  run: async ({ synapse }) => {
    const reply = await must(synapse, { path: '/health' }, 'GET /health')
    if (!reply.ok) return reply
    const text = reply.bytes.toString().trim()
    return text === 'OK' ? good('answers OK') : fault(`GET /health: ${describe(reply)}`, 'something else listens on this port')
  },
}

export const versions: Check = {
  id: 'versions',
  name: 'client API',
  from: 'host',
  needs: ['health'],
  run: async ({ synapse }) => {
    const reply = await must(synapse, { path: '/_matrix/client/versions' }, 'asking for the versions', {
      '404': 'the listener serves no client API: its resources in homeserver.yaml must name client',
    })
    if (!reply.ok) return reply
    const list = reply.json?.versions
    if (!Array.isArray(list) || list.length === 0) return fault('the answer names no versions', 'something else listens on this port')
    return good(`Matrix ${String(list.at(-1))}`)
  },
}

export const release: Check = {
  id: 'release',
  name: 'release',
  from: 'host',
  needs: ['health'],
  run: async ({ synapse, want }) => {
    const reply = await must(synapse, { path: '/_synapse/admin/v1/server_version' }, 'asking for the release')
    if (!reply.ok) return reply
    // a build from a branch says more: "1.99.0 (b=develop,abc)"
    const runs = String(reply.json?.server_version ?? '').split(' ')[0]
    if (want.version === undefined || runs === want.version.replace(/^v/, '')) return good(`Synapse ${runs}`)
    return fault(
      `Synapse ${runs} runs, not ${want.version}`,
      'the container was not made anew since the image was changed, or its tag is another',
    )
  },
}

export const database: Check = {
  id: 'database',
  name: 'database',
  from: 'host',
  needs: [],
  run: async ({ want: { database }, synapse }) => {
    const { name, why, sqlite, wanted, live } = database
    const named = { psycopg2: 'PostgreSQL', sqlite3: 'SQLite' }
    if (name === undefined) return fault(`Synapse's configuration cannot be read: ${why ?? 'it names no database'}`)
    if (name !== wanted)
      return fault(
        `homeserver.yaml names ${name}, not ${wanted} (${named[wanted]})`,
        'correct its database block and restart the container',
      )
    if (wanted === 'psycopg2' && sqlite !== undefined)
      return fault(
        `PostgreSQL is configured, but there is ${sqlite}`,
        'Synapse has run on SQLite: see that what is in it was taken over (synapse_port_db), then move the file away',
      )
    if (live && 'why' in live) return fault(live.why, 'correct the database block of homeserver.yaml and restart the container')
    // one that is down has none either, and that is told already
    if (live?.connections === 0 && (await synapse.ask({ path: '/health' })).ok)
      return fault(
        'PostgreSQL is configured, but Synapse has no connection to it',
        'it still runs with what was configured when it was started: restart the container',
      )
    return good(live ? `${named[wanted]}, schema ${live.schema}, ${live.connections} connections` : named[wanted])
  },
}
