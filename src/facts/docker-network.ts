import { type Inspected, inspected } from './docker-inspect.ts'

export interface IpamConfig {
  readonly Subnet?: string
  readonly Gateway?: string
  readonly IPRange?: string
  readonly AuxiliaryAddresses?: Readonly<Record<string, string>> | null
}

export interface DockerNetwork extends Inspected {
  readonly Name: string
  readonly Id: string
  readonly Driver: string
  readonly Internal?: boolean
  readonly Attachable?: boolean
  readonly EnableIPv6?: boolean
  readonly Options?: Readonly<Record<string, string>> | null
  readonly Labels?: Readonly<Record<string, string>> | null
  readonly IPAM?: {
    readonly Driver?: string
    readonly Options?: Readonly<Record<string, string>> | null
    readonly Config?: readonly IpamConfig[] | null
  } & Inspected
  /** Those of its containers that run, by their ids. */
  readonly Containers?: Readonly<Record<string, { readonly Name: string } & Inspected>> | null
}

/** A network by its name or its whole id. */
export const dockerNetwork = inspected<DockerNetwork>('network', (is, key) => is.Name === key || is.Id === key)
