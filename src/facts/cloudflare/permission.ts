import type { HttpRequest } from '../../module/http.ts'

// Names as the form for a new token has them (developers.cloudflare.com/fundamentals/api/reference/permissions).
const PERMISSIONS: readonly (readonly [RegExp, string])[] = [
  [/^\/accounts\/[^/]+\/cfd_tunnel/, 'Account → Cloudflare Tunnel'],
  [/^\/accounts\/[^/]+\/workers/, 'Account → Workers Scripts'],
  [/^\/accounts/, 'Account → Account Settings'],
  [/^\/zones\/[^/]+\/dns_records/, 'Zone → DNS'],
  [/^\/zones\/[^/]+\/workers\/routes/, 'Zone → Workers Routes'],
  [/^\/zones\/[^/]+\/bot_management/, 'Zone → Bot Management'],
  [/^\/zones\/[^/]+\/settings/, 'Zone → Zone Settings'],
  [/^\/zones\/[^/]+\/(rulesets|url_normalization)/, 'Zone → Config Rules'],
  [/^\/zones/, 'Zone → Zone'],
  [/^\/user/, 'User → User Details'],
]

/** The permission of a token that a request takes. The token of a tunnel is a secret: reading it takes Edit. */
export function permissionFor(method: HttpRequest['method'], path: string): string {
  const name = PERMISSIONS.find(([pattern]) => pattern.test(path))?.[1] ?? 'unknown'
  return `${name}: ${method === 'GET' && !/\/cfd_tunnel\/[^/]+\/token$/.test(path) ? 'Read' : 'Edit'}`
}
