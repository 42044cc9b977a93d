import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect, type TLSSocket } from 'node:tls'
import { DialError } from '../module/program.ts'
import type { Fault } from './fault.ts'

/** How a server is reached: on the host Synapse itself, or Apache in front of it; or a public name, as the world reaches it. */
export interface Way {
  readonly dial: (host: string, port: number) => Promise<Duplex>
  /** Name or address to dial; the host's 127.0.0.1 without it. */
  readonly address?: string
  readonly port: number
  /** What answers is whatever stands before the host: a tunnel's edge, a web site, a Worker. */
  readonly outside?: true
  /** The Host header. */
  readonly host: string
  /** TLS with this name, and the certificate to trust instead of Node's roots. */
  readonly tls?: { readonly name: string; readonly ca?: string }
  /** What to look at when nothing answers there. */
  readonly unanswered: string
}

/** A connection along the way, its TLS made and the other end's certificate found good. Rejects with the error that OpenSSL or the dial gave. */
export async function connection(way: Way, signal: AbortSignal): Promise<Duplex> {
  const plain = await way.dial(way.address ?? '127.0.0.1', way.port)
  // what goes wrong on it is told by what reads it, and after that is of no interest
  plain.on('error', () => undefined)
  if (signal.aborted) plain.destroy()
  signal.addEventListener('abort', () => plain.destroy(), { once: true })
  return way.tls ? secured(plain, way.tls) : plain
}

export function secured(plain: Duplex, { name, ca }: NonNullable<Way['tls']>): Promise<TLSSocket> {
  // an address is no server name (RFC 6066), but a certificate can be for one
  const named = isIP(name) ? { host: name } : { servername: name }
  const socket = connect({ socket: plain, ...named, ALPNProtocols: ['http/1.1'], ...(ca !== undefined && { ca }) })
  return new Promise((resolve, reject) => {
    socket.once('secureConnect', () => resolve(socket))
    socket.on('error', (error) => {
      plain.destroy()
      reject(error)
    })
    socket.once('close', () => reject(new Error('the connection was closed during the TLS handshake')))
  })
}

const SELF_MADE = ['DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN']
const UNKNOWN_ISSUER = ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_GET_ISSUER_CERT', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY']

const NO_CERTIFICATE =
  'what stands there has no certificate for this name: Cloudflare’s covers example.com and *.example.com, no deeper names, and a new domain’s takes some minutes'
const UNTRUSTED =
  'other servers refuse it, too: have one made by a certificate authority and serve the whole chain; in a lab, name the authority in outside_ca'
/** The way out, where it is another than on the host: by OpenSSL's and Node's codes. */
const OUTSIDE: Readonly<Record<string, string>> = {
  ...Object.fromEntries([...SELF_MADE, ...UNKNOWN_ISSUER].map((code) => [code, UNTRUSTED])),
  CERT_HAS_EXPIRED: 'behind a tunnel it is Cloudflare’s to renew (SSL/TLS, Edge Certificates), else certbot renew and reload Apache',
  ERR_TLS_CERT_ALTNAME_INVALID:
    'something else answers there: does DNS lead to the tunnel or to this host? Cloudflare’s certificate covers example.com and *.example.com, no deeper names',
}

/** Why there was no connection or no whole answer, with the way out. */
export function explain(error: NodeJS.ErrnoException, way: Way): Fault {
  const fault = (detail: string, hint: string): Fault => ({ ok: false, detail, hint: (way.outside && OUTSIDE[error.code ?? '']) || hint })
  const name = way.tls?.name ?? way.host
  const code = error.code ?? ''
  if (SELF_MADE.includes(code) && way.tls?.ca === undefined)
    return fault('the certificate is self-signed', 'name the certificate to trust in ca, or have one made by a certificate authority')
  if (SELF_MADE.includes(code) || UNKNOWN_ISSUER.includes(code))
    return way.tls?.ca === undefined
      ? fault(
          `the certificate cannot be traced to a known authority (${code})`,
          'SSLCertificateFile must hold the whole chain (fullchain.pem)',
        )
      : fault(
          `the certificate that is served is not the one to trust (${code})`,
          'ca names another certificate than SSLCertificateFile; or Apache was not reloaded since, or another virtual host answers',
        )
  if (code === 'CERT_HAS_EXPIRED') return fault('the certificate has expired', 'renew it (certbot renew) and reload Apache')
  if (code === 'CERT_NOT_YET_VALID')
    return fault('the certificate is not valid yet', 'are the clocks of this machine and of the host right?')
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return fault(`the certificate is not for ${name}`, `its names must hold ${name}; or another virtual host answers: check ServerName`)
  if (/wrong version number|packet length too long|http request/.test(error.message))
    return fault(
      `port ${way.port} does not speak TLS`,
      way.outside ? way.unanswered : 'SSLEngine on is missing in the virtual host of this port',
    )
  if (/ALERT_HANDSHAKE_FAILURE|ALERT_UNRECOGNIZED_NAME/.test(code))
    return fault(`TLS for ${name} is refused (${code})`, way.outside ? NO_CERTIFICATE : 'is there a virtual host with SSLEngine on for it?')
  if (error instanceof DialError) return fault(error.message, error.hint ?? way.unanswered)
  if (code === 'ECONNRESET' || code === 'EPIPE' || error.message === 'socket hang up')
    return fault('the connection was closed before the answer was whole', way.unanswered)
  return fault(error.message, way.unanswered)
}
