import type { DockerContainer, HostMount } from '../../facts/docker-container.ts'
import type { ImageConfig } from '../../facts/docker-image.ts'
import type { ContainerWant } from './container-params.ts'

type Mount = NonNullable<ContainerWant['mounts']>[number]

/** `source:target[:options]` without what is the default anyway; a path alone is an anonymous volume. */
function plainVolume(volume: string): string {
  const [source, target, options = ''] = volume.split(':')
  if (target === undefined) return source!
  const rest = options.split(',').filter((option) => option !== '' && option !== 'rw')
  return [source, target, ...(rest.length > 0 ? [rest.sort().join(',')] : [])].join(':')
}

/** Every volume the image declares becomes an anonymous one, or is covered by another: Docker lists its place either way. */
export const wantedVolumes = (volumes: readonly string[], image: ImageConfig | undefined): string[] => [
  ...new Set([...volumes.map(plainVolume), ...Object.keys(image?.Volumes ?? {})]),
]

export const actualVolumes = (is: DockerContainer): string[] => [
  ...(is.HostConfig.Binds ?? []).map(plainVolume),
  ...Object.keys(is.Config.Volumes ?? {}),
]

/** A mount as the Engine API has it. */
export const hostMount = (mount: Mount): HostMount => ({
  Type: mount.type,
  ...(mount.source !== undefined && { Source: mount.source }),
  Target: mount.target,
  ...(mount.read_only && { ReadOnly: true }),
  ...(mount.propagation !== undefined && { BindOptions: { Propagation: mount.propagation } }),
  ...(mount.no_copy && { VolumeOptions: { NoCopy: true } }),
  ...((mount.tmpfs_size !== undefined || mount.tmpfs_mode !== undefined) && {
    TmpfsOptions: {
      ...(mount.tmpfs_size !== undefined && { SizeBytes: mount.tmpfs_size }),
      ...(mount.tmpfs_mode !== undefined && { Mode: Number.parseInt(mount.tmpfs_mode, 8) }),
    },
  }),
})

const options = (mount: HostMount): string[] => [
  ...(mount.ReadOnly ? ['readonly'] : []),
  ...(mount.BindOptions?.Propagation ? [`bind-propagation=${mount.BindOptions.Propagation}`] : []),
  ...(mount.VolumeOptions?.NoCopy ? ['volume-nocopy'] : []),
  ...(mount.TmpfsOptions?.SizeBytes ? [`tmpfs-size=${mount.TmpfsOptions.SizeBytes}`] : []),
  ...(mount.TmpfsOptions?.Mode ? [`tmpfs-mode=${mount.TmpfsOptions.Mode.toString(8)}`] : []),
]

/** A mount for a person: "bind /srv/x on /data readonly". */
export const shownMount = (mount: HostMount): string =>
  [mount.Type, ...(mount.Source ? [mount.Source, 'on'] : []), mount.Target, ...options(mount)].join(' ')

// The value of --mount is a line of CSV (docker-run(1), RFC 4180).
const field = (text: string): string => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

/** The value of --mount. */
export const mountWord = (mount: HostMount): string =>
  [`type=${mount.Type}`, ...(mount.Source === undefined ? [] : [`source=${mount.Source}`]), `target=${mount.Target}`, ...options(mount)]
    .map(field)
    .join(',')
