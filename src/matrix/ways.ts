import { isIPv6 } from 'node:net'
import type { ProgramContext } from '../module/program.ts'
import type { World } from './outside/world.ts'
import type { VerifyInput } from './programs.ts'
import type { Way } from './way.ts'

/** Synapse itself, on the loopback of its host. */
export const synapseWay = ({ httpPort }: Pick<VerifyInput, 'httpPort'>, { dial }: ProgramContext): Way => ({
  dial,
  port: httpPort,
  host: `127.0.0.1:${httpPort}`,
  unanswered: `is Synapse running, and published on 127.0.0.1:${httpPort}? See: docker ps -a; docker logs --tail 50 synapse`,
})

/** Apache, asked for the server's public name. */
export const apacheWay = ({ httpsPort, matrixHost, ca }: VerifyInput, { dial }: ProgramContext): Way => ({
  dial,
  port: httpsPort,
  host: httpsPort === 443 ? matrixHost : `${matrixHost}:${httpsPort}`,
  tls: { name: matrixHost, ...(ca !== undefined && { ca }) },
  unanswered: `does Apache run, and listen on ${httpsPort}? See: systemctl status apache2; apachectl configtest`,
})

/** A public name or address, as anyone in the world reaches it. `host` is the Host header, `certificate` the name that TLS is made with. */
export const publicWay = (
  world: World,
  address: string,
  { port = 443, host = address, certificate = host }: { port?: number; host?: string; certificate?: string } = {},
): Way => ({
  dial: world.dial,
  address,
  port,
  host,
  outside: true,
  tls: { name: certificate, ...(world.ca !== undefined && { ca: world.ca }) },
  unanswered: `nothing answers on port ${port} there: does DNS name the tunnel, or an address with this port open?${isIPv6(address) ? ' Or does IPv6 of this machine not work?' : ''}`,
})
