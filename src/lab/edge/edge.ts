import { join } from 'node:path'
import { type StandIn, standIn } from '../cloudflare/server.ts'
import { newWorld, type Rights, type World } from '../cloudflare/world.ts'
import { serveDns } from '../dns.ts'
import { LabUnavailable } from '../unavailable.ts'
import { type Authority, makeAuthority } from './authority.ts'
import { CONNECTOR_NAMES, serveConnectors } from './connectors.ts'
import { serveFront } from './front.ts'
import { workerRuntime } from './workers.ts'

export interface EdgeOptions {
  /** Domains of the account; example.com unless told. */
  readonly zones?: readonly string[]
  /** API tokens by value, and what each may; one that may all that the playbook needs, and one that may write DNS records, unless told. */
  readonly tokens?: Readonly<Record<string, Rights>>
}

/** A token that may do all that a Matrix server behind a tunnel needs of the account. */
export const API_TOKEN = 'lab-0123456789abcdefghijklmnopqrstuvwxyz-all'
/** A token that may write the records of a zone and no more, as for certbot. */
export const DNS_TOKEN = 'lab-0123456789abcdefghijklmnopqrstuvwxyz-dns'

const DEFAULT_TOKENS: Readonly<Record<string, Rights>> = {
  [API_TOKEN]: {
    permissions: [
      ...['Account → Cloudflare Tunnel: Edit', 'Account → Workers Scripts: Edit', 'Zone → DNS: Edit', 'Zone → Zone: Read'],
      ...['Zone → Workers Routes: Edit', 'Zone → Zone Settings: Edit', 'Zone → Bot Management: Edit', 'Zone → Config Rules: Edit'],
    ],
  },
  [DNS_TOKEN]: { permissions: ['Zone → DNS: Edit', 'Zone → Zone: Read'] },
}

/** What stands in for Cloudflare in a lab: its API, its edge, its DNS, and an authority that certifies its names. */
export interface Edge {
  /** What Cloudflare knows; change it as a hand in the dashboard would. */
  readonly world: World
  /** The API; `api.url` is for `api_url`, from this machine as well as from the hosts. */
  readonly api: StandIn
  /** Where the edge answers: HTTPS on 443, connectors on 7844, DNS on 53. */
  readonly address: string
  /** Signed the edge's certificates; the lab's images trust it. */
  readonly authority: Authority
  /** More names for the lab's DNS, with their addresses. */
  readonly names: Record<string, string>
}

export interface EdgePlace extends EdgeOptions {
  /** The lab's address on its network. */
  readonly address: string
  /** For files of its own. */
  readonly dir: string
  /** Where the DNS gets what it does not know. */
  readonly resolvers: readonly string[]
}

/** Opens the edge of a lab. Ports 443, 7844 and 53 of the address must be free. */
export async function openEdge(place: EdgePlace): Promise<Edge & { close(): Promise<void> }> {
  const { address, dir, resolvers, zones = ['example.com'], tokens = DEFAULT_TOKENS } = place
  const world = newWorld({ zones, tokens })
  const names: Record<string, string> = Object.fromEntries(CONNECTOR_NAMES.map((name) => [name, address]))
  const runtime = workerRuntime(join(dir, 'workers'))
  const open: { close(): Promise<void> }[] = [runtime]
  const close = async () => {
    for (const one of open.splice(0).reverse()) await one.close()
  }
  const opened = <T extends { close(): Promise<void> }>(one: T): T => {
    open.push(one)
    return one
  }
  try {
    const authority = await makeAuthority(join(dir, 'authority'))
    const connectors = opened(await serveConnectors(world, address))
    const api = opened(await standIn(world, { host: address, changed: connectors.push }))
    opened(await serveDns({ world, names, edge: address, address, port: 53, forward: resolvers }))
    opened(await serveFront({ world, address, authority, connectors, runtime }))
    return { world, api, address, authority, names, close }
  } catch (error) {
    await close()
    const { code, message } = error as NodeJS.ErrnoException
    throw code === 'EADDRINUSE' ? new LabUnavailable(`the edge needs ports 443, 7844 and 53 of ${address}: ${message}`) : error
  }
}
