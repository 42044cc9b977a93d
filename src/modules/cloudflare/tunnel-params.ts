import { z } from 'zod'
import { bool, secret, text } from '../../module/params.ts'
import { ingressParam } from './ingress-params.ts'
import { accountParams, apiParams } from './params.ts'

export const tunnelParams = z
  .strictObject({
    name: text().describe('Name of the tunnel. One that exists is taken over.'),
    state: z.enum(['present', 'absent']).default('present').describe('Whether the tunnel is there.'),
    config_src: z
      .enum(['cloudflare', 'local'])
      .default('cloudflare')
      .describe('Where cloudflared finds its rules: cloudflare: pushed to it from there; local: in a file on the host.'),
    ingress: ingressParam()
      .optional()
      .describe(
        'Which names lead where: `hostname`, `path` (a regular expression), `service`, `originRequest` with the keys of cloudflared. Times are seconds. A last rule `http_status:404` is added when there is none.',
      ),
    tunnel_secret: secret().optional().describe('At least 32 bytes in base64; needed for `config_src: local`.'),
    force: bool().default(false).describe('Remove a tunnel although cloudflared is connected by it.'),
    ...accountParams,
    ...apiParams,
  })
  .refine((want) => want.config_src === 'cloudflare' || want.state === 'absent' || want.tunnel_secret !== undefined, {
    error: 'config_src: local needs tunnel_secret (openssl rand -base64 32)',
    path: ['tunnel_secret'],
  })
  .refine((want) => want.tunnel_secret === undefined || isSecret(want.tunnel_secret.reveal()), {
    error: 'expected at least 32 bytes in base64 (openssl rand -base64 32)',
    path: ['tunnel_secret'],
  })

export type TunnelWant = z.output<typeof tunnelParams>

const isSecret = (value: string): boolean =>
  /^[A-Za-z0-9+/]+={0,2}$/.test(value) && value.length % 4 === 0 && Buffer.from(value, 'base64').length >= 32
