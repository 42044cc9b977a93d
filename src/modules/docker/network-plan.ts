import { type DockerContainer, dockerContainer } from '../../facts/docker-container.ts'
import { type DockerNetwork, dockerNetwork, type IpamConfig } from '../../facts/docker-network.ts'
import { type DockerServer, dockerServer } from '../../facts/docker-server.ts'
import { type Change, type Plan, run } from '../../module/define.ts'
import { join, sh } from '../../module/shell.ts'
import { dockerScript, whyUnknown } from './docker-script.ts'
import { connect, disconnect, endpoints, forget, lostNetworks, membershipOf, restingIn } from './endpoints.ts'
import { type Blueprint, create, type Inmate, type Ipam, recreationScript, remove } from './network-script.ts'
import { differences } from './options.ts'

interface NetworkWant extends Blueprint {
  readonly state: 'present' | 'absent'
  readonly connected?: readonly string[] | undefined
  readonly appends: boolean
  readonly force: boolean
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
  if (!network) return { changes: [creation(want), ...(want.connected ?? []).map((name, i) => entering(want, name, is.wanted?.[i]))] }
  const different = want.force ? ['forced', ...changedOptions(want, network)] : changedOptions(want, network)
  const leaving = want.connected && !want.appends ? inside.filter((name) => !want.connected!.includes(name)) : []
  const anew = different.length > 0
  // one that does not run is not put back with the others
  const lost = (one: DockerContainer) => (anew ? restingIn(one) : lostNetworks(one, [network])).includes(want.name)
  const enter = (want.connected ?? []).flatMap((name, i) => {
    const one = is.wanted?.[i]
    return one && want.name in endpoints(one) && !lost(one) ? [] : [entering(want, name, one)]
  })
  if (!anew) return { changes: [...enter, ...exits(want, leaving)] }
  const inmates = inside.map((name, i) => ({ name, is: is.inside[i], stays: !leaving.includes(name) }))
  return { changes: [recreation(want, network, different, inmates), ...enter] }
}

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

const isIPv6 = (subnet: string | undefined): boolean => subnet?.includes(':') ?? false

function addressDifferences(want: readonly Ipam[] | undefined, is: readonly IpamConfig[]): string[] {
  if (!want) return []
  const fresh = want.filter((one) => !is.some((now) => now.Subnet === one.subnet))
  // a family that the task says nothing of has the addresses that Docker chose
  const named = is.filter((now) => want.some((one) => isIPv6(one.subnet) === isIPv6(now.Subnet)))
  const gone = named.filter((now) => !want.some((one) => one.subnet === now.Subnet))
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
  steps: [run(dockerScript(sh`${create(want)} >/dev/null`))],
  makes: [dockerNetwork(want.name).will(made(want))],
})

const recreation = (want: NetworkWant, is: DockerNetwork, why: readonly string[], inmates: readonly Inmate[]): Change => ({
  summary: `recreate network ${want.name}: ${why.join(', ')}`,
  steps: [run(recreationScript(want, is, inmates))],
  makes: [dockerNetwork(want.name).will((before) => ({ ...made(want), Containers: before?.Containers ?? {} }))],
})

function entering(want: NetworkWant, name: string, is: DockerContainer | undefined): Change {
  const known = is && want.name in endpoints(is)
  const script = connect(name, known ? membershipOf(is, want.name) : { name: want.name, aliases: [] })
  return {
    summary: `connect container ${name} to network ${want.name}`,
    steps: [run(dockerScript(known ? sh`${forget(name, want.name)} && ${script}` : script))],
    makes: [
      dockerContainer(name).will(
        (before) =>
          before && { ...before, NetworkSettings: { ...before.NetworkSettings, Networks: { ...endpoints(before), [want.name]: {} } } },
      ),
    ],
  }
}

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
  steps: [run(dockerScript(sh`${join([...inside.map((name) => disconnect(name, want.name)), remove(want.name)], ' && ')} >/dev/null`))],
  makes: [dockerNetwork(want.name).will(undefined)],
})
