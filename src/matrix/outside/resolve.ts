import { isIP } from 'node:net'
import { type Fault, fault, isFault } from '../fault.ts'
import type { Names } from './names.ts'

/** Where other servers go for a server name. */
export interface Resolved {
  readonly ok: true
  /** In the order that they are tried. */
  readonly targets: readonly { readonly name: string; readonly port: number }[]
  /** The Host header. */
  readonly host: string
  /** What the certificate must be for. */
  readonly certificate: string
  /** Each step that led there, for people. */
  readonly hops: readonly string[]
}

/** A failure names the hop it came at, after those that led there. */
export type Unresolved = Fault & { readonly hops: readonly string[] }

export interface Lookups extends Names {
  /** `m.server` of https://HOSTNAME/.well-known/matrix/server; a fault when there is none that counts. */
  delegation(hostname: string): Promise<{ readonly ok: true; readonly server: string } | Fault>
}

const DEFAULT_PORT = 8448

/** A server name taken apart (Matrix specification, appendices, "Server Name"): `host`, without brackets, and the port when one is given; undefined when it is none. */
export function serverNameParts(name: string): { host: string; port?: number } | undefined {
  const [, v6, other, digits] = /^(?:\[([0-9a-f:.]{2,45})\]|([a-z0-9.-]{1,255}))(?::(\d{1,5}))?$/i.exec(name) ?? []
  const host = v6 ?? other
  if (host === undefined || (v6 !== undefined && isIP(v6) !== 6)) return undefined
  const port = digits === undefined ? undefined : Number(digits)
  if (port !== undefined && (port < 1 || port > 65_535)) return undefined
  return { host, ...(port !== undefined && { port }) }
}

/** Server-server API, "Resolving server names", steps 1 to 6. */
export async function resolveServerName(name: string, lookups: Lookups): Promise<Resolved | Unresolved> {
  const hops: string[] = []
  const parts = serverNameParts(name)
  if (!parts) return { ...fault(`${name} is no server name`), hops }
  if (isIP(parts.host) || parts.port !== undefined) return direct(name, parts, hops)
  const found = await lookups.delegation(name)
  if (!found.ok) {
    hops.push(`well-known: ${found.detail}`)
    return services(name, lookups, hops)
  }
  const { server } = found
  hops.push(`well-known: ${server}`)
  const delegated = serverNameParts(server)
  // an invalid name is as good as no well-known
  if (!delegated) return services(name, lookups, hops)
  if (isIP(delegated.host) || delegated.port !== undefined) return direct(server, delegated, hops)
  return services(server, lookups, hops)
}

/** Steps 1, 2, 3.1 and 3.2: an address, or a port that was given. */
function direct(name: string, { host, port }: { host: string; port?: number }, hops: readonly string[]): Resolved {
  return { ok: true, targets: [{ name: host, port: port ?? DEFAULT_PORT }], host: name, certificate: host, hops }
}

/** Steps 3.3 to 3.5, and 4 to 6: SRV records by their new and their old name, then 8448. */
async function services(hostname: string, lookups: Lookups, before: readonly string[]): Promise<Resolved | Unresolved> {
  const hops = [...before]
  for (const service of ['_matrix-fed._tcp', '_matrix._tcp']) {
    const records = await lookups.services(`${service}.${hostname}`)
    if (isFault(records)) return { ...records, hops: [...hops, `SRV ${service}: ${records.detail}`] }
    if (records.length === 0) {
      hops.push(`SRV ${service}: none`)
      continue
    }
    const targets = records.filter((one) => one.name !== '' && one.name !== '.').map(({ name, port }) => ({ name, port }))
    hops.push(`SRV ${service}: ${targets.length > 0 ? 'found' : 'not served'}`)
    if (targets.length === 0)
      return { ...fault(`SRV ${service}.${hostname} says that it is not served`, 'take the record with the target "." away'), hops }
    for (const { name } of targets)
      if (await lookups.isAlias(name))
        return {
          ...fault(`the target ${name} of SRV ${service}.${hostname} is a CNAME`, 'it must have A or AAAA records (RFC 2782)'),
          hops,
        }
    return { ok: true, targets, host: hostname, certificate: hostname, hops }
  }
  hops.push(`port ${DEFAULT_PORT}, for want of another`)
  return { ok: true, targets: [{ name: hostname, port: DEFAULT_PORT }], host: hostname, certificate: hostname, hops }
}

/** As people read them: `matrix.example.com:443`. */
export const targetsOf = ({ targets }: Resolved): string =>
  targets.map(({ name, port }) => `${isIP(name) === 6 ? `[${name}]` : name}:${port}`).join(', ')
