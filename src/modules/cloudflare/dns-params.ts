import { isIPv4, isIPv6 } from 'node:net'
import { z } from 'zod'
import { bool, int, text } from '../../module/params.ts'
import { apiParams, zoneParam } from './params.ts'

const HOST = /^([a-z0-9_]([a-z0-9_-]*[a-z0-9])?\.)+[a-z0-9-]+\.?$/i

const FITS: Readonly<Record<string, readonly [(value: string) => boolean, string]>> = {
  A: [isIPv4, 'an IPv4 address'],
  AAAA: [isIPv6, 'an IPv6 address'],
  CNAME: [(value) => HOST.test(value), 'a name'],
  TXT: [(value) => value.length <= 2048, 'a text of at most 2048 characters'],
}

export const dnsParams = z
  .strictObject({
    zone: zoneParam(),
    record: text()
      .refine((name) => /^(@|(\*\.)?[a-z0-9_]([a-z0-9_.-]*[a-z0-9])?\.?|\*)$/i.test(name), {
        error: 'expected a name, @ for the domain itself',
      })
      .describe('Name of the record, in full or below the zone; @ is the domain itself.'),
    type: z.enum(['A', 'AAAA', 'CNAME', 'TXT']).describe('Type of the record.'),
    value: text()
      .optional()
      .describe('What the record holds; needed for a present one. With `state: absent`, only the record that holds this.')
      .meta({ aliases: ['content'] }),
    proxied: bool()
      .optional()
      .describe('Whether Cloudflare stands before it. Unset: kept, and for a new record only when it leads to a tunnel.'),
    ttl: int()
      .refine((seconds) => seconds === 1 || (seconds >= 60 && seconds <= 86_400), {
        error: 'expected 60 to 86400 seconds, or 1 for automatic',
      })
      .optional()
      .describe('Seconds; 1 is automatic, and what a proxied record has. Unset: kept, automatic for a new record.'),
    comment: text().optional().describe('A remark, shown in the dashboard beside the mark that the record was made here.'),
    solo: bool()
      .optional()
      .describe('Whether it is the only record of its name and type, so that others of ours are replaced. Default: yes, except for TXT.'),
    state: z.enum(['present', 'absent']).default('present').describe('Whether the record is there.'),
    adopt: bool().default(false).describe('Replace or delete also what was not made here.'),
    ...apiParams,
  })
  .superRefine((want, context) => {
    const issue = (field: string, message: string) => context.addIssue({ code: 'custom', path: [field], message })
    if (want.value === undefined) {
      if (want.state === 'present') issue('value', 'value is needed for a record that is to be there')
      return
    }
    const [fits, what] = FITS[want.type]!
    if (!fits(want.value)) issue('value', `expected ${what} for a record of type ${want.type}`)
    if (want.proxied && want.type === 'TXT') issue('proxied', 'a TXT record cannot be proxied')
    if (want.proxied === false && want.value.endsWith('.cfargotunnel.com'))
      issue('proxied', 'a record that leads to a tunnel must be proxied')
    if (want.comment !== undefined && want.comment.length > 70) issue('comment', 'expected at most 70 characters')
  })

export type DnsWant = z.output<typeof dnsParams>
