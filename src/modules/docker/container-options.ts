import type { DockerContainer } from '../../facts/docker-container.ts'
import type { ImageConfig } from '../../facts/docker-image.ts'
import { actualHealth, healthWords, wantedHealth } from './container-health.ts'
import { actualVolumes, hostMount, mountWord, shownMount, wantedVolumes } from './container-mounts.ts'
import type { ContainerWant } from './container-params.ts'
import { pairs } from './options.ts'
import { boundPorts, publishedPorts } from './ports.ts'

/**
 * One setting that can only be had by making the container anew. Its value is a list of texts, in the same words from either side, so
 * that two can be compared and shown.
 */
export interface Setting {
  readonly name: Exclude<keyof ContainerWant, 'env' | 'networks'>
  /** As asked for, with what the image adds to it; undefined when nothing was asked. */
  readonly wanted: (want: ContainerWant, image: ImageConfig | undefined) => readonly string[] | undefined
  readonly actual: (is: DockerContainer, want: ContainerWant) => readonly string[]
  /** Words for `docker container create` (docker-create(1)). */
  readonly words: (want: ContainerWant) => readonly string[]
  /** The order means something. */
  readonly ordered?: true
  /** The image may bring more of these. */
  readonly inherits?: true
  /** What there is besides is left, unless told otherwise. */
  readonly lenient?: true
}

type Name = Setting['name']

const given = <T, R>(value: T | undefined, then: (value: T) => R): R | undefined => (value === undefined ? undefined : then(value))
const entries = (values: Readonly<Record<string, string>> | null | undefined, between = '='): string[] =>
  Object.entries(values ?? {}).map(([name, value]) => `${name}${between}${value}`)

/** One text. */
const single = (
  name: Name,
  option: string,
  wanted: (want: ContainerWant) => string | number | boolean | undefined,
  actual: (is: DockerContainer) => string | number | boolean | null | undefined,
): Setting => ({
  name,
  wanted: (want) => given(wanted(want), (value) => [String(value)]),
  actual: (is) => [String(actual(is) ?? '')],
  words: (want) => given(wanted(want), (value) => [`${option}=${value}`]) ?? [],
})

/** Several texts in any order, an option for each; `plain` puts both sides into the same words. */
const several = (
  name: Name,
  option: string,
  wanted: (want: ContainerWant) => readonly string[] | undefined,
  actual: (is: DockerContainer) => readonly string[] | null | undefined,
  plain: (value: string) => string = (value) => value,
): Setting => ({
  name,
  wanted: (want) => wanted(want)?.map(plain),
  actual: (is) => (actual(is) ?? []).map(plain),
  words: (want) => (wanted(want) ?? []).map((value) => `${option}=${value}`),
})

const capability = (name: string): string => name.toUpperCase().replace(/^CAP_/, '')

// Of a profile the command sends the file's content, so whether it is another one cannot be seen.
const security = (option: string): string =>
  option.replace(/^([\w-]+):/, '$1=').replace(/^seccomp=(?!unconfined$).*$/s, 'seccomp=a profile')

// The command makes empty lists of this one, which a privileged container has anyway.
function securityOf({ HostConfig: { SecurityOpt, MaskedPaths, Privileged } }: DockerContainer): string[] {
  const open = MaskedPaths?.length === 0 && !Privileged
  return [...(SecurityOpt ?? []), ...(open ? ['systempaths=unconfined'] : [])]
}

/** `bridge` and `default` are one network. */
const networkMode = (mode: string | undefined): string => (!mode || mode === 'default' ? 'bridge' : mode)

