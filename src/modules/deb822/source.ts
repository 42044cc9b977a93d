/** Fields of an apt source (sources.list(5), "Deb822-Style Format") by the parameter that gives them, in the order they are written. */
export const FIELDS = {
  allow_downgrade_to_insecure: 'Allow-Downgrade-To-Insecure',
  allow_insecure: 'Allow-Insecure',
  allow_weak: 'Allow-Weak',
  architectures: 'Architectures',
  by_hash: 'By-Hash',
  check_date: 'Check-Date',
  check_valid_until: 'Check-Valid-Until',
  components: 'Components',
  date_max_future: 'Date-Max-Future',
  enabled: 'Enabled',
  exclude: 'Exclude',
  include: 'Include',
  inrelease_path: 'InRelease-Path',
  languages: 'Languages',
  name: 'X-Repolib-Name',
  pdiffs: 'PDiffs',
  signed_by: 'Signed-By',
  suites: 'Suites',
  targets: 'Targets',
  trusted: 'Trusted',
  types: 'Types',
  uris: 'URIs',
} as const

export type Values = { readonly [K in keyof typeof FIELDS]?: string | number | boolean | readonly string[] | undefined }

/** The one stanza of a `.sources` file. */
export function stanza(values: Values): string {
  const lines = Object.entries(FIELDS).flatMap(([key, field]) => {
    const value = values[key as keyof Values]
    return value === undefined ? [] : [`${field}: ${text(value)}`.replace(': \n', ':\n')]
  })
  return `${lines.join('\n')}\n`
}

function text(value: NonNullable<Values[keyof Values]>): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return typeof value === 'object' ? value.join(' ') : String(value)
}

/** A text of several lines as a field holds it: each on a line of its own behind a space, `.` for an empty one (deb-control(5)). */
export const multiline = (value: string): string =>
  value
    .trim()
    .split(/\r?\n/)
    .map((line) => `\n ${line.trim() === '' ? '.' : line.trimEnd()}`)
    .join('')

/** The name of the files: lower case letters, digits and hyphens only. */
export const slug = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[_\s]+/g, '-')
    .replace(/[^a-z0-9-]+/g, '')

/** How a source says who signs it. */
export type Signer =
  | { readonly kind: 'url'; readonly url: string }
  /** As the field holds it: paths, fingerprints, or the key itself. */
  | { readonly kind: 'field'; readonly value: string }

const KEY = /^-----BEGIN PGP PUBLIC KEY BLOCK-----\r?\n[\s\S]+\r?\n-----END PGP PUBLIC KEY BLOCK-----$/

/** What `signed_by` means, or why it means nothing. */
export function signer(given: string): Signer | { readonly why: string } {
  const value = given.trim()
  if (KEY.test(value)) return { kind: 'field', value: multiline(value) }
  if (value.includes('PGP PRIVATE KEY')) return { why: 'this is a private key: give the public one' }
  if (/^https?:\/\//i.test(value)) {
    if (/^[^/]*\/\/[^/]*@/.test(value)) return { why: 'a URL with a login is not fetched: use get_url, and give the path of the file' }
    return /[\s"]/.test(value) ? { why: 'a URL has no spaces or quotes' } : { kind: 'url', url: value }
  }
  const words = value.split(/\s*,\s*|\s+(?=\/)/)
  if (words.every((word) => /^\/\S+\.(?:gpg|asc)$/.test(word))) return { kind: 'field', value: words.join(' ') }
  if (words.every((word) => word.startsWith('/'))) return { why: 'apt reads keys only from files named .gpg or .asc' }
  const prints = words.map((word) => word.replace(/^0x/i, '').replace(/\s+/g, '').toUpperCase())
  if (prints.every((print) => /^[0-9A-F]{40}(?:[0-9A-F]{24})?!?$/.test(print))) return { kind: 'field', value: prints.join(', ') }
  return {
    why: 'expected the path of a key on the host, its URL, its fingerprint (40 hexadecimal digits) or the key itself (-----BEGIN PGP …)',
  }
}
