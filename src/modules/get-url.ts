import { z } from 'zod'
import { checksum } from '../facts/checksum.ts'
import { creator } from '../facts/creator.ts'
import { lstat, type Stat, stat } from '../facts/stat.ts'
import { defineModule, type ModuleResult, type Output, run } from '../module/define.ts'
import { below } from '../module/host-path.ts'
import { bool, fileParams, path, text } from '../module/params.ts'
import { differences, made, pathResult, withAttributes } from './files/ownership.ts'
import { changeAttributes } from './files/place-file.ts'
import { checksumParam } from './http/checksum-param.ts'
import { download } from './http/download.ts'
import { hostReport } from './http/host-report.ts'
import { httpParams, login, refuseRequest, requestOf, seconds, splitLogin, urlFilename } from './http/http-params.ts'
import { describeFailure, finalUrl, header, httpReply } from './http/http-reply.ts'
import { placedKeys } from './http/place-download.ts'

const params = z.strictObject({
  url: text().describe('http://, https://, ftp:// or file:// address, as the host sees it.'),
  dest: path().describe('The file, or a directory for it: then its name is the server’s, or the last part of the URL.'),
  checksum: text()
    .default('')
    .describe(
      '"sha256:<digits>" (or md5, sha1, sha224, sha384, sha512), or "sha256:<URL of a checksum file>". A file that has it is kept, one that has not is replaced, and a download must have it.',
    ),
  backup: bool().default(false).describe('Keep a copy of a file that is replaced, with the time in its name.'),
  tmp_dest: path().optional().describe('An existing directory to download into first.'),
  timeout: seconds(10),
  ...login('username', 'password'),
  ...httpParams,
  force: bool()
    .default(false)
    .meta({ aliases: ['thirsty'] })
    .describe(
      'Download every time, and replace the file when the content differs. Otherwise a file that is there is kept, unless its checksum is wrong.',
    ),
  ...fileParams,
})
type Want = z.output<typeof params>

const isDirectory = (is: Stat) => is.exists && is.type === 'directory'
const target = (want: Want, dest: Stat) => (isDirectory(dest) ? below(want.dest, urlFilename(want.url)) : want.dest)
const wantedSum = (want: Want) => (want.checksum === '' ? undefined : checksumParam(want.checksum))

interface Is {
  readonly dest: Stat
  readonly file?: Stat | undefined
  readonly sum?: { readonly sum?: string | undefined } | undefined
}

/** Whether what is there can stay, as far as that is known without asking the server. */
function kept(want: Want, is: Is): boolean {
  const file = is.file ?? is.dest
  if (want.force || !file.exists || isDirectory(file)) return false
  const wanted = wantedSum(want)
  if (wanted === undefined) return !isDirectory(is.dest)
  return 'digits' in wanted && is.sum?.sum === wanted.digits
}

function refusal(want: Want): string | undefined {
  const wanted = wantedSum(want)
  if (wanted && 'why' in wanted) return wanted.why
  if (want.mode === 'preserve') return 'mode: preserve has no meaning here: there is no file to take it from'
  return refuseRequest(want, ['http', 'https', 'ftp', 'file'])
}

function answer(want: Want, output: Output): ModuleResult {
  const elapsed = Math.floor((output.end - output.start) / 1000)
  const { told } = hostReport(output.stdout)
  const asked = splitLogin(want.url).url
  const common = { url: asked, dest: told.dest ?? want.dest, elapsed }
  const failed = { ...common, changed: false, failed: true }
  const done: ModuleResult | undefined =
    told.stat === undefined ? undefined : { ...common, ...placedKeys(told), changed: told.changed === 'yes' }
  if (told.kept !== undefined && done) return { ...done, msg: 'file already exists' }
  if (told.rc === undefined)
    return { ...failed, msg: told.refused ?? (output.stderr.toString().trim() || `the script that downloads ended with ${output.code}`) }
  const last = told.wget === 'yes' ? finalUrl(told.heads ?? '', told.url ?? '') : (told.url ?? '')
  const reply = httpReply(Number(told.rc), last, told.heads ?? '', told.err ?? '')
  const status_code = reply.status < 0 ? (reply.rc === 0 ? null : -1) : reply.status
  const which = told.about === 'checksum' ? { url: splitLogin(last).url } : {}
  if (reply.rc !== 0) return { ...failed, ...which, status_code, msg: describeFailure(reply) }
  if (told.src === undefined && told.refused === undefined) {
    const msg = told.about === 'checksum' ? 'Request failed for the checksum file' : 'Request failed'
    return { ...failed, ...which, status_code, msg, response: `HTTP Error ${reply.status}: ${reply.reason}` }
  }
  if (!done) return { ...failed, status_code, msg: told.refused ?? 'the file could not be put in place' }
  const size = header(reply, 'content-length') ?? (reply.headers.length === 0 ? String(done.size) : 'unknown')
  return { ...done, status_code, src: told.src, msg: `OK (${size} bytes)` }
}

