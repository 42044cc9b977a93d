import type { X509Certificate } from 'node:crypto'
import type { Unit } from '../../facts/unit.ts'
import { namesOf, seconds } from '../x509/due.ts'
import { type LetsencryptWant, pathsOf, patience, serverOf } from './params.ts'

const DAY = 86_400

/** Keys and values of certbot's renewal configuration, of its section [renewalparams] (ConfigObj's syntax). */
export function readRenewal(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  let section = ''
  for (const line of text.split('\n').map((one) => one.trim())) {
    if (line.startsWith('[')) section = line
    const at = line.indexOf('=')
    if (section !== '[renewalparams]' || line.startsWith('#') || at < 0) continue
    found.set(
      line.slice(0, at).trim(),
      line
        .slice(at + 1)
        .trim()
        .replace(/^(["'])(.*)\1$/, '$2')
        .replace(/,$/, ''),
    )
  }
  return found
}

/** What that configuration has to say, by key. */
export function wantedRenewal(want: LetsencryptWant): Record<string, string> {
  const { hook, byHand, ini } = pathsOf(want)
  const hooks = (script: string) => ({
    authenticator: 'manual',
    manual_auth_hook: `${script} set`,
    manual_cleanup_hook: `${script} remove`,
  })
  const by: Record<LetsencryptWant['challenge'], Record<string, string>> = {
    'dns-hook': hooks(hook),
    'dns-cloudflare': {
      authenticator: 'dns-cloudflare',
      dns_cloudflare_credentials: ini,
      dns_cloudflare_propagation_seconds: String(patience(want)),
    },
    // the timer would wait for a person who does not know
    manual: { ...hooks(byHand), autorenew: 'False' },
    http: want.apache ? { authenticator: 'apache' } : { authenticator: 'webroot', webroot_path: want.webroot ?? '' },
  }
  return { server: serverOf(want), ...by[want.challenge] }
}

export const isTrial = (server: string | undefined): boolean => server?.includes('staging') ?? false

/** What renews it when nobody looks, and what keeps that from happening; undefined when nothing does. */
export function timerTrouble(timer: Unit, service: Unit): string | undefined {
  if (timer.active !== 'active') return `certbot.timer is ${timer.active || 'not there'}`
  const { Result: result = 'success' } = service.status
  return result === 'success' || result === '' ? undefined : `certbot.service has failed (${result})`
}

export interface Existing {
  readonly certificate: X509Certificate
  readonly renewal: ReadonlyMap<string, string>
  /** The host's clock, in seconds. */
  readonly now: number
  readonly trouble: string | undefined
}

/** How names were proved so far, in the words of the parameter; certbot's where it has none. */
function challengeOf(renewal: ReadonlyMap<string, string>): string {
  const authenticator = renewal.get('authenticator') ?? 'none'
  if (authenticator === 'webroot' || authenticator === 'apache') return 'http'
  if (authenticator !== 'manual') return authenticator
  const hook = /\/mhprov\/[^/]+\/([\w-]+) set$/.exec(renewal.get('manual_auth_hook') ?? '')?.[1]
  return hook === undefined ? 'manual, not ours' : hook === 'by-hand' ? 'manual' : hook
}

/** How it renews itself now, when that would end: nobody who leaves a token out means to renew by hand from then on. */
export function renewsItself(want: LetsencryptWant, renewal: ReadonlyMap<string, string>): string | undefined {
  const challenge = challengeOf(renewal)
  const automatic = ['dns-hook', 'dns-cloudflare', 'http'].includes(challenge) && renewal.get('autorenew') !== 'False'
  return want.challenge === 'manual' && automatic ? challenge : undefined
}

/** Why there has to be a new certificate; [] when the one that is there will do. */
export function reasons(want: LetsencryptWant, { certificate, renewal, now, trouble }: Existing): string[] {
  const names = namesOf(certificate).map((name) => name.replace(/^DNS:/, '').toLowerCase())
  const [has, wanted] = [names, want.domains].map((list) => [...list].sort().join(', '))
  const kind = certificate.publicKey.asymmetricKeyType === 'rsa' ? 'rsa' : 'ecdsa'
  const challenge = challengeOf(renewal)
  const kept = renewsItself(want, renewal) !== undefined
  const other = challenge !== want.challenge && !kept
  const wantedSettings = other || kept ? { server: serverOf(want) } : { autorenew: 'True', ...wantedRenewal(want) }
  const settings = Object.entries(wantedSettings)
    .map(([key, value]) => [key, renewal.get(key) ?? (key === 'autorenew' ? 'True' : 'none'), value] as const)
    .filter(([, is, value]) => is !== value)
    .map(([key, is, value]) => `${key} ${is} → ${value}`)
  return [
    has !== wanted && `names ${has || 'none'} → ${wanted}`,
    kind !== want.key_type && `key_type ${kind} → ${want.key_type}`,
    other && `challenge ${challenge} → ${want.challenge}`,
    ...settings,
    due(certificate, now, want.challenge === 'manual' && !kept ? 'nothing renews it by itself' : trouble),
    want.force_renewal && 'force_renewal',
  ].filter((reason) => reason !== false)
}

/** While the timer does its work, what is due is left to it. */
function due(certificate: X509Certificate, now: number, trouble: string | undefined): string | false {
  const [from, to] = [seconds(certificate.validFrom), seconds(certificate.validTo)]
  if (to <= now) return `renew: expired on ${certificate.validTo}`
  if (trouble === undefined || to - now >= (to - from) / 3) return false
  return `renew: ${daysLeft(certificate, now)} of ${Math.round((to - from) / DAY)} days left, and ${trouble}`
}

export const daysLeft = (certificate: X509Certificate, now: number): number => Math.floor((seconds(certificate.validTo) - now) / DAY)
