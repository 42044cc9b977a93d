import type { ZoneState } from '../cloudflare/world.ts'

// What settings of a zone do to a request before a Worker or a tunnel sees it: those that break Matrix.

/** Whether Bot Fight Mode stops a request: it takes for a bot whatever does not say that it is a browser. */
export const isFought = (zone: ZoneState, agent: string): boolean => zone.bots.fight_mode === true && !agent.startsWith('Mozilla/')

/** Whether the Browser Integrity Check refuses a request, which has no user agent then; a rule can spare a host. */
export function lacksIntegrity(zone: ZoneState, host: string, agent: string): boolean {
  const rules = zone.rulesets.get('http_config_settings')?.rules ?? []
  const spared = rules.some(({ action_parameters, expression, enabled }) => {
    const { bic } = (action_parameters ?? {}) as { bic?: boolean }
    return enabled !== false && bic === false && expression.includes(`"${host}"`)
  })
  return zone.settings.browser_check === 'on' && agent === '' && !spared
}

/**
 * A path and query as an origin gets them: changed when addresses are normalized for origins too. Source: Cloudflare's Rules
 * documentation, "How URL normalization works"; RFC 3986, 6.2.2.
 */
export function forOrigin({ normalization }: ZoneState, address: string): string {
  if (normalization.scope !== 'both') return address
  const [, path = '', query = ''] = /^([^?]*)(.*)$/s.exec(address)!
  const unescaped = path.replace(/%[0-9a-f]{2}/gi, (code) => {
    const character = String.fromCharCode(Number.parseInt(code.slice(1), 16))
    return /[\w.~-]/.test(character) ? character : code.toUpperCase()
  })
  const merged = normalization.type === 'cloudflare' ? unescaped.replace(/[/\\]+/g, '/') : unescaped
  return new URL(`http://origin${merged}`).pathname + query
}
