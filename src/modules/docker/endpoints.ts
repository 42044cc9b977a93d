import type { DockerContainer, Endpoint } from '../../facts/docker-container.ts'
import type { DockerNetwork } from '../../facts/docker-network.ts'
import { type Sh, sh } from '../../module/shell.ts'

/** How a container is to be in a network. */
export interface Membership {
  readonly name: string
  readonly aliases: readonly string[]
  readonly ipv4_address?: string | undefined
  readonly ipv6_address?: string | undefined
}

/** What a container has in each of its networks, by name. */
export const endpoints = (is: DockerContainer): Readonly<Record<string, Endpoint>> => is.NetworkSettings?.Networks ?? {}

/** How a container is in a network; Docker itself adds the beginning of the container's id to its aliases. */
export function membershipOf(is: DockerContainer, network: string): Membership {
  const { Aliases, IPAMConfig } = endpoints(is)[network] ?? {}
  return {
    name: network,
    aliases: (Aliases ?? []).filter((alias) => !is.Id.startsWith(alias)),
    ...(IPAMConfig?.IPv4Address && { ipv4_address: IPAMConfig.IPv4Address }),
    ...(IPAMConfig?.IPv6Address && { ipv6_address: IPAMConfig.IPv6Address }),
  }
}

// Docker finds these by name, whatever their id is by now.
const BUILT_IN = ['bridge', 'host', 'none', 'default']

/** Networks of users that a container which does not run is in. */
export const restingIn = (is: DockerContainer | undefined): string[] =>
  is && !is.State.Running ? Object.keys(endpoints(is)).filter((name) => !BUILT_IN.includes(name)) : []

/** Those of them that were made anew since it ran in them: Docker looks for the old one by its id, and does not start it. */
export const lostNetworks = (is: DockerContainer, networks: readonly (DockerNetwork | undefined)[]): string[] =>
  restingIn(is).filter((name) => {
    const [now, then] = [networks.find((network) => network?.Name === name)?.Id, endpoints(is)[name]?.NetworkID]
    return now !== undefined && then && now !== then
  })

/** docker-network-connect(1). */
export const connect = (container: string, { name, aliases, ipv4_address: ip, ipv6_address: ip6 }: Membership): Sh =>
  sh`docker network connect ${[
    ...aliases.flatMap((alias) => ['--alias', alias]),
    ...(ip === undefined ? [] : ['--ip', ip]),
    ...(ip6 === undefined ? [] : ['--ip6', ip6]),
  ]} -- ${name} ${container}`

/** docker-network-disconnect(1). */
export const disconnect = (container: string, network: string): Sh => sh`docker network disconnect -- ${network} ${container}`

/** Also from one that is no more. */
export const forget = (container: string, network: string): Sh => sh`docker network disconnect --force -- ${network} ${container}`

/** What a container must be disconnected for and connected anew: "alias web", "address 10.1.2.3"; '' when it is as wanted. */
export function endpointDifference({ aliases, ipv4_address: ip }: Membership, is: Endpoint): string {
  const missing = aliases.filter((alias) => !is.Aliases?.includes(alias))
  const before = is.IPAMConfig?.IPv4Address
  return [
    ...missing.map((alias) => `alias ${alias}`),
    ...(ip !== undefined && ip !== before ? [`address ${before || 'any'} → ${ip}`] : []),
  ].join(', ')
}
