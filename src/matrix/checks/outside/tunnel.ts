import { type Check, good } from '../../check.ts'
import { clientOf, describe } from '../../client.ts'
import { fault } from '../../fault.ts'

/** How many a healthy connector has (cloudflared's documentation, "Tunnel metrics"). */
const HEALTHY = 4

export const tunnel: Check = {
  id: 'tunnel',
  name: 'tunnel',
  from: 'host',
  needs: [],
  run: async ({ want, context, patience }) => {
    const port = want.tunnelMetricsPort!
    const way = {
      dial: context.dial,
      port,
      host: `127.0.0.1:${port}`,
      unanswered: `does the connector run, with its metrics published on 127.0.0.1:${port}? See: docker logs --tail 50 cloudflared`,
    }
    const reply = await clientOf(way, context.signal, patience).ask({ path: '/ready' })
    if (!reply.ok) return { ...reply, detail: `GET /ready: ${reply.detail}` }
    const connections = reply.json?.readyConnections
    if (typeof connections !== 'number')
      return fault(`GET /ready: ${describe(reply)}`, `something else than cloudflared listens on 127.0.0.1:${port}`)
    if (reply.status !== 200 || connections < 1)
      return fault(
        'the connector has no connection to the edge',
        'is its token of this tunnel, and may the host reach port 7844 outside, by UDP or TCP (--protocol http2)? See: docker logs --tail 50 cloudflared',
      )
    return good(`${connections} of ${HEALTHY} connections`)
  },
}
