import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto'
import type { CertificateFiles } from '../../facts/certificate.ts'
import { type CertificateWant, wantedCommonName, wantedNames } from './params.ts'

const DAY = 86_400
const MIN_RSA = 2048

/** The certificate of a PEM text, the first one; undefined when there is none. */
export function readCertificate(pem: string | undefined): X509Certificate | undefined {
  if (!pem?.includes('-----BEGIN')) return undefined
  try {
    return new X509Certificate(pem)
  } catch {
    // it looked like one and is none: what the caller is told by undefined
    return undefined
  }
}

/** The names a certificate is valid for, as parameters write them: `DNS:…`, `IP:…`. */
export const namesOf = (certificate: X509Certificate): string[] =>
  (certificate.subjectAltName ?? '')
    .split(', ')
    .filter((name) => name !== '')
    .map((name) => name.replace(/^IP Address:/, 'IP:'))

// DNS names know no case (RFC 4343); an IPv6 address can be written in many ways, and a URL knows the shortest one.
const same = (name: string): string =>
  name.startsWith('IP:') && name.includes(':', 3) ? `IP:${new URL(`http://[${name.slice(3)}]`).hostname.slice(1, -1)}` : name.toLowerCase()

/** Seconds since the epoch. */
export const seconds = (date: string): number => Date.parse(date) / 1000

const describeKey = (key: KeyObject): { type: string; bits: number | undefined } =>
  key.asymmetricKeyType === 'rsa'
    ? { type: 'RSA', bits: key.asymmetricKeyDetails?.modulusLength }
    : { type: 'ECDSA', bits: { prime256v1: 256, secp384r1: 384 }[key.asymmetricKeyDetails?.namedCurve ?? ''] }

/** Why there has to be a new private key; undefined when the one that is there will do. */
export function keyDue(want: CertificateWant, is: CertificateFiles): string | undefined {
  if (is.publicKey === undefined) return 'there is no private key'
  const key = createPublicKey(is.publicKey)
  const has = describeKey(key)
  const known = key.asymmetricKeyType === 'rsa' || key.asymmetricKeyType === 'ec'
  const bits = want.key_size ?? (want.key_type === 'RSA' ? undefined : 256)
  const named = `private key ${known ? has.type : (key.asymmetricKeyType ?? 'unknown')}${has.bits ? ` ${has.bits}` : ''}`
  if (has.type === 'RSA' && (has.bits ?? 0) < MIN_RSA) return `${named} is too short`
  if (want.key_type === undefined) return undefined
  const fits = known && has.type === want.key_type && (bits === undefined || has.bits === bits)
  return fits ? undefined : `${named} → ${want.key_type}${bits ? ` ${bits}` : ''}`
}

/** Why there has to be a new certificate; [] when the one that is there will do. */
export function certificateDue(want: CertificateWant, is: CertificateFiles, certificate: X509Certificate): string[] {
  const [from, to] = [seconds(certificate.validFrom), seconds(certificate.validTo)]
  const left = Math.floor((to - is.now) / DAY)
  const whole = Math.round((to - from) / DAY)
  const limit = want.remaining_days === undefined ? (to - from) / 3 : want.remaining_days * DAY
  const names = [namesOf(certificate), wantedNames(want)] as const
  const [has, wanted] = names.map((list) => list.map(same).sort().join())
  const name = certificate.toLegacyObject().subject.CN as string | string[] | undefined
  const fits = is.publicKey !== undefined && createPublicKey(is.publicKey).equals(certificate.publicKey)
  const itself = certificate.subject === certificate.issuer && certificate.verify(certificate.publicKey)
  return [
    to <= is.now
      ? `renew: expired on ${certificate.validTo}`
      : from > is.now
        ? `renew: not valid before ${certificate.validFrom}`
        : to - is.now < limit && `renew: ${left} ${left === 1 ? 'day' : 'days'} left of ${whole}`,
    has !== wanted && `subject_alt_name ${names[0].join(', ') || 'none'} → ${names[1].join(', ')}`,
    String(name) !== wantedCommonName(want) && `common_name ${name ?? 'none'} → ${wantedCommonName(want)}`,
    !itself && `issued by ${certificate.issuer.replaceAll('\n', ', ')} → selfsigned`,
    is.publicKey !== undefined && !fits && 'private key does not match',
  ].filter((reason) => reason !== false)
}
