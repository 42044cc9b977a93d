type Facts = Record<string, unknown>

interface Address {
  readonly address: string
  readonly prefix: number
  readonly scope: string
  readonly broadcast: string
}

const dotted = (bits: number): string => [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.')
const packed = (address: string): number => address.split('.').reduce((bits, byte) => (bits << 8) | Number(byte), 0)
const mask = (prefix: number): number => (prefix === 0 ? 0 : -1 << (32 - prefix))

/** Interfaces and their addresses from `ip -o link`, `ip -o addr` and the default routes (ip(8)). */
export function networkFacts(links: string, addresses: string, route4: string, route6: string, resolv: string): Facts {
  const found = parseLinks(links)
  const v4 = parseAddresses(addresses, 'inet')
  const v6 = parseAddresses(addresses, 'inet6')
  const described = new Map(found.map((link) => [link.device, describe(link, v4.get(link.device) ?? [], v6.get(link.device) ?? [])]))
  return {
    interfaces: found.map((link) => link.device),
    ...Object.fromEntries([...described].map(([name, value]) => [name.replace(/[-:.]/g, '_'), value])),
    all_ipv4_addresses: [...v4.values()]
      .flat()
      .map((one) => one.address)
      .filter((address) => !address.startsWith('127.')),
    all_ipv6_addresses: [...v6.values()]
      .flat()
      .map((one) => one.address)
      .filter((address) => address !== '::1'),
    default_ipv4: defaultRoute(route4, described, v4),
    default_ipv6: defaultRoute(route6, described, v6),
    dns: parseResolv(resolv),
  }
}

interface Link {
  readonly device: string
  readonly mtu: number
  readonly active: boolean
  readonly macaddress: string
  readonly type: string
}

const parseLinks = (text: string): Link[] =>
  text.split('\n').flatMap((line) => {
    const [, device, flags] = /^\d+: ([^:@]+)[^:]*: <([^>]*)>/.exec(line) ?? []
    if (device === undefined) return []
    const [, kind = '', macaddress = ''] = /link\/(\S+)(?: ([0-9a-f:]{17}))?/.exec(line) ?? []
    const mtu = Number(/ mtu (\d+)/.exec(line)?.[1] ?? 0)
    return [{ device, mtu, active: flags!.split(',').includes('UP'), macaddress, type: kind }]
  })

function parseAddresses(text: string, family: 'inet' | 'inet6'): Map<string, Address[]> {
  const found = new Map<string, Address[]>()
  for (const line of text.split('\n')) {
    const [, device, kind, address, prefix] = /^\d+: (\S+) +(inet6?) ([0-9a-f.:]+)(?: peer \S+)?(?:\/(\d+))?/.exec(line) ?? []
    if (device === undefined || kind !== family) continue
    found.set(device, [
      ...(found.get(device) ?? []),
      {
        address: address!,
        prefix: Number(prefix ?? (family === 'inet' ? 32 : 128)),
        scope: / scope (\S+)/.exec(line)?.[1] ?? '',
        broadcast: / brd (\S+)/.exec(line)?.[1] ?? '',
      },
    ])
  }
  return found
}

const ipv4 = ({ address, prefix, broadcast }: Address): Facts => ({
  address,
  broadcast,
  netmask: dotted(mask(prefix)),
  network: dotted(packed(address) & mask(prefix)),
  prefix: String(prefix),
})

function describe({ device, mtu, active, macaddress, type }: Link, v4: readonly Address[], v6: readonly Address[]): Facts {
  const [first, ...others] = v4
  return {
    device,
    active,
    mtu,
    type,
    ...(macaddress !== '' && type !== 'loopback' && { macaddress }),
    ...(first && { ipv4: ipv4(first) }),
    ...(others.length > 0 && { ipv4_secondaries: others.map(ipv4) }),
    ...(v6.length > 0 && { ipv6: v6.map(({ address, prefix, scope }) => ({ address, prefix: String(prefix), scope })) }),
  }
}

/** {} when there is no default route, as Ansible has it. */
function defaultRoute(route: string, described: ReadonlyMap<string, Facts>, addresses: ReadonlyMap<string, readonly Address[]>): Facts {
  const line = route.split('\n')[0] ?? ''
  const device = / dev (\S+)/.exec(line)?.[1]
  if (device === undefined) return {}
  const gateway = / via (\S+)/.exec(line)?.[1]
  const source = / src (\S+)/.exec(line)?.[1]
  const all = addresses.get(device) ?? []
  const own = all.find((one) => one.address === source) ?? all.find((one) => one.scope === 'global') ?? all[0]
  const { macaddress, mtu, type } = described.get(device) ?? {}
  return {
    interface: device,
    alias: device,
    ...(gateway && { gateway }),
    ...(own && (own.address.includes('.') ? ipv4(own) : { address: own.address, prefix: String(own.prefix), scope: own.scope })),
    ...(macaddress !== undefined && { macaddress }),
    mtu,
    type,
  }
}

/** resolv.conf(5). */
function parseResolv(text: string): Facts {
  const lines = text.split('\n').map((line) => line.trim().split(/\s+/))
  const of = (word: string) => lines.filter(([first]) => first === word).map(([, ...rest]) => rest)
  return {
    nameservers: of('nameserver').flatMap((words) => words.slice(0, 1)),
    ...(of('search').length > 0 && { search: of('search').at(-1) }),
    ...(of('domain').length > 0 && { domain: of('domain').at(-1)![0] }),
  }
}
