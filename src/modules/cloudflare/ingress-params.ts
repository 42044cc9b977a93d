import { z } from 'zod'
import { bool, int, text } from '../../module/params.ts'

const WHOLE = 'expected whole seconds, such as 30 or "30s"'
const UNITS: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1 }

/** Seconds as a number, or as a configuration file has them: 30s, 1m30s. The API takes whole seconds only. */
const duration = () =>
  z
    .union([z.int().nonnegative(), z.string().regex(/^\d+$|^(?=.)(\d+h)?(\d+m)?(\d+s)?$/, { error: WHOLE })], { error: WHOLE })
    .transform((value) => {
      if (typeof value === 'number' || /^\d+$/.test(value)) return Number(value)
      return [...value.matchAll(/(\d+)([hms])/g)].reduce((sum, [, count, unit]) => sum + Number(count) * UNITS[unit!]!, 0)
    })
    .meta({ json: { type: ['integer', 'string'] } })

/** Keys whose value is a time. */
export const DURATIONS = ['connectTimeout', 'tlsTimeout', 'tcpKeepAlive', 'keepAliveTimeout']

/** How cloudflared talks to the origin (developers.cloudflare.com, "Origin parameters"; cloudflared, config/configuration.go). */
const originRequest = z.strictObject({
  originServerName: text().optional(),
  matchSNItoHost: bool().optional(),
  httpHostHeader: text().optional(),
  caPool: text().optional(),
  noTLSVerify: bool().optional(),
  connectTimeout: duration().optional(),
  tlsTimeout: duration().optional(),
  tcpKeepAlive: duration().optional(),
  keepAliveTimeout: duration().optional(),
  keepAliveConnections: int().optional(),
  noHappyEyeballs: bool().optional(),
  disableChunkedEncoding: bool().optional(),
  http2Origin: bool().optional(),
  proxyType: z.enum(['', 'socks']).optional(),
  access: z.strictObject({ teamName: text(), audTag: z.array(text()), required: bool().optional() }).optional(),
})

const service = text().superRefine((value, context) => {
  const refuse = (message: string) => context.addIssue({ code: 'custom', message })
  if (/^http_status:[1-5]\d\d$/.test(value) || /^(hello_world|bastion|socks-proxy)$/.test(value) || /^unix(\+tls)?:\//.test(value)) return
  if (!/^(https?|tcp|ssh|rdp|smb|wss?):\/\/[^/?#\s]+/.test(value))
    refuse('expected an address such as https://host.docker.internal:443, unix:/path, or http_status:404')
  else if (!/^\w+:\/\/[^/?#\s]+$/.test(value)) refuse('a service is a scheme and an address; a path cannot be part of it')
})

const hostname = text()
  .transform((name) => name.toLowerCase())
  .refine((name) => /^(\*\.)?([a-z0-9_]([a-z0-9_-]*[a-z0-9])?\.)+[a-z0-9-]+$/.test(name), {
    error: 'expected a name without scheme, port and path; a "*." may begin it',
  })

const rule = z.strictObject({
  hostname: hostname.optional(),
  path: text().optional(),
  service,
  originRequest: originRequest.optional(),
})

export type Rule = z.output<typeof rule>

/** The rules of cloudflared's `ingress validate`, told before anything is asked. A catch-all is the last rule, or is added. */
export const ingressParam = () =>
  z
    .array(rule)
    .min(1)
    .superRefine((rules, context) => {
      for (const [i, one] of rules.entries()) {
        const all = one.hostname === undefined && one.path === undefined
        if (all && i < rules.length - 1)
          context.addIssue({
            code: 'custom',
            path: [i],
            message: 'a rule without hostname and path matches everything: it must be the last',
          })
        const twin = rules.findIndex((other) => other.hostname === one.hostname && other.path === one.path)
        if (twin < i) context.addIssue({ code: 'custom', path: [i], message: `rule ${twin + 1} has the same hostname and path` })
      }
    })
