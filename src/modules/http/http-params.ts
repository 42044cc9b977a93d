import { z } from 'zod'
import { bool, int, list, path, text } from '../../module/params.ts'
import type { HttpRequest, Redirects } from './http-request.ts'

const value = z.union([z.string(), z.number(), z.boolean(), z.null()])

/** Parameters of `uri` and `get_url` that say how to ask; aliases of the two differ, so the login is made by `login`. */
export const httpParams = {
  headers: z
    .record(z.string(), value, { error: 'expected a mapping of header names to values' })
    .default({})
    .describe('Headers to send, by name.'),
  unredirected_headers: list().default([]).describe('Names of headers that are not sent again after a redirect.'),
  force: bool()
    .default(false)
    .meta({ aliases: ['thirsty'] })
    .describe('Ask caches on the way for a fresh answer.'),
  http_agent: text().default('ansible-httpget').describe('What to send as User-Agent.'),
  force_basic_auth: bool().default(false).describe('Send the login at once, without waiting to be asked for it.'),
  validate_certs: bool().default(true).describe('Whether the server’s certificate must be valid.'),
  use_proxy: bool().default(true).describe('Whether the proxies named in the environment are used.'),
  use_netrc: bool().default(true).describe('Whether ~/.netrc, or the file named by NETRC, may give the login.'),
  decompress: bool().default(true).describe('Whether compressed answers are asked for and unpacked.'),
  ciphers: list().optional().describe('Ciphers to offer, as OpenSSL names them; TLS 1.3 has its own and is not affected.'),
  client_cert: path().optional().describe('PEM file on the host with the client’s certificate, and its key unless `client_key` has it.'),
  client_key: path().optional().describe('PEM file on the host with the client’s key.'),
}

/** A login, with the aliases a module has for its two parts. */
export const login = (username: string, password: string) => ({
  url_username: text()
    .optional()
    .meta({ aliases: [username] })
    .describe('The user to log in as.'),
  url_password: text()
    .optional()
    .meta({ aliases: [password] })
    .describe('The user’s password.'),
})

export const seconds = (otherwise: number) =>
  int().default(otherwise).describe('Seconds without an answer, or without any progress, after which to give up.')

type Want = z.output<z.ZodObject<typeof httpParams & ReturnType<typeof login>>> & { readonly timeout: number; readonly url: string }

/** A URL without the `user:password@` in it, and that login, as far as it is written there. */
export function splitLogin(url: string): { url: string; username?: string; password?: string } {
  const [, scheme = '', user, secret, rest = ''] =
    /^([A-Za-z][\w+.-]*:\/\/)(?:([^/?#@:]*)(?::([^/?#]*))?@)?([^/?#@]*(?:[/?#].*)?)$/s.exec(url) ?? []
  if (user === undefined) return { url }
  return { url: scheme + rest, username: decodePercent(user), password: decodePercent(secret ?? '') }
}

/** Percent-encoded bytes as the text they are. */
export const decodePercent = (text: string): string =>
  text.replace(/(?:%[0-9A-Fa-f]{2})+/g, (hex) => Buffer.from(hex.replaceAll('%', ''), 'hex').toString())

/** What the parameters mean for a request. */
export function requestOf(want: Want): Omit<HttpRequest, 'method' | 'redirects' | 'body'> {
  const { url, username, password } = splitLogin(want.url)
  const headers = Object.entries(want.headers).flatMap(([name, value]) => (value === null ? [] : [[name, String(value)]]))
  return {
    url,
    headers: { ...Object.fromEntries(headers), ...(want.force && { 'Cache-Control': 'no-cache' }) },
    unredirected: want.unredirected_headers,
    timeout: Math.max(1, want.timeout),
    agent: want.http_agent,
    validateCerts: want.validate_certs,
    useProxy: want.use_proxy,
    useNetrc: want.use_netrc,
    decompress: want.decompress,
    username: want.url_username ?? username,
    password: want.url_username === undefined ? password : want.url_password,
    // a login within the URL is sent at once, as by Ansible
    forceBasicAuth: want.force_basic_auth || (want.url_username === undefined && username !== undefined),
    ciphers: want.ciphers,
    clientCert: want.client_cert,
    clientKey: want.client_key,
  }
}

/** Why a request cannot be made at all. */
export function refuseRequest(want: Want, schemes: readonly string[]): string | undefined {
  const scheme = /^([A-Za-z][\w+.-]*):/.exec(want.url)?.[1]?.toLowerCase()
  if (scheme === undefined) return `unknown url type: '${want.url}': it must begin with ${schemes.map((one) => `${one}://`).join(' or ')}`
  if (!schemes.includes(scheme)) return `unknown url type: ${scheme}, expected ${schemes.join(', ')}`
  if (/[\s\x00-\x1f]/.test(want.url)) return 'the URL has a space or a control character in it: write it percent-encoded'
  for (const [name, value] of Object.entries(want.headers)) {
    if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)) return `"${name}" cannot be the name of a header`
    if (/[\r\n]/.test(String(value))) return `the value of the header ${name} has a line break in it`
  }
  return undefined
}

/** The name a file has in a URL, as get_url and uri use it below a directory. */
export const urlFilename = (url: string): string => {
  const path = url.replace(/[?#].*$/s, '').replace(/^[A-Za-z][\w+.-]*:(\/\/[^/]*)?/, '')
  return path.slice(path.lastIndexOf('/') + 1) || 'index.html'
}

/** Status codes: one, a list, or several with commas between them. */
export const statusCodes = () =>
  z
    .union([z.array(z.union([z.int(), z.string().regex(/^\d+$/)])), z.int(), z.string().regex(/^\s*\d+(\s*,\s*\d+)*\s*$/)], {
      error: 'expected a status code or a list of them',
    })
    .transform((given) => (Array.isArray(given) ? given : String(given).split(',')).map(Number))

const REDIRECTS: Readonly<Record<string, Redirects>> = {
  all: 'all',
  yes: 'all',
  true: 'all',
  safe: 'safe',
  none: 'none',
  no: 'none',
  false: 'none',
  urllib2: 'urllib2',
}

export const redirects = () =>
  z
    .union([z.enum(['all', 'safe', 'none', 'urllib2', 'yes', 'no']), z.boolean()], { error: 'expected all, safe, none or urllib2' })
    .transform((word) => REDIRECTS[String(word)]!)
