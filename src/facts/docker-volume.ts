import { type Inspected, inspected } from './docker-inspect.ts'

export interface DockerVolume extends Inspected {
  readonly Name: string
  readonly Driver: string
  readonly Options?: Readonly<Record<string, string>> | null
  readonly Labels?: Readonly<Record<string, string>> | null
  /** Where it is on the host. */
  readonly Mountpoint?: string
}

/** A volume by its name. */
export const dockerVolume = inspected<DockerVolume>('volume', (is, key) => is.Name === key)
