/** What a tunnel's token says: base64 of JSON (cloudflared, connection/connection.go: TunnelToken). */
export interface TunnelToken {
  readonly account: string
  readonly tunnel: string
  /** Base64. */
  readonly secret: string
}

/** Undefined for a text that is no token, as the one that a dry run foresees. */
export function decodeToken(token: string): TunnelToken | undefined {
  try {
    const { a, t, s } = JSON.parse(Buffer.from(token, 'base64').toString()) as Record<string, unknown>
    return typeof a === 'string' && typeof t === 'string' && typeof s === 'string' ? { account: a, tunnel: t, secret: s } : undefined
  } catch {
    return undefined
  }
}

export const encodeToken = ({ account, tunnel, secret }: TunnelToken): string =>
  Buffer.from(JSON.stringify({ a: account, t: tunnel, s: secret })).toString('base64')

/** The file that `credentials-file:` names in cloudflared's configuration. */
export const credentialsFile = ({ account, tunnel, secret }: TunnelToken): string =>
  `${JSON.stringify({ AccountTag: account, TunnelSecret: secret, TunnelID: tunnel })}\n`
