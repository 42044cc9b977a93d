import { lookup } from 'node:dns/promises'
import { existsSync, readFileSync } from 'node:fs'
import { must } from './command.ts'
import { LabUnavailable } from './unavailable.ts'

/** What a lab's hosts may reach beyond each other and this machine. */
export interface Reach {
  resolvers: string[]
  mirrors: { host: string; port: number }[]
}

const number = (address: string): number => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)

/** The IPv4 resolvers of this machine that another network namespace can use too. Throws LabUnavailable when there is none. */
export function findResolvers(): string[] {
  // systemd-resolved writes its stub (127.0.0.53) into the first and the real ones into the second.
  for (const file of ['/etc/resolv.conf', '/run/systemd/resolve/resolv.conf']) {
    if (!existsSync(file)) continue
    const all = [...readFileSync(file, 'utf8').matchAll(/^nameserver\s+(\d+\.\d+\.\d+\.\d+)\s*$/gm)].map((match) => match[1]!)
    const usable = all.filter((address) => !address.startsWith('127.'))
    if (usable.length > 0) return usable
  }
  throw new LabUnavailable('this machine has no IPv4 resolver outside 127.0.0.0/8 for lab hosts to use')
}

/** A random 10.x.y.0/24, as '10.x.y', that no route of this machine and no resolver lies in. */
export async function freeSubnet(resolvers: string[]): Promise<string> {
  const routes = JSON.parse(await must(['ip', '-4', '-j', 'route', 'show', 'table', 'all'])) as { dst: string }[]
  const taken = [...routes.map(({ dst }) => dst).filter((dst) => dst !== 'default'), ...resolvers].map((dst) => {
    const [address, bits = '32'] = dst.split('/')
    const size = 2 ** (32 - Number(bits))
    return { from: number(address!), to: number(address!) + size - 1 }
  })
  for (let tries = 0; tries < 1000; tries++) {
    const subnet = `10.${Math.floor(Math.random() * 256)}.${Math.floor(Math.random() * 256)}`
    const from = number(`${subnet}.0`)
    if (!taken.some((one) => one.from <= from + 255 && from <= one.to)) return subnet
  }
  throw new LabUnavailable('no free 10.x.y.0/24 network on this machine')
}

/**
 * $1 name, $2 subnet, $3 directory. The route comes first: adding it claims the subnet, since a second one is refused; it also
 * keeps packets to a host that is gone from leaving by the default route. Forwarding is a switch of the whole machine, so the
 * file in /run remembers that it was off, for the last lab to turn it off again.
 */
const makeBridge = `# lab network
exec 9>/run/mhprov-net.lock
flock --wait 60 9
ip route add unreachable "$2.0/24" metric 4000000
echo "$2.0/24" >"$3/subnet"
ip link add "$1" type bridge
echo 1 >"/proc/sys/net/ipv6/conf/$1/disable_ipv6" || :
ip addr add "$2.1/24" dev "$1"
ip link set "$1" up
if [ "$(cat /proc/sys/net/ipv4/ip_forward)" = 0 ]; then
  echo 1 >/run/mhprov-forwarding
  echo 1 >/proc/sys/net/ipv4/ip_forward
fi
# Docker and ufw on this machine drop what they do not know.
if command -v iptables >/dev/null && iptables -w -S FORWARD 2>/dev/null | grep -q '^-P FORWARD DROP'; then
  iptables -w -I FORWARD -i "$1" -j ACCEPT
  iptables -w -I FORWARD -o "$1" -j ACCEPT
fi
if command -v iptables >/dev/null && iptables -w -S INPUT 2>/dev/null | grep -q '^-P INPUT DROP'; then
  iptables -w -I INPUT -i "$1" -j ACCEPT
fi
nft -f -
`

const rules = (name: string, subnet: string, resolvers: string[]): string => `table ip ${name} {
  set mirrors { type ipv4_addr . inet_service; }
  chain forward {
    type filter hook forward priority 0; policy accept;
    oifname "${name}" ct state established,related accept
    iifname "${name}" ip daddr ${subnet}.0/24 accept
    iifname "${name}" ip daddr { ${resolvers.join(', ')} } udp dport 53 accept
    iifname "${name}" ip daddr { ${resolvers.join(', ')} } tcp dport 53 accept
    iifname "${name}" ip daddr . tcp dport @mirrors accept
    iifname "${name}" reject with icmp type admin-prohibited
    oifname "${name}" drop
  }
  chain postrouting {
    type nat hook postrouting priority 100; policy accept;
    ip saddr ${subnet}.0/24 oifname != { "${name}", "lo" } masquerade
  }
}
`

/** Makes the lab's bridge at SUBNET.1 and its packet filter. What it makes, clear.ts takes away. */
export async function makeNetwork(name: string, subnet: string, dir: string, resolvers: string[]): Promise<void> {
  await must(['sh', '-euc', makeBridge, 'sh', name, subnet, dir], { stdin: rules(name, subnet, resolvers) })
}

/** Opens the packet filter for the addresses the mirror has now; called before each boot, since they change. */
export async function allowMirrors(name: string, mirrors: Reach['mirrors']): Promise<void> {
  const found = await Promise.all(
    mirrors.map(async ({ host, port }) => {
      const addresses = await lookup(host, { all: true, family: 4 }).catch(() => [])
      return addresses.map(({ address }) => `${address} . ${port}`)
    }),
  )
  const elements = found.flat()
  if (elements.length > 0) await must(['nft', `add element ip ${name} mirrors { ${elements.join(', ')} }`])
}

/** $1 host, $2 bridge, $3 address, $4 gateway, $5 hardware address. A boot starts from a namespace nobody wrote to. */
const wire = `# host network
ip netns del "$1" 2>/dev/null || :
ip netns add "$1"
i=0
while ip link show "$1" >/dev/null 2>&1 && [ $i -lt 50 ]; do i=$((i + 1)); sleep 0.05; done
ip link add "$1" type veth peer name eth0 address "$5" netns "$1"
ip link set "$1" master "$2" up
ip -n "$1" link set lo up
ip -n "$1" addr add "$3/24" dev eth0
ip -n "$1" link set eth0 up
ip -n "$1" route add default via "$4"
`

/** Gives a host a new network namespace, wired to the lab's bridge. */
export async function wireHost(host: string, bridge: string, address: string): Promise<void> {
  const parts = address.split('.')
  // The same at every boot, so that nobody's neighbour table is wrong after one.
  const hardware = ['02', '00', ...parts.map((part) => Number(part).toString(16).padStart(2, '0'))].join(':')
  await must(['sh', '-euc', wire, 'sh', host, bridge, address, `${parts.slice(0, 3).join('.')}.1`, hardware])
}
