import { type DockerContainer, dockerContainer } from '../../facts/docker-container.ts'
import { type DockerNetwork, dockerNetwork, type IpamConfig } from '../../facts/docker-network.ts'
import { type DockerServer, dockerServer } from '../../facts/docker-server.ts'
import { type Change, type Plan, run } from '../../module/define.ts'
import { join, type Sh, sh } from '../../module/shell.ts'
import { dockerScript, whyUnknown } from './docker-script.ts'
import { connect, disconnect, endpoints, type Membership } from './endpoints.ts'
import { differences, pairs } from './options.ts'

interface NetworkWant {
  readonly name: string
  readonly state: 'present' | 'absent'
  readonly driver: string
  readonly driver_options?: Readonly<Record<string, string>> | undefined
  readonly ipam_config?: readonly Ipam[] | undefined
  readonly internal?: boolean | undefined
  readonly attachable?: boolean | undefined
  readonly enable_ipv6?: boolean | undefined
  readonly labels?: Readonly<Record<string, string>> | undefined
  readonly connected?: readonly string[] | undefined
  readonly appends: boolean
  readonly force: boolean
}

interface Ipam {
  readonly subnet?: string | undefined
  readonly gateway?: string | undefined
  readonly iprange?: string | undefined
  readonly aux_addresses?: Readonly<Record<string, string>> | undefined
}

interface NetworkAnswers {
  readonly server: DockerServer
  readonly network: DockerNetwork | undefined
  /** Those that are to be in it, in the order of `connected`. */
  readonly wanted: (DockerContainer | undefined)[] | undefined
  /** Those that run in it. */
  readonly inside: (DockerContainer | undefined)[]
}

export const networkFacts = (want: NetworkWant) => ({
  server: dockerServer(),
  network: dockerNetwork(want.name),
  wanted: want.connected?.map(dockerContainer),
})

const insideOf = (network: DockerNetwork | undefined): string[] => Object.values(network?.Containers ?? {}).map((one) => one.Name)

export const networkMore = (_: NetworkWant, { network }: { network: DockerNetwork | undefined }) => ({
  inside: insideOf(network).map(dockerContainer),
})

export function planNetwork(want: NetworkWant, is: NetworkAnswers): Plan {
  const { server, network } = is
  const inside = insideOf(network)
  const unknown = whyUnknown(server)
  if (unknown !== undefined) return { changes: [], failure: unknown }
  if (want.state === 'absent') {
    if (inside.length > 0 && !want.force)
      return { changes: [], failure: `the network ${want.name} is in use by ${inside.join(', ')}: stop them, or give force` }
    return { changes: network ? [removal(want, inside)] : [] }
  }
  const missing = (want.connected ?? []).filter((_, i) => !is.wanted?.[i])
  const [first] = missing
  // in a dry run before anything is there, the containers are made by then
  if (first !== undefined && server.version !== undefined) return { changes: [], failure: `there is no container ${first} to connect` }
  if (!network) return { changes: [creation(want), ...entering(want, want.connected ?? [])] }
  const different = want.force ? ['forced', ...changedOptions(want, network)] : changedOptions(want, network)
  const leaving = want.connected && !want.appends ? inside.filter((name) => !want.connected!.includes(name)) : []
  const outside = (want.connected ?? []).filter((_, i) => !(want.name in (is.wanted?.[i] ? endpoints(is.wanted[i]) : {})))
  if (different.length === 0) return { changes: [...entering(want, outside), ...exits(want, leaving)] }
  const staying = is.inside.filter((one): one is DockerContainer => one !== undefined && !leaving.includes(plainName(one)))
  return { changes: [recreation(want, different, inside, staying), ...entering(want, outside)] }
}

