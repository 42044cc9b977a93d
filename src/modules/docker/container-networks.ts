import { type DockerContainer, dockerContainer } from '../../facts/docker-container.ts'
import { type Change, run } from '../../module/define.ts'
import { sh } from '../../module/shell.ts'
import { comparisonOf } from './container-compare.ts'
import type { ContainerWant } from './container-params.ts'
import { dockerScript } from './docker-script.ts'
import { connect, disconnect, endpointDifference, endpoints, forget, type Membership, membershipOf } from './endpoints.ts'

/** Lets a container that stays enter and leave networks; it keeps running. In those that were made anew (`lost`) it is only by name. */
export function networkChanges(want: ContainerWant, is: DockerContainer, lost: readonly string[]): Change[] {
  const how = comparisonOf(want, 'networks')
  const [name, own] = [want.name, endpoints(is)]
  const wanted = how === 'ignore' ? [] : (want.networks ?? [])
  const entering = wanted.flatMap((network) => {
    const now = own[network.name]
    const difference = lost.includes(network.name) ? ANEW : now && endpointDifference(network, now)
    return difference === '' ? [] : [entry(name, network, difference)]
  })
  const allowed = [...wanted.map((network) => network.name), want.network_mode === 'default' ? 'bridge' : want.network_mode]
  const leaving = how === 'strict' && wanted.length > 0 ? Object.keys(own).filter((network) => !allowed.includes(network)) : []
  const kept = lost.filter((network) => !leaving.includes(network) && !wanted.some((one) => one.name === network))
  return [
    ...entering,
    ...kept.map((network) => entry(name, membershipOf(is, network), ANEW)),
    ...leaving.map((network) => ({
      summary: `${name}: disconnect from network ${network}`,
      // one that does not run may be in a network that is no more
      steps: [run(dockerScript((is.State.Running ? disconnect : forget)(name, network)))],
      makes: [
        dockerContainer(name).will(
          (before) =>
            before && withNetworks(before, Object.fromEntries(Object.entries(endpoints(before)).filter(([one]) => one !== network))),
        ),
      ],
    })),
  ]
}

const ANEW = 'it was recreated'

/** `anew` says why it must leave first; undefined when it is not in it. */
function entry(name: string, network: Membership, anew: string | undefined): Change {
  const script = connect(name, network)
  return {
    summary:
      anew === undefined ? `${name}: connect to network ${network.name}` : `${name}: connect anew to network ${network.name}: ${anew}`,
    steps: [run(dockerScript(anew === undefined ? script : sh`${(anew === ANEW ? forget : disconnect)(name, network.name)} && ${script}`))],
    makes: [
      dockerContainer(name).will(
        (before) => before && withNetworks(before, { ...endpoints(before), [network.name]: { Aliases: network.aliases } }),
      ),
    ],
  }
}

const withNetworks = (is: DockerContainer, networks: ReturnType<typeof endpoints>): DockerContainer => ({
  ...is,
  NetworkSettings: { ...is.NetworkSettings, Networks: networks },
})
