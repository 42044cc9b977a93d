import type { Healthcheck, ImageConfig } from './docker-image.ts'
import { type Inspected, inspected } from './docker-inspect.ts'

/** A container's membership in a network. */
export interface Endpoint extends Inspected {
  /** Empty until it was started. */
  readonly NetworkID?: string
  readonly Aliases?: readonly string[] | null
  readonly IPAMConfig?: { readonly IPv4Address?: string; readonly IPv6Address?: string } | null
}

export interface HostMount {
  readonly Type: string
  readonly Source?: string
  readonly Target: string
  readonly ReadOnly?: boolean
  readonly BindOptions?: { readonly Propagation?: string } | null
  readonly VolumeOptions?: { readonly NoCopy?: boolean } | null
  readonly TmpfsOptions?: { readonly SizeBytes?: number; readonly Mode?: number } | null
}

/** Settings of the host's side, as the Engine API names them. */
export interface HostConfig extends Inspected {
  readonly Binds?: readonly string[] | null
  readonly Mounts?: readonly HostMount[] | null
  readonly NetworkMode?: string
  readonly PortBindings?: Readonly<Record<string, readonly { readonly HostIp?: string; readonly HostPort?: string }[] | null>> | null
  readonly PublishAllPorts?: boolean
  readonly RestartPolicy?: { readonly Name?: string; readonly MaximumRetryCount?: number }
  readonly LogConfig?: { readonly Type?: string; readonly Config?: Readonly<Record<string, string>> | null }
  readonly Memory?: number
  readonly NanoCpus?: number
  readonly ReadonlyRootfs?: boolean
  readonly Tmpfs?: Readonly<Record<string, string>> | null
  readonly CapAdd?: readonly string[] | null
  readonly CapDrop?: readonly string[] | null
  readonly SecurityOpt?: readonly string[] | null
  readonly Privileged?: boolean
  /** Empty when nothing in /proc and /sys is hidden. */
  readonly MaskedPaths?: readonly string[] | null
  readonly ExtraHosts?: readonly string[] | null
  readonly Init?: boolean | null
}

export interface ContainerState extends Inspected {
  /** created, running, paused, restarting, removing, exited or dead. */
  readonly Status: string
  readonly Running?: boolean
  readonly Paused?: boolean
  readonly ExitCode?: number
  /** Only of a container with a healthcheck. */
  readonly Health?: { readonly Status: string } & Inspected
}

export interface DockerContainer extends Inspected {
  readonly Id: string
  /** With a slash before it. */
  readonly Name: string
  /** The id of its image. */
  readonly Image: string
  readonly State: ContainerState
  readonly Config: ImageConfig & { readonly Image?: string; readonly Hostname?: string; readonly Healthcheck?: Healthcheck | null }
  readonly HostConfig: HostConfig
  readonly Mounts?: readonly ({ readonly Type: string; readonly Name?: string; readonly Destination: string } & Inspected)[]
  readonly NetworkSettings?: { readonly Networks?: Readonly<Record<string, Endpoint>> | null } & Inspected
}

/** A container, running or not, by its name or its whole id. */
export const dockerContainer = inspected<DockerContainer>('container', (is, key) => is.Name === `/${key}` || is.Id === key)
