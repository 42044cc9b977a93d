// What certbot says around what went wrong.
const NOISE = [
  /^Saving debug log/,
  /^Ask for help/,
  /^See the logfile/,
  /^Plugins selected/,
  /^(Account registered|Requesting a certificate|Renewing an existing|Reloading|Cleaning up|Simulating|Waiting \d)/,
  /^(- )+-?$|^-+$/,
  /^Hook '/,
  /^Certbot failed to authenticate/,
  /^Some challenges have failed/,
  /^An unexpected error occurred:/,
  /^Hint: /,
]

const HINTS: readonly (readonly [RegExp, string])[] = [
  [
    /rateLimited|too many (certificates|failed|registrations|new orders)|rate limit/i,
    'wait until the limit allows it; staging: true is for trying',
  ],
  [/Timeout during connect|Fetching http:|acme-challenge\//i, 'port 80 of these names must reach this host from the internet'],
  [/CERTIFICATE_VERIFY_FAILED|certificate verify failed/i, 'ca_bundle names the authorities by which the server is trusted'],
  [
    /NameResolutionError|Name or service not known|Temporary failure in name resolution|Connection refused|Max retries exceeded/i,
    'can the host reach the server?',
  ],
  [/No TXT record|Incorrect TXT record|NXDOMAIN looking up TXT/i, 'propagation_seconds gives DNS more time'],
  [/dns_cloudflare|zone_id|Cloudflare API/i, 'the API token takes Zone → DNS: Edit and Zone → Zone: Read for the domain'],
]

/** One message from all that certbot wrote, and from what its hooks wrote apart. */
export function explain(stdout: string, stderr: string): string {
  const own = stderr
    .split('\n')
    .map((line) => line.replace(/^mhprov: /, '').trim())
    .filter((line) => line !== '')
  // the same trouble comes again at cleaning up
  if (own.length > 0) return [...new Set(own)].join('; ')
  const challenges = [...stdout.matchAll(/^\s*Domain: (.*)\n\s*Type:\s+(.*)\n\s*Detail: ([\s\S]*?)(?=\n\s*\n|\n\s*Domain: |$(?![\s\S]))/gm)]
  const lines = stdout
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !NOISE.some((noise) => noise.test(line)))
  const said =
    challenges.length > 0
      ? challenges.map(([, domain, type, detail]) => `${domain}: ${detail!.replace(/\s+/g, ' ').trim()} (${type})`).join('; ')
      : lines.slice(-3).join(' ') || 'certbot failed and said nothing'
  const hint = HINTS.find(([about]) => about.test(said))?.[1]
  return hint ? `${said.replace(/\.$/, '')}: ${hint}` : said
}
