import type { Reply } from './client.ts'
import type { Way } from './way.ts'

/** Someone other than Synapse answered. */
export function strangerHint(way: Way, reply: Reply): string {
  const { status, headers } = reply
  if (way.outside) return edgeHint(reply)
  if (!way.tls) return `is it Synapse that listens on port ${way.port}?`
  if (status === 502 || status === 503 || status === 504)
    return 'Apache does not reach Synapse: ProxyPass must lead to the port that Synapse is published on'
  if (status >= 300 && status < 400) return `it redirects to ${headers.location ?? 'elsewhere'}: no redirect may stand in this virtual host`
  if (status === 404) return `Apache answered itself: no ProxyPass for this path in the virtual host of ${way.host}, or another one answers`
  return 'Synapse did not give this answer, something in front of it did'
}

/** Cloudflare's own statuses ("Cloudflare 5xx errors"), and what comes of one that is set up against Matrix. */
const EDGE: Readonly<Record<number, string>> = {
  421: 'the name in TLS and the Host header lead to different virtual hosts: set originServerName of the tunnel to the host name',
  502: 'the edge reaches nothing behind it: does Apache run, and is originServerName of the tunnel its host name? See: docker logs --tail 50 cloudflared',
  504: 'what is behind the edge takes too long: see docker logs --tail 50 synapse',
  520: 'the host closed the connection without an answer: see the logs of cloudflared and Apache',
  521: 'the host refuses Cloudflare: DNS leads to its address instead of the tunnel, or Apache is stopped',
  522: 'the host does not answer Cloudflare: DNS leads to its address instead of the tunnel, or a firewall is between',
  523: 'Cloudflare has no route to the host: DNS leads to a wrong address',
  524: 'Cloudflare gave up waiting: the answer took more than its limit',
  525: 'Cloudflare and the host find no TLS together: see the TLS mode of the zone, and the certificate of Apache',
  526: 'Cloudflare refuses the certificate of the host: its TLS mode is Full (strict)',
  530: 'Cloudflare has no tunnel behind the name (error 1033): does cloudflared run, and does DNS name this tunnel?',
}

/** Someone on the way answered instead of Synapse. */
function edgeHint({ status, headers }: Reply): string {
  const known = EDGE[status]
  if (known) return known
  if (status >= 300 && status < 400) return `it redirects to ${headers.location ?? 'elsewhere'}: no redirect rule may be for this name`
  if (status === 403 || status === 503 || headers['cf-mitigated'] !== undefined)
    return 'a protection against robots refuses it: Bot Fight Mode must be off for the zone (no rule can make an exception), and so must Under Attack Mode'
  if (status === 404)
    return 'what answers knows no such path: does the tunnel lead this name to Apache, and Apache this path to Synapse? Or another site answers'
  return 'Synapse did not give this answer, something in front of it did'
}
