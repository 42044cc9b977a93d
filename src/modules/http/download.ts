import { operand } from '../../module/host-path.ts'
import { raw, type Sh, sh } from '../../module/shell.ts'
import type { WantedAttributes } from '../files/ownership.ts'
import type { ChecksumParam } from './checksum-param.ts'
import { findSum } from './checksum-param.ts'
import { reporting } from './host-report.ts'
import { decodePercent, splitLogin } from './http-params.ts'
import { type HttpRequest, httpRequest, privateDirectory } from './http-request.ts'
import { placeDownload } from './place-download.ts'
import { WGET, wgetConfiguration } from './wget-request.ts'

/** A file that the host is to fetch. */
export interface Download {
  readonly request: HttpRequest
  /** A file, or a directory to be given one. */
  readonly dest: string
  /** The file's name in a directory, unless the server says another. */
  readonly name: string
  readonly checksum?: Exclude<ChecksumParam, { why: string }> | undefined
  /** Fetch it though it is there and has the checksum. */
  readonly force: boolean
  readonly backup: boolean
  readonly tmpDest?: string | undefined
  readonly attributes: WantedAttributes
}

const isFile = (url: string) => /^file:/i.test(url)

/** The path of a file:// URL. */
const filePath = (url: string) => decodePercent(url.replace(/^file:(\/\/[^/]*)?/i, ''))

const copyFile = (url: string): Sh => sh`rc=0 code=; : >"$d/heads"; { cat <${filePath(url)} >"$d/body"; } 2>"$d/err" || rc=37`

const tool = sh`if command -v curl >/dev/null; then ${raw(':')}
elif wget --version 2>/dev/null | grep -q '^GNU Wget'; then wget=yes
else refuse 'curl or wget (GNU) is needed on the host to download: install one'
fi`

const REPORT =
  raw(`report() { tell rc "$rc"; tell code "$code"; tell url "$url"; tell wget "$wget"; show heads "$d/heads"; show err "$d/err"; }
answered() { [ "$rc" -eq 0 ] && case $code:$url in 200:*|:*|[0-9]*:ftp://*) true ;; *) false ;; esac; }`)

const enterTmp = (dir: string): Sh => sh`[ -e ${operand(dir)} ] || refuse ${`${dir} directory does not exist.`}
[ -d ${operand(dir)} ] || refuse ${`${dir} is a file but should be a directory.`}`

/** The checksum file is asked for first; credentials go with it only to the host of the file itself. */
const fetchSum = (from: string, name: string): Sh => sh`main=$url mine=$first full=$settings
${
  isFile(from)
    ? copyFile(from)
    : sh`origin "$url"; home=$origin
part ${Buffer.byteLength(from)}; url=$part; origin "$url"
[ "$origin" = "$home" ] || first=$other settings=$bare
fetch`
}
answered || { tell about ${'checksum'}; report; exit 0; }
find_sum "$d/body" ${name}
[ -n "$sum" ] || refuse ${`Unable to find a checksum for file '${name}' in '${splitLogin(from).url}'`}
url=$main first=$mine settings=$full`

/** One step that fetches a file and puts it in place; its output is for `hostReport`. */
export function download(want: Download): { script: Sh; stdin: Buffer } {
  const { checksum, request } = want
  const made = httpRequest(request)
  const settings = Buffer.from(wgetConfiguration(request, true))
  const bare = Buffer.from(wgetConfiguration(request, false))
  const from = checksum && 'url' in checksum ? checksum.url : undefined
  const remoteSum = from !== undefined && !isFile(from)
  const hash = checksum ? raw(`${checksum.algorithm}sum`) : raw('')
  const script = sh`(
${reporting}
mask=$(umask) wget=
${isFile(request.url) && !remoteSum ? raw(':') : tool}
${want.tmpDest === undefined ? raw(':') : enterTmp(want.tmpDest)}
${privateDirectory(want.tmpDest)}
${made.lines}
part ${settings.length}; settings=$part
part ${bare.length}; bare=$part
${WGET_IF}
${REPORT}
${findSum}
${placeDownload(want.attributes, want.backup)}
dest=${operand(want.dest)}; f=$dest; name=${want.name}
[ -d "$dest" ] && f=\${dest%/}/$name
sum=${checksum && 'digits' in checksum ? checksum.digits : ''}
${from === undefined ? raw(':') : fetchSum(from, want.name)}
${
  from === undefined || want.force
    ? raw(':')
    : sh`if [ -f "$f" ] && had=$(${hash} <"$f") && [ "\${had%% *}" = "$sum" ]; then
tell kept yes; cp -- "$f" "$d/body"; place; tell dest "$f"; exit 0
fi`
}
${isFile(request.url) ? copyFile(request.url) : raw('fetch')}
tell about ${'file'}
report
answered || exit 0
if [ -d "$dest" ]; then
said=$(sed -n 's/^[Cc]ontent-[Dd]isposition:.*[Ff]ilename="\\{0,1\\}\\([^";]*\\).*/\\1/p' "$d/heads" | tail -n 1 | tr -d '\\r'); said=\${said##*/}
case $said in ''|.|..) ;; *) f=\${dest%/}/$said ;; esac
fi
tell dest "$f"
${
  checksum
    ? sh`had=$(${hash} <"$d/body"); had=\${had%% *}
[ "$had" = "$sum" ] || refuse "The checksum for $url did not match $sum; it was $had."`
    : raw(':')
}
tell src "$d/body"
place
)`
  return { script, stdin: Buffer.concat([made.stdin, settings, bare, ...(remoteSum ? [Buffer.from(from)] : [])]) }
}

// the definition made last is the one that counts
const WGET_IF = sh`if [ -n "$wget" ]; then
${WGET}
fi`