export const SETTINGS: readonly Setting[] = [
  {
    name: 'entrypoint',
    ordered: true,
    // --entrypoint takes one word: further ones go before the command
    wanted: ({ entrypoint, command }) => given(entrypoint, (words) => [...words, ...(command ?? [])]),
    actual: (is) => [...(is.Config.Entrypoint ?? []), ...(is.Config.Cmd ?? [])],
    words: ({ entrypoint }) => given(entrypoint, ([first = '']) => [`--entrypoint=${first}`]) ?? [],
  },
  {
    name: 'command',
    ordered: true,
    wanted: ({ entrypoint, command }) => (entrypoint === undefined && command?.length ? command : undefined),
    actual: (is) => is.Config.Cmd ?? [],
    words: () => [],
  },
  single(
    'user',
    '--user',
    (want) => want.user,
    (is) => is.Config.User,
  ),
  single(
    'hostname',
    '--hostname',
    (want) => want.hostname,
    (is) => is.Config.Hostname,
  ),
  {
    name: 'labels',
    inherits: true,
    wanted: ({ labels }, image) => given(labels, (own) => entries({ ...image?.Labels, ...own })),
    actual: (is) => entries(is.Config.Labels),
    words: ({ labels }) => pairs('--label', labels),
  },
  {
    name: 'published_ports',
    wanted: ({ published_ports: ports }) => given(ports, (forms) => forms.flatMap((form) => publishedPorts(form) ?? [])),
    actual: (is) => boundPorts(is.HostConfig),
    words: ({ published_ports: ports }) => (ports ?? []).map((port) => `--publish=${port}`),
  },
  {
    name: 'volumes',
    inherits: true,
    wanted: ({ volumes }, image) => given(volumes, (all) => wantedVolumes(all, image)),
    actual: actualVolumes,
    words: ({ volumes }) => (volumes ?? []).map((volume) => `--volume=${volume}`),
  },
  {
    name: 'mounts',
    wanted: ({ mounts }) => mounts?.map(hostMount).map(shownMount),
    actual: (is) => (is.HostConfig.Mounts ?? []).map(shownMount),
    words: ({ mounts }) => (mounts ?? []).map((mount) => `--mount=${mountWord(hostMount(mount))}`),
  },
  {
    name: 'network_mode',
    wanted: ({ network_mode: mode }) => given(mode, (one) => [networkMode(one)]),
    actual: (is) => [networkMode(is.HostConfig.NetworkMode)],
    words: () => [],
  },
  single(
    'log_driver',
    '--log-driver',
    (want) => want.log_driver,
    (is) => is.HostConfig.LogConfig?.Type,
  ),
  {
    name: 'log_options',
    // those of the daemon's own configuration are among them
    lenient: true,
    wanted: ({ log_options: options }) => given(options, entries),
    actual: (is) => entries(is.HostConfig.LogConfig?.Config),
    words: ({ log_options: options }) => pairs('--log-opt', options),
  },
  single(
    'memory',
    '--memory',
    (want) => want.memory,
    (is) => is.HostConfig.Memory ?? 0,
  ),
  single(
    'cpus',
    '--cpus',
    (want) => want.cpus,
    (is) => (is.HostConfig.NanoCpus ?? 0) / 1e9,
  ),
  single(
    'read_only',
    '--read-only',
    (want) => want.read_only,
    (is) => is.HostConfig.ReadonlyRootfs ?? false,
  ),
  several(
    'tmpfs',
    '--tmpfs',
    (want) => want.tmpfs,
    (is) => entries(is.HostConfig.Tmpfs, ':'),
    (value) => value.replace(/:$/, ''),
  ),
  several(
    'capabilities',
    '--cap-add',
    (want) => want.capabilities,
    (is) => is.HostConfig.CapAdd,
    capability,
  ),
  several(
    'cap_drop',
    '--cap-drop',
    (want) => want.cap_drop,
    (is) => is.HostConfig.CapDrop,
    capability,
  ),
  several('security_opts', '--security-opt', (want) => want.security_opts, securityOf, security),
  single(
    'init',
    '--init',
    (want) => want.init,
    (is) => is.HostConfig.Init ?? false,
  ),
  several(
    'etc_hosts',
    '--add-host',
    (want) => given(want.etc_hosts, (hosts) => entries(hosts, ':')),
    (is) => is.HostConfig.ExtraHosts,
  ),
  {
    name: 'healthcheck',
    wanted: ({ healthcheck }) => given(healthcheck, wantedHealth),
    actual: (is, { healthcheck }) => (healthcheck ? actualHealth(is, healthcheck) : []),
    words: ({ healthcheck }) => given(healthcheck, healthWords) ?? [],
  },
  {
    name: 'stop_timeout',
    wanted: () => undefined,
    actual: () => [],
    words: ({ stop_timeout: seconds }) => given(seconds, (value) => [`--stop-timeout=${value}`]) ?? [],
  },
]
