import { type DockerContainer, dockerContainer } from '../../facts/docker-container.ts'
import { type Change, run } from '../../module/define.ts'
import { sh } from '../../module/shell.ts'
import { comparisonOf } from './container-compare.ts'
import type { ContainerWant } from './container-params.ts'
import { dockerScript } from './docker-script.ts'
import { connect, disconnect, endpointDifference, endpoints } from './endpoints.ts'

/** Lets a container that stays enter and leave networks; it keeps running. */
export function networkChanges(want: ContainerWant, is: DockerContainer): Change[] {
  const how = comparisonOf(want, 'networks')
  if (!want.networks?.length || how === 'ignore') return []
  const [name, own] = [want.name, endpoints(is)]
  const entering = want.networks.flatMap((network) => {
    const now = own[network.name]
    const difference = now && endpointDifference(network, now)
    if (difference === '') return []
    const script = connect(name, network)
    return [
      {
        summary: now ? `${name}: connect anew to network ${network.name}: ${difference}` : `${name}: connect to network ${network.name}`,
        steps: [run(dockerScript(now ? sh`${disconnect(name, network.name)} && ${script}` : script))],
        makes: [
          dockerContainer(name).will(
            (before) => before && withNetworks(before, { ...endpoints(before), [network.name]: { Aliases: network.aliases } }),
          ),
        ],
      },
    ]
  })
  const allowed = [...want.networks.map((network) => network.name), want.network_mode === 'default' ? 'bridge' : want.network_mode]
  const leaving = how === 'strict' ? Object.keys(own).filter((network) => !allowed.includes(network)) : []
  return [
    ...entering,
    ...leaving.map((network) => ({
      summary: `${name}: disconnect from network ${network}`,
      steps: [run(dockerScript(disconnect(name, network)))],
      makes: [
        dockerContainer(name).will(
          (before) =>
            before && withNetworks(before, Object.fromEntries(Object.entries(endpoints(before)).filter(([one]) => one !== network))),
        ),
      ],
    })),
  ]
}

const withNetworks = (is: DockerContainer, networks: ReturnType<typeof endpoints>): DockerContainer => ({
  ...is,
  NetworkSettings: { ...is.NetworkSettings, Networks: networks },
})
