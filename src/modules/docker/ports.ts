import type { HostConfig } from '../../facts/docker-container.ts'

const PORT = String.raw`\d{1,5}(?:-\d{1,5})?`
const FORM = new RegExp(String.raw`^(?:(?:(\[[0-9A-Fa-f:.]+\]|\d+\.\d+\.\d+\.\d+):)?(${PORT})?:)?(${PORT})(?:\/(tcp|udp|sctp))?$`)

/** Published ports one by one, as `docker ps` writes them (`127.0.0.1:8008->8008/tcp`); undefined when it is not such a thing. */
export function publishedPorts(form: string): string[] | undefined {
  const [whole, address, host, container, protocol = 'tcp'] = FORM.exec(form) ?? []
  if (whole === undefined) return undefined
  const inside = range(container!)
  const outside = host === undefined ? inside.map(() => '') : range(host)
  if (inside.length === 0 || inside.length !== outside.length) return undefined
  return inside.map((port, i) => shown(address ?? '', String(outside[i]), `${port}/${protocol}`))
}

function range(ports: string): number[] {
  const [from = 0, to = from] = ports.split('-').map(Number)
  return to < from || to > 65_535 || to - from > 5000 ? [] : Array.from({ length: to - from + 1 }, (_, i) => from + i)
}

const shown = (address: string, host: string, container: string): string =>
  `${address.replace(/^\[(.*)\]$/, '$1')}${address === '' ? '' : ':'}${host || 'any'}->${container}`

/** The published ports of a container, in the same words. */
export const boundPorts = ({ PortBindings }: HostConfig): string[] =>
  Object.entries(PortBindings ?? {}).flatMap(([container, bindings]) =>
    (bindings ?? []).map(({ HostIp = '', HostPort = '' }) => shown(HostIp, HostPort, container)),
  )
