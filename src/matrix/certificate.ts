import type { TLSSocket } from 'node:tls'
import { good, type Verdict } from './check.ts'
import { type Fault, fault } from './fault.ts'
import { connection, explain, type Way } from './way.ts'

const DAY = 86_400_000
/** Of a certificate's lifetime; certbot and Cloudflare begin to renew when a third is left, within a day or some. */
const ENOUGH = 1 / 4

/** Seconds for a connection with its TLS. */
const WITHIN = 20

/** Connects along a way that has TLS, and tells whether the certificate is good and enough of its life is left. */
export async function certificateLife(way: Way, signal: AbortSignal): Promise<Verdict> {
  const end = new AbortController()
  const stop = () => end.abort()
  const timer = setTimeout(stop, WITHIN * 1000)
  signal.addEventListener('abort', stop, { once: true })
  try {
    const socket = (await connection(way, end.signal)) as TLSSocket
    return lifetime(socket.getPeerCertificate(), Date.now(), way.outside && RENEWED_BY_OTHERS)
  } catch (error) {
    return end.signal.aborted ? late(way) : explain(error as NodeJS.ErrnoException, way)
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
    end.abort()
  }
}

const late = (way: Way): Fault => fault(`no TLS connection within ${WITHIN} s`, way.unanswered)

const RENEWED_BY_OTHERS =
  'its renewal does not work: behind a tunnel it is Cloudflare’s to renew (SSL/TLS, Edge Certificates), else see certbot renew --dry-run'

const RENEW = 'its renewal does not work: see certbot renew --dry-run and systemctl list-timers; make a self-signed one anew'

/** Whether enough of a certificate's life is left at `now` (milliseconds). */
export function lifetime({ valid_from, valid_to }: { valid_from: string; valid_to: string }, now: number, hint = RENEW): Verdict {
  const [from, to] = [Date.parse(valid_from), Date.parse(valid_to)]
  const days = Math.floor((to - now) / DAY)
  const until = new Date(to).toISOString().slice(0, 10)
  if ((to - now) / (to - from) > ENOUGH) return good(`valid until ${until}`)
  return fault(
    `the certificate ends on ${until}, in ${days} ${days === 1 ? 'day' : 'days'}: a quarter of its lifetime or less is left`,
    hint,
  )
}
