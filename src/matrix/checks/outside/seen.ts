import { good, type Run, type Verdict } from '../../check.ts'
import type { Client } from '../../client.ts'
import { fault } from '../../fault.ts'
import { isPrivate } from '../../outside/private.ts'

/**
 * Whether one of the addresses that Synapse saw is the controller's. Cloudflare says itself whom it saw; elsewhere it must be an address of this
 * machine, or one in the world, as a home router has it: a private one is the tunnel's or a proxy's own.
 */
export async function seenOutside(seen: readonly string[], { world, want }: Run, web: Client): Promise<Verdict> {
  const edge = await seenByEdge(web)
  const from = seen.find((address) => (edge === undefined ? world.own.has(address) || !isPrivate(address) : address === edge))
  if (from !== undefined) return good(`${from}, forged ones ignored`)
  return fault(
    `Synapse saw ${seen.join(', ') || 'no new address'}, not ${edge ?? 'the one'} from which it was asked`,
    want.tunnel
      ? 'all clients seem to be the tunnel: Apache must set X-Forwarded-For from CF-Connecting-IP'
      : 'all clients seem to be one: what stands before Apache must hand on the client’s address (with a tunnel: tunnel: true)',
  )
}

/** The client's address as Cloudflare sees it (its documentation, "/cdn-cgi/ endpoint"); undefined where something else answers. */
async function seenByEdge(web: Client): Promise<string | undefined> {
  const reply = await web.ask({ path: '/cdn-cgi/trace' })
  if (!reply.ok || reply.status !== 200 || reply.headers['cf-ray'] === undefined) return undefined
  return /^ip=(.+)$/m.exec(reply.bytes.toString())?.[1]
}