const plainName = (is: DockerContainer): string => is.Name.replace(/^\//, '')

function changedOptions(want: NetworkWant, is: DockerNetwork): string[] {
  const flag = (name: 'internal' | 'attachable' | 'enable_ipv6', now: boolean | undefined) =>
    want[name] === undefined || want[name] === (now ?? false) ? [] : [`${name} ${now ?? false} → ${want[name]}`]
  return [
    ...(want.driver === is.Driver ? [] : [`driver ${is.Driver} → ${want.driver}`]),
    ...differences(want.driver_options, is.Options).map((one) => `driver_options ${one}`),
    ...addressDifferences(want.ipam_config, is.IPAM?.Config ?? []),
    ...flag('internal', is.Internal),
    ...flag('attachable', is.Attachable),
    ...flag('enable_ipv6', is.EnableIPv6),
    ...differences(want.labels, is.Labels).map((one) => `labels ${one}`),
  ]
}

function addressDifferences(want: readonly Ipam[] | undefined, is: readonly IpamConfig[]): string[] {
  if (!want) return []
  const fresh = want.filter((one) => !is.some((now) => now.Subnet === one.subnet))
  const gone = is.filter((now) => !want.some((one) => one.subnet === now.Subnet))
  if (fresh.length + gone.length > 0)
    return [`ipam_config ${gone.map((one) => one.Subnet).join(', ') || 'none'} → ${fresh.map((one) => one.subnet).join(', ') || 'none'}`]
  return want.flatMap((one) => {
    const now = is.find(({ Subnet }) => Subnet === one.subnet)!
    const value = (name: string, before: string | undefined, after: string | undefined) =>
      after === undefined || before === after ? [] : [`ipam_config ${name} ${before ?? 'unset'} → ${after}`]
    return [
      ...value('gateway', now.Gateway, one.gateway),
      ...value('iprange', now.IPRange, one.iprange),
      ...differences(one.aux_addresses, now.AuxiliaryAddresses).map((what) => `ipam_config aux_addresses ${what}`),
    ]
  })
}

function create(want: NetworkWant): Sh {
  const ipam = (want.ipam_config ?? []).flatMap(({ subnet, gateway, iprange, aux_addresses: aux }) => [
    ...(subnet === undefined ? [] : [`--subnet=${subnet}`]),
    ...(gateway === undefined ? [] : [`--gateway=${gateway}`]),
    ...(iprange === undefined ? [] : [`--ip-range=${iprange}`]),
    ...pairs('--aux-address', aux),
  ])
  const flags = [
    ...(want.internal ? ['--internal'] : []),
    ...(want.attachable ? ['--attachable'] : []),
    ...(want.enable_ipv6 === undefined ? [] : [`--ipv6=${want.enable_ipv6}`]),
  ]
  return sh`docker network create --driver ${want.driver} ${pairs('--opt', want.driver_options)} ${ipam} ${flags} ${pairs('--label', want.labels)} -- ${want.name} >/dev/null`
}

const remove = (want: NetworkWant): Sh => sh`docker network rm -- ${want.name} >/dev/null`

const made = (want: NetworkWant): DockerNetwork => ({
  Name: want.name,
  Id: '',
  Driver: want.driver,
  Internal: want.internal ?? false,
  Attachable: want.attachable ?? false,
  EnableIPv6: want.enable_ipv6 ?? false,
  Options: want.driver_options ?? {},
  Labels: want.labels ?? {},
  IPAM: {
    Config: (want.ipam_config ?? []).map((one) => ({
      ...(one.subnet !== undefined && { Subnet: one.subnet }),
      ...(one.gateway !== undefined && { Gateway: one.gateway }),
      ...(one.iprange !== undefined && { IPRange: one.iprange }),
      ...(one.aux_addresses !== undefined && { AuxiliaryAddresses: one.aux_addresses }),
    })),
  },
  Containers: {},
})

const creation = (want: NetworkWant): Change => ({
  summary: `create network ${want.name}`,
  steps: [run(dockerScript(create(want)))],
  makes: [dockerNetwork(want.name).will(made(want))],
})

const recreation = (want: NetworkWant, why: readonly string[], inside: readonly string[], staying: readonly DockerContainer[]): Change => ({
  summary: `recreate network ${want.name}: ${why.join(', ')}`,
  steps: [
    run(
      dockerScript(
        join(
          [
            ...inside.map((name) => disconnect(name, want.name)),
            remove(want),
            create(want),
            ...staying.map((one) => connect(plainName(one), membership(want, one))),
          ],
          ' && ',
        ),
      ),
    ),
  ],
  makes: [dockerNetwork(want.name).will((before) => ({ ...made(want), Containers: before?.Containers ?? {} }))],
})

/** How a container was in the network; Docker itself adds the beginning of the container's id to its aliases. */
function membership(want: NetworkWant, is: DockerContainer): Membership {
  const { Aliases, IPAMConfig } = endpoints(is)[want.name] ?? {}
  return {
    name: want.name,
    aliases: (Aliases ?? []).filter((alias) => !is.Id.startsWith(alias)),
    ...(IPAMConfig?.IPv4Address && { ipv4_address: IPAMConfig.IPv4Address }),
  }
}

const entering = (want: NetworkWant, names: readonly string[]): Change[] =>
  names.map((name) => ({
    summary: `connect container ${name} to network ${want.name}`,
    steps: [run(dockerScript(connect(name, { name: want.name, aliases: [] })))],
    makes: [
      dockerContainer(name).will(
        (before) =>
          before && { ...before, NetworkSettings: { ...before.NetworkSettings, Networks: { ...endpoints(before), [want.name]: {} } } },
      ),
    ],
  }))

const exits = (want: NetworkWant, names: readonly string[]): Change[] =>
  names.map((name) => ({
    summary: `disconnect container ${name} from network ${want.name}`,
    steps: [run(dockerScript(disconnect(name, want.name)))],
    makes: [
      dockerNetwork(want.name).will(
        (before) =>
          before && {
            ...before,
            Containers: Object.fromEntries(Object.entries(before.Containers ?? {}).filter(([, one]) => one.Name !== name)),
          },
      ),
    ],
  }))

const removal = (want: NetworkWant, inside: readonly string[]): Change => ({
  summary: `remove network ${want.name}`,
  steps: [run(dockerScript(join([...inside.map((name) => disconnect(name, want.name)), remove(want)], ' && ')))],
  makes: [dockerNetwork(want.name).will(undefined)],
})
