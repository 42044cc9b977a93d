import { z } from 'zod'
import { bool, int, list, path, secret, text } from '../../module/params.ts'
import { apiParams } from '../cloudflare/params.ts'

export const LETS_ENCRYPT = 'https://acme-v02.api.letsencrypt.org/directory'
export const STAGING = 'https://acme-staging-v02.api.letsencrypt.org/directory'

const NAME = /^(\*\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]*[a-z0-9])?$/
const ADDRESS = /^[\d.]+(:\d+)?$/

// certbot keeps these in a file where quotes and line ends would mean something else.
const plainPath = () =>
  path().refine((value) => /^\/[\w./+@-]*$/.test(value), { error: 'expected an absolute path without spaces or quotes' })

export const letsencryptParams = z
  .strictObject({
    domains: list()
      .transform((names) => [...new Set(names.map((name) => name.toLowerCase().replace(/\.$/, '')))])
      .refine((names) => names.length > 0 && names.every((name) => NAME.test(name)), {
        error: 'expected names such as matrix.example.com or *.example.com',
      })
      .describe('Names of the certificate. Its files are in /etc/letsencrypt/live/NAME, NAME being the first without `*.`.'),
    email: text()
      .refine((address) => /^[^\s@]+@[^\s@]+$/.test(address), { error: 'expected a mail address' })
      .optional()
      .describe('Where the authority writes to, given when the account is made. Without one the account has none.'),
    agree_tos: bool().default(false).describe("That you agree to the authority's subscriber agreement; must be true."),
    challenge: z
      .enum(['dns-hook', 'dns-cloudflare', 'http', 'manual'])
      .default('dns-hook')
      .describe(
        "How the names are proved. dns-hook: a TXT record at Cloudflare by a script that needs curl alone; dns-cloudflare: the same by certbot's plugin (python3-certbot-dns-cloudflare); http: a file on port 80; manual: you set the TXT record, and the task waits for it.",
      ),
    api_token: secret()
      .refine((token) => /^[\w.-]+$/.test(token.reveal()), { error: 'expected an API token: letters, digits, - and _' })
      .optional()
      .describe(
        "Cloudflare's API token with Zone → DNS: Edit and Zone → Zone: Read for the one domain. The host keeps it for renewals in a file that root alone can read.",
      ),
    api_url: apiParams.api_url,
    webroot: plainPath().optional().describe('For http: the directory that the web server shows for these names on port 80.'),
    apache: bool().default(false).describe('For http without a webroot: by Apache itself (package python3-certbot-apache).'),
    resolver: text()
      .refine((address) => ADDRESS.test(address), { error: 'expected an address such as 1.1.1.1 or 10.0.0.1:5353' })
      .optional()
      .describe(
        "The name server that must show the TXT record, asked with dig. Unset: dns-hook asks the domain's own, manual 1.1.1.1 and 8.8.8.8.",
      ),
    propagation_seconds: int()
      .refine((seconds) => seconds >= 0 && seconds <= 7200, { error: 'expected 0 to 7200 seconds' })
      .optional()
      .describe(
        'How long DNS gets to show the TXT record: at most that long where it can be asked, else just so. Default: 30, and 900 for manual.',
      ),
    server: text()
      .refine((url) => /^https:\/\/[^\s"'#,]+$/.test(url), { error: 'expected the https:// address of a directory' })
      .optional()
      .describe("Directory of another authority that speaks ACME. Default: Let's Encrypt's."),
    staging: bool().default(false).describe("Let's Encrypt's trial authority: generous limits, certificates that nobody trusts."),
    ca_bundle: plainPath()
      .optional()
      .describe(
        "File on the host with the authorities by which certbot trusts `server`, now and at renewals; it stands in for the system's. Without it the system's.",
      ),
    key_type: z.enum(['ecdsa', 'rsa']).default('ecdsa').describe('Kind of the private key.'),
    deploy_hook: text()
      .default('systemctl try-reload-or-restart apache2')
      .describe('Command run by a shell after each new certificate, the first and every renewal. Empty: none.'),
    force_renewal: bool().default(false).describe('Get a new certificate each time the task runs. Authorities limit how often.'),
    state: z
      .enum(['present', 'absent'])
      .default('present')
      .describe('absent removes the certificate, its key and all that renews it; it is not revoked.'),
  })
  .superRefine((want, context) => {
    const issue = (field: string, message: string) => context.addIssue({ code: 'custom', path: [field], message })
    if (want.state === 'absent') return
    const atCloudflare = want.challenge === 'dns-hook' || want.challenge === 'dns-cloudflare'
    if (!want.agree_tos) issue('agree_tos', "agree_tos: true is needed, which says that you agree to the authority's subscriber agreement")
    if (atCloudflare && want.api_token === undefined) issue('api_token', `api_token is needed for challenge ${want.challenge}`)
    if (!atCloudflare && want.api_token !== undefined) issue('api_token', `challenge ${want.challenge} uses no api_token`)
    if (want.challenge === 'http') {
      if ((want.webroot !== undefined) === want.apache) issue('webroot', 'challenge http takes one of webroot and apache: true')
      if (want.domains.some((name) => name.startsWith('*.'))) issue('domains', 'a name with * can be proved by DNS alone')
    } else if (want.webroot !== undefined || want.apache) issue('webroot', 'webroot and apache are for challenge http')
    if (want.resolver !== undefined && want.challenge !== 'dns-hook' && want.challenge !== 'manual')
      issue('resolver', 'resolver is for challenges dns-hook and manual')
    if (want.server !== undefined && want.staging) issue('staging', 'staging and server are mutually exclusive')
  })

export type LetsencryptWant = z.output<typeof letsencryptParams>

/** What certbot knows the certificate by. */
export const nameOf = (want: LetsencryptWant): string => want.domains[0]!.replace(/^\*\./, '')

export const serverOf = (want: LetsencryptWant): string => want.server ?? (want.staging ? STAGING : LETS_ENCRYPT)

export const patience = (want: LetsencryptWant): number => want.propagation_seconds ?? (want.challenge === 'manual' ? 900 : 30)

/** Where things of one certificate are. */
export const pathsOf = (want: LetsencryptWant) => {
  const name = nameOf(want)
  const own = `/etc/letsencrypt/mhprov/${name}`
  const live = `/etc/letsencrypt/live/${name}`
  return {
    own,
    live,
    certificate: `${live}/fullchain.pem`,
    key: `${live}/privkey.pem`,
    /** certbot's own record of how it renews. */
    renewal: `/etc/letsencrypt/renewal/${name}.conf`,
    hook: `${own}/dns-hook`,
    byHand: `${own}/by-hand`,
    /** For curl, which reads it itself: a token on its command line would be seen by all. */
    token: `${own}/token`,
    ini: `${own}/cloudflare.ini`,
    /** There while a new certificate is not in use yet. */
    undeployed: `${own}/undeployed`,
    deploy: `/etc/letsencrypt/renewal-hooks/deploy/mhprov-${name}`,
    /** Environment of renewals. */
    dropIn: `/etc/systemd/system/certbot.service.d/mhprov-${name}.conf`,
  }
}

/** What certbot and its plugin take from their environment. */
export function environmentOf(want: LetsencryptWant): [string, string][] {
  const url = want.challenge === 'dns-cloudflare' && want.api_url !== apiParams.api_url.def.defaultValue
  return [
    ...(want.ca_bundle === undefined ? [] : [['REQUESTS_CA_BUNDLE', want.ca_bundle] as [string, string]]),
    ...(url ? [['CLOUDFLARE_API_URL', want.api_url] as [string, string]] : []),
  ]
}
