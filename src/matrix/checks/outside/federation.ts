import { type Check, good, type Run } from '../../check.ts'
import { type Client, clientOf, describe, must } from '../../client.ts'
import { fault } from '../../fault.ts'
import { lookupsOf } from '../../outside/delegation.ts'
import { eachAddress } from '../../outside/each-address.ts'
import { resolveServerName, targetsOf } from '../../outside/resolve.ts'
import { type ServerKeys, serverKeys } from '../../outside/signed-keys.ts'
import type { Way } from '../../way.ts'
import { publicWay } from '../../ways.ts'

export const resolution: Check = {
  id: 'server_name_resolution',
  name: 'server name resolution',
  from: 'outside',
  needs: ['well_known_server'],
  run: async (run) => {
    const found = await resolveServerName(run.want.serverName, lookupsOf(run))
    const way = [...found.hops, ...(found.ok ? [targetsOf(found)] : [found.detail])].join(' → ')
    if (!found.ok) return { ...found, detail: way }
    if (targetsOf(found) !== `${run.want.matrixHost}:443`)
      return fault(
        `${way}, not ${run.want.matrixHost}:443`,
        'the answer for servers is another than the one for browsers: it must not depend on Origin or User-Agent',
      )
    run.resolved = found
    return good(way)
  },
}

/** The way to one address of a place where others look. */
const federationWay = ({ world, resolved }: Run, port: number, address: string): Way =>
  publicWay(world, address, { port, host: resolved!.host, certificate: resolved!.certificate })

const clientTo = (run: Run, way: Way): Client => clientOf(way, run.context.signal, run.patience)

/** Asks at the first place where others look. */
export function federationClient(run: Run): Client {
  const { name, port } = run.resolved!.targets[0]!
  return clientTo(run, federationWay(run, port, name))
}

export const federationVersion: Check = {
  id: 'federation_version',
  name: 'federation API',
  from: 'outside',
  needs: ['server_name_resolution', 'public_client_api'],
  run: async (run) => {
    const reply = await must(federationClient(run), { path: '/_matrix/federation/v1/version' }, 'asking for the server', UNSERVED)
    if (!reply.ok) return reply
    const { name, version } = (reply.json?.server ?? {}) as { name?: unknown; version?: unknown }
    if (name === 'Synapse') return good(`Synapse ${String(version)}`)
    return fault(
      name === undefined ? `asking for the server: ${describe(reply)}` : `${String(name)} answers, not Synapse`,
      'another server answers under this name: where does the tunnel lead it?',
    )
  },
}

const UNSERVED = { M_UNRECOGNIZED: 'the listener serves no federation: its resources in homeserver.yaml must name federation' }
const KEYS = '/_matrix/key/v2/server'

export const signingKey: Check = {
  id: 'signing_key',
  name: 'signing key',
  from: 'outside',
  needs: ['federation_version'],
  run: async (run) => {
    const { world, want, synapse, resolved } = run
    // the public half, from Synapse itself: its secret file is left alone
    const own = await must(synapse, { path: KEYS }, 'asking Synapse on the host for its key', UNSERVED)
    if (!own.ok) return own
    const local = serverKeys(own.json, want.serverName, Date.now())
    if (!local.ok) return { ...local, detail: `Synapse on the host: ${local.detail}` }
    for (const { name, port } of resolved!.targets) {
      const found = await eachAddress(world, name, port, async (address) => {
        const reply = await must(clientTo(run, federationWay(run, port, address)), { path: KEYS }, 'asking for the key')
        if (!reply.ok) return reply
        const keys = serverKeys(reply.json, want.serverName, Date.now())
        return keys.ok ? sameKeys(keys, local) : keys
      })
      if (found.ok !== true) return found
    }
    return good(`${Object.keys(local.keys).join(', ')}, signed, the one on the host`)
  },
}

function sameKeys({ keys }: ServerKeys, local: ServerKeys) {
  const id = Object.keys(local.keys).find((one) => keys[one] !== local.keys[one])
  if (id === undefined) return good('')
  return fault(
    `the key ${id} is not the one of the host`,
    'another Synapse with the same name answers: is a second connector of the tunnel running, on an old machine perhaps? Stop it at once',
  )
}
