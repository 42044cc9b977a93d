import type { RecordState, WorkerState, World, ZoneState } from '../cloudflare/world.ts'

const escaped = (text: string): string => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&')

/** Whether a route's pattern fits a whole address, its query included. Source: Cloudflare's Workers documentation, "Routes", matching. */
export function fits(pattern: string, url: string): boolean {
  const [, scheme = 'https?', host = '', path = ''] = /^(?:(https?):\/\/)?([^/]*)(.*)$/.exec(pattern)!
  const any = (text: string) => escaped(text).replaceAll('*', '.*')
  const [, given = '', name = '', rest = ''] = /^(https?):\/\/([^/]*)(.*)$/.exec(url) ?? []
  const named = new RegExp(`^${escaped(host).replaceAll('*', '.*')}$`, 'i').test(name)
  return new RegExp(`^${scheme}$`).test(given) && named && new RegExp(`^${any(path)}$`, 's').test(rest)
}

/** The more specific pattern first; `/images*` stands before the equally long `/images/*`, as at Cloudflare (known issues). */
function bySpecificity(a: { pattern: string }, b: { pattern: string }): number {
  const literal = ({ pattern }: { pattern: string }) => pattern.replace(/^https?:\/\//, '').replace(/\/?\*$/, '').length
  return literal(b) - literal(a) || a.pattern.length - b.pattern.length
}

/** The Worker that answers an address: undefined when a route keeps it from all, or none fits. */
export function workerFor(world: World, zone: ZoneState, url: string): WorkerState | undefined {
  const [route] = zone.routes.filter((one) => fits(one.pattern, url)).sort(bySpecificity)
  return world.workers.find((one) => one.account === zone.account && one.name === route?.script)
}

export const zoneOf = (world: World, host: string): ZoneState | undefined =>
  world.zones.find((one) => host === one.name || host.endsWith(`.${one.name}`))

/**
 * The records that make a name the edge's: of the name itself, else of the wildcard above it. With one of its addresses proxied all are
 * (Cloudflare's documentation, "Proxy status").
 */
export function proxied(zone: ZoneState, host: string): RecordState[] {
  const of = (name: string) => zone.records.filter((one) => one.name === name && ['A', 'AAAA', 'CNAME'].includes(one.type))
  const own = of(host)
  const found = own.length > 0 ? own : of(`*.${host.split('.').slice(1).join('.')}`)
  return found.some((one) => one.proxied) ? found : []
}
