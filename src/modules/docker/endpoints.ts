import type { DockerContainer, Endpoint } from '../../facts/docker-container.ts'
import { type Sh, sh } from '../../module/shell.ts'

/** How a container is to be in a network. */
export interface Membership {
  readonly name: string
  readonly aliases: readonly string[]
  readonly ipv4_address?: string | undefined
}

/** What a container has in each of its networks, by name. */
export const endpoints = (is: DockerContainer): Readonly<Record<string, Endpoint>> => is.NetworkSettings?.Networks ?? {}

/** docker-network-connect(1). */
export const connect = (container: string, { name, aliases, ipv4_address: ip }: Membership): Sh =>
  sh`docker network connect ${aliases.flatMap((alias) => ['--alias', alias])} ${ip === undefined ? [] : ['--ip', ip]} -- ${name} ${container}`

/** docker-network-disconnect(1). */
export const disconnect = (container: string, network: string): Sh => sh`docker network disconnect -- ${network} ${container}`

/** What a container must be disconnected for and connected anew: "alias web", "address 10.1.2.3"; '' when it is as wanted. */
export function endpointDifference({ aliases, ipv4_address: ip }: Membership, is: Endpoint): string {
  const missing = aliases.filter((alias) => !is.Aliases?.includes(alias))
  const before = is.IPAMConfig?.IPv4Address
  return [
    ...missing.map((alias) => `alias ${alias}`),
    ...(ip !== undefined && ip !== before ? [`address ${before || 'any'} → ${ip}`] : []),
  ].join(', ')
}