export const getUrl = defineModule({
  name: 'get_url',
  summary: 'Download a file to the host.',
  notes: [
    'The host downloads with curl, else with GNU wget; .curlrc and .wgetrc are not read. Nothing of url, headers or login is ever in an argument list.',
    'A file that is there is kept without asking the server whether it has a newer one: give a `checksum`, or `force`.',
    'In a directory, without a checksum, the file is downloaded every time and replaced only when it differs, as by Ansible.',
    'The file appears whole or not at all; a wrong checksum leaves the old one. `checksum_dest` is that of the file afterwards.',
    'A login, `Authorization` and `Cookie` are not sent on to another host than the one asked (by curl; wget sends headers on).',
    'A dry run makes no request.',
  ],
  params,
  examples: [
    { title: 'A file with its permissions', params: { url: 'http://example.com/path/file.conf', dest: '/etc/foo.conf', mode: '0440' } },
    {
      title: 'Checked',
      params: {
        url: 'http://example.com/path/file.conf',
        dest: '/etc/foo.conf',
        checksum: 'sha256:b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c',
      },
    },
    {
      title: 'Checked by a published list',
      params: { url: 'https://example.com/tool.tar.gz', dest: '/opt', checksum: 'sha256:https://example.com/SHA256SUMS' },
    },
    {
      title: 'With a login',
      params: {
        url: 'https://example.com/private.deb',
        dest: '/tmp/private.deb',
        url_username: 'bob',
        url_password: '<%= download_password %>',
      },
    },
  ],
  returns: {
    dest: 'The file.',
    url: 'What was asked for.',
    status_code: 'The status of the answer; null for file and ftp.',
    msg: '"OK (… bytes)", "file already exists", or what went wrong.',
    response: 'When the status was not 200: what it was.',
    checksum_src: 'SHA-1 of what was downloaded.',
    checksum_dest: 'SHA-1 of the file afterwards.',
    md5sum: 'MD5 of the file afterwards.',
    size: 'Its bytes; also mode, owner, group, uid, gid and state.',
    elapsed: 'Whole seconds.',
    backup_file: 'The copy of the old file.',
    src: 'Where it was downloaded to first.',
  },
  facts: (want) => ({ dest: stat(want.dest), creator: creator('') }),
  more: (want, is) => {
    const wanted = wantedSum(want)
    const file = target(want, is.dest)
    return {
      file: isDirectory(is.dest) ? stat(file) : undefined,
      sum: wanted && 'digits' in wanted && !want.force ? checksum({ path: file, algorithm: wanted.algorithm }) : undefined,
    }
  },
  plan: (want, is) => {
    const failure = refusal(want)
    if (failure !== undefined) return { changes: [], failure }
    const place = target(want, is.dest)
    const file = is.file ?? is.dest
    const about = { type: 'file' as const, umask: is.creator.umask }
    if (kept(want, is) && file.exists) {
      const set = differences(want, file, about)
      return set ? [changeAttributes(place, file, set, withAttributes(set, file))] : { changes: [], message: 'file already exists' }
    }
    const wanted = wantedSum(want)
    const { script, stdin } = download({
      request: { ...requestOf(want), method: 'GET', redirects: 'urllib2' },
      dest: want.dest,
      name: urlFilename(want.url),
      checksum: wanted && 'why' in wanted ? undefined : wanted,
      force: want.force,
      backup: want.backup,
      tmpDest: want.tmp_dest,
      attributes: want,
    })
    const fresh = file.exists ? file : made('file', 0o666 & ~is.creator.umask, is.creator)
    const becomes = withAttributes(differences(want, fresh, about), fresh)
    return [
      {
        summary: `download ${splitLogin(want.url).url} to ${place}`,
        steps: [run(script, { stdin, anyExit: true, userEnvironment: true })],
        makes: [
          lstat(place).will(becomes),
          stat(place).will(becomes),
          ...(wanted && 'digits' in wanted ? [checksum({ path: place, algorithm: wanted.algorithm }).will({ sum: wanted.digits })] : []),
        ],
      },
    ]
  },
  result: (want, is, outputs) => {
    const [output] = outputs
    // a change of attributes alone says nothing
    if (output && (output.code !== 0 || output.stdout.length > 0)) return answer(want, output)
    const file = is.file ?? is.dest
    const common = { url: splitLogin(want.url).url, dest: target(want, is.dest), elapsed: 0 }
    return { ...common, ...(kept(want, is) && file.exists ? { ...pathResult(file), msg: 'file already exists' } : {}) }
  },
})
