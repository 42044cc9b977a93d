import { isIPv4 } from 'node:net'
import type { Plan } from '../../module/define.ts'
import { secret, text } from '../../module/params.ts'

const PRIVATE = /^(127|10|192\.168|172\.(1[6-9]|2\d|3[01]))\./

/** Whether a token may go there: encrypted, or on this machine and the networks around it. */
function isSafe(address: string): boolean {
  if (!URL.canParse(address)) return false
  const { protocol, hostname } = new URL(address)
  if (protocol !== 'http:') return protocol === 'https:'
  return hostname === 'localhost' || hostname === '[::1]' || (isIPv4(hostname) && PRIVATE.test(hostname))
}

/** What every module that asks Cloudflare's API takes. */
export const apiParams = {
  api_token: secret().describe(
    'API token (https://dash.cloudflare.com/profile/api-tokens). It is used by the controller alone and never reaches the host.',
  ),
  api_url: text()
    .default('https://api.cloudflare.com/client/v4')
    .refine(isSafe, {
      error: 'expected an https:// address: the token must not travel in the clear',
    })
    .describe('Address of the API; another one is for rehearsals.'),
}

export const hostName = (what: string) =>
  text()
    .transform((name) => name.toLowerCase().replace(/\.$/, ''))
    .refine((name) => /^([a-z0-9_]([a-z0-9_-]*[a-z0-9])?\.)+[a-z0-9-]+$/.test(name), { error: `expected ${what}, such as example.com` })

export const zoneParam = () => hostName('a domain').describe('The domain, as Cloudflare has it.')

/** For what belongs to an account. */
export const accountParams = {
  account_id: text().optional().describe('The account. Unset: the owner of `zone`, or the only one that the token sees.'),
  zone: hostName('a domain').optional().describe('A domain of the account, by which it is found.'),
}

/** What says of a thing that it was made here. */
export const MARK = 'managed by mhprov'

export const refuse = (failure: string): Plan => ({ changes: [], failure })

/** The result when what was done could not be seen again: the task has failed, and the next run looks anew. */
export const unseen = (why: string) => ({ failed: true, msg: why })

export const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`
