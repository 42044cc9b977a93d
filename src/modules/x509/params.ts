import { isIP } from 'node:net'
import { z } from 'zod'
import { fileParams, int, list, mode, path, text } from '../../module/params.ts'
import { settleMode } from '../files/file-mode.ts'

// Labels as DNS and X.509 have them (RFC 1034, 3.5; RFC 5280, 4.2.1.6), with the underscore that resolvers allow.
const LABEL = /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/

/** Whether a certificate may name it: a host name, its first label perhaps `*`. */
export function isDnsName(name: string): boolean {
  const labels = name.replace(/^\*\./, '').split('.')
  return name.length <= 253 && isIP(name) === 0 && labels.every((label) => LABEL.test(label))
}

const isAltName = (name: string): boolean => {
  const [, kind, value = ''] = /^(DNS|IP):(.*)$/.exec(name) ?? []
  return kind === 'DNS' ? isDnsName(value) : kind === 'IP' && isIP(value) > 0 && !value.includes('%')
}

// The upper bound of a common name (RFC 5280, appendix A.1).
const LONGEST_NAME = 64

const commonName = () =>
  text().refine((name) => name.length > 0 && [...name].length <= LONGEST_NAME && !/\p{C}/u.test(name), {
    error: `expected a common name of 1 to ${LONGEST_NAME} characters, none of them a control character`,
  })

const days = (count: number, unit: string | undefined) => count * (unit === 'w' ? 7 : 1)

const lifetime = () =>
  z
    .string()
    .regex(/^\+[1-9]\d{0,4}[wd]$/, { error: 'expected a time from now in days or weeks, such as "+825d"' })
    .transform((word) => days(Number(word.slice(1, -1)), word.at(-1)))

/** The parameters of x509_certificate. */
export const certificateParams = z
  .strictObject({
    path: path().describe('The certificate, in PEM.'),
    privatekey_path: path().describe('Its private key, in PEM. A missing one is made on the host, and never leaves it.'),
    state: z.enum(['present', 'absent']).default('present').describe('Whether the certificate is there. The key stays either way.'),
    provider: z.enum(['selfsigned']).default('selfsigned').describe('Who signs it: itself.'),
    common_name: commonName().optional().describe('Common name of the subject. Unset: the first DNS name of `subject_alt_name`.'),
    subject_alt_name: list()
      .refine((names) => names.every(isAltName), {
        error: 'expected names as "DNS:matrix.example.com", "DNS:*.example.com" or "IP:192.0.2.1", without blanks or quotes',
      })
      .refine((names) => new Set(names).size === names.length, { error: 'a name is there twice' })
      .optional()
      .describe('The names it is valid for: `DNS:…` and `IP:…`. Unset: `DNS:` and the common name, which must be a host name then.'),
    selfsigned_not_after: lifetime()
      .default(825)
      .describe('How long a new one is valid, in days or weeks from now ("+825d"). One that is there keeps its time.'),
    remaining_days: int()
      .refine((days) => days > 0, { error: 'expected 1 or more' })
      .optional()
      .describe('It is renewed when fewer days than these are left. Unset: a third of its lifetime.'),
    key_type: z
      .enum(['ECDSA', 'RSA'])
      .optional()
      .describe('Type of the key. Unset: a key that is there is kept, a new one is ECDSA. Set: a key of another type is replaced.'),
    key_size: int()
      .optional()
      .describe('Bits of the key: 256 (the default) or 384 for ECDSA, 2048 to 8192 for RSA (3072). Needs key_type.'),
    ...fileParams,
    mode: mode().default('0644').describe('Permissions of the certificate.'),
    privatekey_mode: mode()
      .default('0600')
      .refine((word) => (settleMode(word, 0, { directory: false, umask: 0 }) & 0o007) === 0, {
        error: 'a private key must not be open to everyone',
      })
      .describe('Permissions of the private key.'),
    privatekey_owner: text().optional().describe('Name or numeric id of the owner of the private key.'),
    privatekey_group: text().optional().describe('Name or numeric id of its group.'),
  })
  .superRefine((want, context) => {
    const issue = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message })
    if (want.path === want.privatekey_path) issue('privatekey_path', 'certificate and key are two files')
    if (want.key_size !== undefined && want.key_type === undefined) issue('key_size', 'key_size requires key_type')
    if (want.key_type === 'ECDSA' && ![undefined, 256, 384].includes(want.key_size)) issue('key_size', 'an ECDSA key has 256 or 384 bits')
    if (want.key_type === 'RSA' && want.key_size !== undefined && !(want.key_size >= 2048 && want.key_size <= 8192))
      issue('key_size', 'an RSA key has 2048 to 8192 bits')
    if (want.remaining_days !== undefined && want.remaining_days >= want.selfsigned_not_after)
      issue('remaining_days', 'a new certificate would be due at once: remaining_days must be less than selfsigned_not_after')
    if (want.state === 'absent') return
    const names = want.subject_alt_name ?? []
    if (names.length === 0 && (want.common_name === undefined || !isDnsName(want.common_name)))
      issue('subject_alt_name', 'subject_alt_name is required, or a common_name that is a host name')
    if (
      want.common_name === undefined &&
      names.length > 0 &&
      !names.some((name) => name.startsWith('DNS:') && name.length <= LONGEST_NAME + 4)
    )
      issue('common_name', `common_name is required where no DNS name has ${LONGEST_NAME} characters or fewer`)
  })

/** They as a plan reads them. */
export type CertificateWant = z.output<typeof certificateParams>

/** The names it is to be valid for. */
export const wantedNames = (want: CertificateWant): readonly string[] =>
  want.subject_alt_name?.length ? want.subject_alt_name : [`DNS:${want.common_name}`]

/** The common name it is to have. */
export const wantedCommonName = (want: CertificateWant): string =>
  want.common_name ??
  wantedNames(want)
    .find((name) => name.startsWith('DNS:') && name.length <= LONGEST_NAME + 4)
    ?.slice(4) ??
  ''
