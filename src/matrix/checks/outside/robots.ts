import { type Check, good } from '../../check.ts'
import { describe } from '../../client.ts'
import { fault } from '../../fault.ts'
import { federationClient } from './federation.ts'
import { apexOf, WELL_KNOWN } from './well-known.ts'

/** As other servers introduce themselves. */
const AGENTS = ['Synapse/1.150.0', 'Go-http-client/2.0', 'Dendrite/0.15.0', 'Conduit/0.10.0', 'conduwuit/0.5.0']

const KEPT_OUT =
  'a protection against robots keeps servers out: Bot Fight Mode must be off for the zone (no rule can make an exception), and so must Browser Integrity Check (error 1010) and rules by User-Agent for this host'

export const robots: Check = {
  id: 'other_servers_let_in',
  name: 'other servers let in',
  from: 'outside',
  needs: ['federation_version'],
  run: async (run) => {
    const client = federationClient(run)
    const apex = apexOf(run)
    for (const agent of AGENTS) {
      const headers = { 'User-Agent': agent }
      const reply = await client.ask({ path: '/_matrix/federation/v1/version', headers })
      if (!reply.ok) return { ...reply, detail: `as ${agent}: ${reply.detail}` }
      if (reply.status !== 200 || !reply.json) return fault(`as ${agent}: ${describe(reply)}`, KEPT_OUT)
      // where discovery is not served at all, that is told by another check, or the name needs none
      const found = await apex.ask({ path: WELL_KNOWN.server, headers })
      if (found.ok && [401, 403, 429, 503].includes(found.status))
        return fault(`as ${agent}, ${WELL_KNOWN.server}: ${describe(found)}`, KEPT_OUT)
    }
    return good('whatever they run')
  },
}
