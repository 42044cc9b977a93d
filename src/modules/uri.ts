import { z } from 'zod'
import { glob } from '../facts/glob.ts'
import { defineModule, type Inputs, type ModuleResult, type Output, run } from '../module/define.ts'
import { operand } from '../module/host-path.ts'
import type { LocalFile } from '../module/local-file.ts'
import { bool, fileParams, path, text } from '../module/params.ts'
import { raw, sh } from '../module/shell.ts'
import { hostReport, reporting } from './http/host-report.ts'
import { decodeBody, headerKeys, parseJson } from './http/http-answer.ts'
import { formFile, type HttpBody, httpBody } from './http/http-body.ts'
import {
  httpParams,
  login,
  redirects,
  refuseRequest,
  requestOf,
  seconds,
  splitLogin,
  statusCodes,
  urlFilename,
} from './http/http-params.ts'
import { cookieJar, describeFailure, header, httpReply } from './http/http-reply.ts'
import { httpRequest, privateDirectory } from './http/http-request.ts'
import { placeDownload, placedKeys } from './http/place-download.ts'

const params = z.strictObject({
  url: text().describe('http:// or https:// address, as the host sees it.'),
  method: text()
    .default('GET')
    .transform((name) => name.toUpperCase())
    .describe('The HTTP method.'),
  body: z.unknown().optional().describe('What to send; not together with `src`.'),
  body_format: z
    .enum(['raw', 'json', 'form-urlencoded', 'form-multipart'])
    .default('raw')
    .describe('How `body` is written; json and the forms take a mapping and set the Content-Type.'),
  src: text().optional().describe('A file to send as the body.'),
  remote_src: bool().default(false).describe('Whether `src` is a file of the host instead of the controller’s.'),
  status_code: statusCodes().default([200]).describe('Statuses that count as success: one, or a list.'),
  return_content: bool().default(false).describe('Whether the result has the answer’s body.'),
  follow_redirects: redirects()
    .default('safe')
    .describe('all: whatever the method; safe: for GET and HEAD only; none; urllib2: as Python does. yes is all, no is none.'),
  timeout: seconds(30),
  creates: path().optional().describe('When this is there, nothing is asked.'),
  removes: path().optional().describe('When this is not there, nothing is asked.'),
  dest: path().optional().describe('A file to keep the answer’s body in, or a directory for it.'),
  unix_socket: path().optional().describe('A socket of the host to connect to instead of the URL’s address.'),
  ca_path: path().optional().describe('PEM file on the host with the certificates to trust.'),
  ...login('user', 'password'),
  ...httpParams,
  ...fileParams,
})
type Want = z.output<typeof params>
type Files = Readonly<Record<string, readonly LocalFile[] | undefined>>

