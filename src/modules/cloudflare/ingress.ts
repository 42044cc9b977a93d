import { isDeepStrictEqual } from 'node:util'
import type { IngressRule } from '../../facts/cloudflare/tunnel.ts'
import { DURATIONS, type Rule } from './ingress-params.ts'

const CATCH_ALL: IngressRule = { service: 'http_status:404' }

const isCatchAll = (rule: IngressRule): boolean => (!rule.hostname || rule.hostname === '*') && !rule.path
const isSame = (a: IngressRule, b: IngressRule): boolean => (a.hostname ?? '') === (b.hostname ?? '') && (a.path ?? '') === (b.path ?? '')

/** Whether all that `rule` matches has been matched by `earlier`, so that it would never have its turn behind it. */
function isHiddenBy(rule: IngressRule, earlier: IngressRule): boolean {
  if (earlier.path && earlier.path !== rule.path) return false
  const [name = '', pattern = ''] = [rule.hostname, earlier.hostname]
  return pattern === '' || pattern === name || (pattern.startsWith('*.') && name.endsWith(pattern.slice(1)))
}

/**
 * The rules that are there with ours among them. A rule of ours takes the place of the one of its hostname and path, unless that is hidden;
 * else it goes before the first that would hide it, or to the end. All others stay, in their order.
 */
export function mergeIngress(there: readonly IngressRule[], ours: readonly IngressRule[]): IngressRule[] {
  const merged = there.filter((rule) => !isCatchAll(rule))
  for (const rule of ours.filter((one) => !isCatchAll(one))) {
    const at = merged.findIndex((one) => isSame(one, rule))
    const hiding = merged.findIndex((one) => isHiddenBy(rule, one))
    if (at >= 0 && hiding === at) {
      merged[at] = isAlike(merged[at]!, rule) ? merged[at]! : rule
      continue
    }
    if (at >= 0) merged.splice(at, 1)
    merged.splice(hiding < 0 ? merged.length : hiding, 0, rule)
  }
  return [...merged, ours.find(isCatchAll) ?? there.find(isCatchAll) ?? CATCH_ALL]
}

const plain = ({ hostname, path, service, originRequest }: IngressRule) => ({
  hostname: hostname ?? '',
  path: path ?? '',
  service,
  originRequest: JSON.parse(JSON.stringify(originRequest ?? {})) as unknown,
})

const isAlike = (a: IngressRule, b: IngressRule): boolean => isDeepStrictEqual(plain(a), plain(b))

export const sameIngress = (a: readonly IngressRule[], b: readonly IngressRule[]): boolean =>
  a.length === b.length && a.every((rule, i) => isAlike(rule, b[i]!))

/** As a file of cloudflared has it: times with their unit, and a catch-all at the end. */
export function fileIngress(rules: readonly Rule[]): IngressRule[] {
  const written = rules.map(({ originRequest, ...rule }): IngressRule => {
    const entries = Object.entries(originRequest ?? {}).map(([key, value]) => [key, DURATIONS.includes(key) ? `${String(value)}s` : value])
    return { ...named(rule), ...(originRequest && { originRequest: Object.fromEntries(entries) as Record<string, unknown> }) }
  })
  return written.some(isCatchAll) ? written : [...written, CATCH_ALL]
}

/** A rule of the parameters as the API has it. */
export const apiRule = ({ originRequest, ...rule }: Rule): IngressRule => ({ ...named(rule), ...(originRequest && { originRequest }) })

const named = ({ hostname, path, service }: Omit<Rule, 'originRequest'>): IngressRule => ({
  ...(hostname !== undefined && { hostname }),
  ...(path !== undefined && { path }),
  service,
})
