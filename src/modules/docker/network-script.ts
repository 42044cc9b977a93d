import type { DockerContainer } from '../../facts/docker-container.ts'
import type { DockerNetwork } from '../../facts/docker-network.ts'
import { join, raw, type Sh, sh } from '../../module/shell.ts'
import { dockerScript, ending, PLAINLY } from './docker-script.ts'
import { connect, disconnect, forget, type Membership, membershipOf } from './endpoints.ts'
import { pairs } from './options.ts'

/** What a network is made from. */
export interface Blueprint {
  readonly name: string
  readonly driver: string
  readonly driver_options?: Readonly<Record<string, string>> | undefined
  readonly ipam_config?: readonly Ipam[] | undefined
  readonly ipam_driver?: string | undefined
  readonly ipam_options?: Readonly<Record<string, string>> | undefined
  readonly internal?: boolean | undefined
  readonly attachable?: boolean | undefined
  readonly enable_ipv6?: boolean | undefined
  readonly labels?: Readonly<Record<string, string>> | undefined
}

export interface Ipam {
  readonly subnet?: string | undefined
  readonly gateway?: string | undefined
  readonly iprange?: string | undefined
  readonly aux_addresses?: Readonly<Record<string, string>> | undefined
}

const words = (want: Blueprint): string[] => [
  ...['--driver', want.driver],
  ...pairs('--opt', want.driver_options),
  ...(want.ipam_driver === undefined ? [] : [`--ipam-driver=${want.ipam_driver}`]),
  ...pairs('--ipam-opt', want.ipam_options),
  ...(want.ipam_config ?? []).flatMap(({ subnet, gateway, iprange, aux_addresses: aux }) => [
    ...(subnet === undefined ? [] : [`--subnet=${subnet}`]),
    ...(gateway === undefined ? [] : [`--gateway=${gateway}`]),
    ...(iprange === undefined ? [] : [`--ip-range=${iprange}`]),
    ...pairs('--aux-address', aux),
  ]),
  ...(want.internal ? ['--internal'] : []),
  ...(want.attachable ? ['--attachable'] : []),
  ...(want.enable_ipv6 === undefined ? [] : [`--ipv6=${want.enable_ipv6}`]),
  ...pairs('--label', want.labels),
]

/** docker-network-create(1). */
export const create = (want: Blueprint): Sh => sh`docker network create ${words(want)} -- ${want.name}`

export const remove = (name: string): Sh => sh`docker network rm -- ${name}`

/** What would make again the network that is there. */
const blueprintOf = (is: DockerNetwork): Blueprint => ({
  name: is.Name,
  driver: is.Driver,
  driver_options: is.Options ?? {},
  ipam_config: (is.IPAM?.Config ?? []).map((one) => ({
    subnet: one.Subnet || undefined,
    // some versions of Docker tell its length, and take none
    gateway: one.Gateway?.split('/')[0] || undefined,
    iprange: one.IPRange || undefined,
    aux_addresses: one.AuxiliaryAddresses ?? {},
  })),
  ipam_driver: is.IPAM?.Driver === 'default' ? undefined : is.IPAM?.Driver || undefined,
  ipam_options: is.IPAM?.Options ?? {},
  internal: is.Internal,
  attachable: is.Attachable,
  enable_ipv6: is.EnableIPv6,
  labels: is.Labels ?? {},
})

/** A container that runs in the network. */
export interface Inmate {
  readonly name: string
  /** What is known of it; nothing is when it has ended in the meantime. */
  readonly is: DockerContainer | undefined
  readonly stays: boolean
}

const TRY = raw(`removed= lost=
${ending('[ "$code" = 0 ] || undo')}
try() {
why=$("$@" 2>&1 >/dev/null) && { why=; return; }
why=$(printf '%s\\n' "$why" | sed ${PLAINLY} | tail -n 1)
exit 1
}`)

/**
 * Makes a network anew, with the containers that stay in it. Two of one name or with one subnet cannot be side by side, so the old one must go
 * first: when the new one cannot be had, the old one is made again from what was known of it, and all its containers are put back into it.
 */
export function recreationScript(want: Blueprint, is: DockerNetwork, inmates: readonly Inmate[]): Sh {
  const { name } = want
  const lines = (parts: readonly Sh[]) => (parts.length > 0 ? join(parts, '\n') : raw(':'))
  const before = (one: Inmate): Membership => (one.is ? membershipOf(one.is, name) : { name, aliases: [] })
  const inside = `{{if index .NetworkSettings.Networks "${name}"}}inside{{end}}`
  return dockerScript(sh`inside() { [ -n "$(docker container inspect --format ${inside} -- "$1" 2>/dev/null)" ]; }
undo() {
if [ "$(docker network inspect --format '{{.Id}}' -- ${name} 2>/dev/null)" != ${is.Id} ]; then
removed=1
${lines(inmates.map((one) => sh`${forget(one.name, name)} >/dev/null 2>&1`))}
${remove(name)} >/dev/null 2>&1
${create(blueprintOf(is))} >/dev/null || lost=2
fi
${lines(inmates.map((one) => sh`inside ${one.name} || ${connect(one.name, before(one))} || lost=2`))}
case $removed$lost in
'') said='the network that was there is as it was' ;;
1) said='the old network was put back' ;;
*) said='and the old network could not be put back as it was' ;;
esac
[ -z "$why" ] || why="$why ($said)"
}
${TRY}
${lines(inmates.map((one) => sh`try ${disconnect(one.name, name)}`))}
try ${remove(name)}
try ${create(want)}
${lines(inmates.filter((one) => one.stays).map((one) => entry(one.name, before(one))))}`)
}

/** A fixed address that the new network does not have must not keep the container out: its own task gives it another. */
function entry(container: string, before: Membership): Sh {
  const { ipv4_address, ipv6_address, ...free } = before
  const enter = sh`try ${connect(container, free)}`
  if (ipv4_address === undefined && ipv6_address === undefined) return enter
  return sh`${connect(container, before)} 2>/dev/null || {
${enter}
printf '%s\\n' ${`the fixed address of ${container} could not be kept`} >&2
}`
}