const literal = (name: string) => name.replace(/[*?[]/g, '[$&]')

const FIELD = 'body.'
const fields = (want: Want): [string, string][] =>
  want.body_format === 'form-multipart' && typeof want.body === 'object' && want.body !== null
    ? Object.entries(want.body).flatMap(([name, field]) => {
        const file = formFile(field)
        return file === undefined ? [] : [[name, file]]
      })
    : []

type Body = HttpBody | { readonly path: string; readonly type?: string } | undefined

function bodyOf(want: Want, files: Files): Body {
  if (want.src !== undefined && want.body !== undefined) return { why: 'parameters are mutually exclusive: body|src' }
  const type = want.body_format === 'json' ? { type: 'application/json' } : {}
  if (want.src === undefined) {
    const read = Object.fromEntries(fields(want).map(([name]) => [name, files[`${FIELD}${name}`]]))
    return want.body === undefined || want.body === null ? undefined : httpBody(want.body, want.body_format, read)
  }
  if (want.remote_src) return { path: operand(want.src), ...type }
  const file = files.src?.[0]
  if (file?.type !== 'file') return { why: `${want.src} is not a file` }
  if (!file.bytes) return { why: `${want.src} is larger than 1 MiB: copy it to the host and send it from there with remote_src` }
  return { bytes: file.bytes, ...type }
}

function skipped(want: Want, is: { creates?: boolean | undefined; removes?: boolean | undefined }): string | undefined {
  if (is.creates === true) return `skipped, since '${want.creates}' exists`
  if (is.removes === false) return `skipped, since '${want.removes}' does not exist`
  return undefined
}

function request(want: Want, body: Exclude<Body, { why: string }>) {
  const plain = requestOf(want)
  const isType = (name: string) => name.toLowerCase() === 'content-type'
  // a form's boundary must be the one that was used, whatever a header says
  const own = body?.type !== undefined && (want.body_format === 'form-multipart' || !Object.keys(plain.headers).some(isType))
  const others = Object.fromEntries(Object.entries(plain.headers).filter(([name]) => !isType(name)))
  const made = httpRequest({
    ...plain,
    headers: own ? { ...others, 'Content-Type': body.type! } : plain.headers,
    method: want.method,
    redirects: want.follow_redirects,
    body: body && ('path' in body ? body : body.bytes),
    unixSocket: want.unix_socket,
    caPath: want.ca_path,
  })
  const readable = body && 'path' in body ? sh`[ -r ${body.path} ] || refuse ${`Unable to open source file ${want.src}`}` : raw(':')
  const keep =
    want.dest === undefined
      ? raw(':')
      : sh`${placeDownload(want, false)}
keep() {
f=${operand(want.dest)}
[ -d "$f" ] && f=\${f%/}/${urlFilename(want.url)}
place
tell path "$f"
}
[ "$rc" -ne 0 ] || case $code in ${raw(want.status_code.join('|') || "''")}) keep ;; esac`
  const script = sh`(
${reporting}
mask=$(umask)
command -v curl >/dev/null || refuse 'curl is needed on the host to make a request: install it'
${readable}
${privateDirectory()}
${made.lines}
fetch
tell rc "$rc"
tell url "$url"
show heads "$d/heads"
show err "$d/err"
${keep}
printf 'body\\0'; cat "$d/body"
)`
  return { script, stdin: made.stdin }
}

function answer(want: Want, output: Output): ModuleResult {
  const elapsed = Math.floor((output.end - output.start) / 1000)
  const { told, body } = hostReport(output.stdout)
  if (told.rc === undefined) {
    const why = told.refused ?? (output.stderr.toString().trim() || `the script that asks ended with ${output.code}`)
    return { changed: false, failed: true, status: -1, url: splitLogin(want.url).url, redirected: false, elapsed, msg: why }
  }
  const reply = httpReply(Number(told.rc), told.url ?? '', told.heads ?? '', told.err ?? '')
  const type = header(reply, 'content-type') ?? ''
  const content = decodeBody(body, type)
  const { cookies, text: cookies_string } = cookieJar(reply.cookies, output.end)
  const good = want.status_code.includes(reply.status)
  const unplaced = good && want.dest !== undefined && told.refused !== undefined
  const said =
    reply.rc !== 0
      ? describeFailure(reply)
      : reply.status >= 300
        ? `HTTP Error ${reply.status}: ${reply.reason}`
        : `OK (${header(reply, 'content-length') ?? 'unknown'} bytes)`
  const { checksum_src: _s, checksum_dest: _d, ...placed } = told.stat === undefined ? {} : (placedKeys(told) as Record<string, unknown>)
  return {
    ...headerKeys(reply),
    ...parseJson(content, type),
    ...(told.stat !== undefined && { ...placed, path: told.path }),
    cookies,
    cookies_string,
    changed: told.changed === 'yes',
    status: reply.status,
    url: reply.url,
    redirected: reply.url !== splitLogin(want.url).url,
    elapsed,
    msg: unplaced
      ? `Could not replace file: ${told.refused}`
      : good
        ? said
        : `Status code was ${reply.status} and not [${want.status_code.join(', ')}]: ${said}`,
    ...((!good || unplaced) && { failed: true }),
    ...((want.return_content || (!good && reply.rc === 0)) && { content }),
  }
}

export const uri = defineModule({
  name: 'uri',
  summary: 'Make an HTTP request from the host.',
  notes: [
    'curl makes the request, so the host must have it; .curlrc is not read. Nothing of url, headers, login or body is ever in an argument list.',
    'A request never counts as changed, only a changed `dest` does; a dry run makes none.',
    'A login, `Authorization` and `Cookie` are not sent on to another host than the one asked.',
    '`src` and files of a form may have 1 MiB when they come from the controller; `remote_src` files may have any size.',
    'Files of a form are sent as they are unless their `multipart_encoding` is base64.',
  ],
  params,
  examples: [
    { title: 'Is the page there', params: { url: 'http://www.example.com' } },
    {
      title: 'Log in and keep the token',
      params: {
        url: 'http://127.0.0.1:8008/_matrix/client/v3/login',
        method: 'POST',
        body_format: 'json',
        body: { type: 'm.login.password', user: 'ops', password: '<%= ops_password %>' },
        return_content: true,
      },
    },
    {
      title: 'Either answer will do',
      params: { url: 'https://example.com/api', status_code: [200, 404], headers: { Accept: 'application/json' } },
    },
    { title: 'Through a socket', params: { url: 'http://localhost/version', unix_socket: '/run/docker.sock' } },
  ],
  returns: {
    status: 'The status of the answer, -1 when there was none.',
    url: 'The address that answered.',
    redirected: 'Whether that is another one than was asked.',
    content: 'The body, with return_content or when the status is not wanted.',
    json: 'The body parsed, when its type is JSON.',
    cookies: 'Cookies by name.',
    cookies_string: 'Cookies as a Cookie header has them.',
    elapsed: 'Whole seconds.',
    msg: '"OK (… bytes)", or what went wrong.',
    path: 'With dest: the file.',
    content_type: 'This and every other header: in lower case, with _ for -.',
  },
  inputs: (want): Inputs => ({
    ...(want.src !== undefined && !want.remote_src && { src: { path: want.src, as: 'file' as const } }),
    ...Object.fromEntries(fields(want).map(([name, file]) => [`${FIELD}${name}`, { path: file, as: 'file' as const }])),
  }),
  facts: (want) => ({
    creates: want.creates === undefined ? undefined : glob({ pattern: literal(want.creates) }),
    removes: want.removes === undefined ? undefined : glob({ pattern: literal(want.removes) }),
  }),
  plan: (want, is, inputs) => {
    const body = bodyOf(want, inputs)
    if (body && 'why' in body) return { changes: [], failure: body.why }
    const failure = want.mode === 'preserve' ? 'mode: preserve has no meaning here' : refuseRequest(want, ['http', 'https'])
    if (failure !== undefined) return { changes: [], failure }
    const message = skipped(want, is)
    if (message !== undefined) return { changes: [], message }
    const { script, stdin } = request(want, body)
    const step = run(script, { stdin, anyExit: true, userEnvironment: true })
    const shown = splitLogin(want.url).url
    return [
      want.dest === undefined
        ? { summary: `${want.method} ${shown}`, steps: [step], reads: true }
        : { summary: `${want.method} ${shown} into ${want.dest}`, steps: [step], opaque: true },
    ]
  },
  result: (want, is, outputs) => {
    const [output] = outputs
    if (output) return answer(want, output)
    const message = skipped(want, is)
    return message === undefined
      ? { url: splitLogin(want.url).url, redirected: false, elapsed: 0 }
      : { changed: false, msg: message, stdout: message }
  },
})
