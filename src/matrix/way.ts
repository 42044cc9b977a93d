import type { Duplex } from 'node:stream'
import { connect, type TLSSocket } from 'node:tls'
import { DialError } from '../module/program.ts'
import type { Fault } from './fault.ts'

/** How a server on the host is reached: Synapse itself, or Apache in front of it. */
export interface Way {
  readonly dial: (host: string, port: number) => Promise<Duplex>
  /** On the host's 127.0.0.1. */
  readonly port: number
  /** The Host header. */
  readonly host: string
  /** TLS with this name, and the certificate to trust instead of Node's roots. */
  readonly tls?: { readonly name: string; readonly ca?: string }
  /** What to look at when nothing answers there. */
  readonly unanswered: string
}

/** A connection along the way, its TLS made and the other end's certificate found good. Rejects with the error that OpenSSL or the dial gave. */
export async function connection(way: Way, signal: AbortSignal): Promise<Duplex> {
  const plain = await way.dial('127.0.0.1', way.port)
  // what goes wrong on it is told by what reads it, and after that is of no interest
  plain.on('error', () => undefined)
  if (signal.aborted) plain.destroy()
  signal.addEventListener('abort', () => plain.destroy(), { once: true })
  return way.tls ? secured(plain, way.tls) : plain
}

export function secured(plain: Duplex, { name, ca }: NonNullable<Way['tls']>): Promise<TLSSocket> {
  const socket = connect({ socket: plain, servername: name, ALPNProtocols: ['http/1.1'], ...(ca !== undefined && { ca }) })
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

/** Why there was no connection or no whole answer, with the way out. */
export function explain(error: NodeJS.ErrnoException, way: Way): Fault {
  const fault = (detail: string, hint: string): Fault => ({ ok: false, detail, hint })
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
    return fault(`port ${way.port} does not speak TLS`, 'SSLEngine on is missing in the virtual host of this port')
  if (error instanceof DialError) return fault(error.message, error.hint ?? way.unanswered)
  if (code === 'ECONNRESET' || code === 'EPIPE' || error.message === 'socket hang up')
    return fault('the connection was closed before the answer was whole', way.unanswered)
  return fault(error.message, way.unanswered)
}
