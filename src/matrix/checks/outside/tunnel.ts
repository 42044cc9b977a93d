import { type Check, good } from '../../check.ts'
import { clientOf, describe, type Reply } from '../../client.ts'
import { type Fault, fault } from '../../fault.ts'

/** How many a healthy connector has (cloudflared's documentation, "Tunnel metrics"). */
const HEALTHY = 4

/** Months; Cloudflare supports a release of cloudflared for a year (its documentation, "Downloads"), and then may let it in no more. */
const OLD = 11

/** Which release it is, `2026.8.0`, and how many months old; undefined when the metrics (build_info) do not say. */
function releaseOf(reply: Reply | Fault): { release: string; months: number } | undefined {
  if (!reply.ok) return undefined
  const [, release, year, month] = /^build_info\{[^}]*\bversion="((\d{4})\.(\d{1,2})\.\d+)"/m.exec(reply.bytes.toString()) ?? []
  const now = new Date()
  return release ? { release, months: (now.getFullYear() - Number(year)) * 12 + now.getMonth() + 1 - Number(month) } : undefined
}

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
    const connector = clientOf(way, context.signal, patience)
    const reply = await connector.ask({ path: '/ready' })
    if (!reply.ok) return { ...reply, detail: `GET /ready: ${reply.detail}` }
    const connections = reply.json?.readyConnections
    if (typeof connections !== 'number')
      return fault(`GET /ready: ${describe(reply)}`, `something else than cloudflared listens on 127.0.0.1:${port}`)
    if (reply.status !== 200 || connections < 1)
      return fault(
        'the connector has no connection to the edge',
        'is its token of this tunnel, and may the host reach port 7844 outside, by UDP or TCP (--protocol http2)? See: docker logs --tail 50 cloudflared',
      )
    const is = releaseOf(await connector.ask({ path: '/metrics' }))
    if (is && is.months >= OLD)
      return fault(
        `cloudflared ${is.release} is ${is.months} months old, and Cloudflare lets in those of a year`,
        'fetch a newer one (docker pull cloudflare/cloudflared on the host, or another cloudflared_version), then apply',
      )
    return good(`${connections} of ${HEALTHY} connections${is ? `, release ${is.release}` : ''}`)
  },
}
