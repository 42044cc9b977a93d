import { raw, type Sh, sh } from '../../module/shell.ts'

/** Which redirects are followed, as Ansible's uri documents them under `follow_redirects`. */
export type Redirects = 'all' | 'safe' | 'none' | 'urllib2'

/** A request that curl makes on the host. */
export interface HttpRequest {
  readonly url: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  /** Names of headers that are not sent again after a redirect. */
  readonly unredirected: readonly string[]
  /** Bytes that travel with the step, or a file of the host. */
  readonly body?: Buffer | { readonly path: string } | undefined
  readonly redirects: Redirects
  /** Seconds without any progress after which it is given up. */
  readonly timeout: number
  readonly agent: string
  readonly validateCerts: boolean
  readonly useProxy: boolean
  readonly useNetrc: boolean
  readonly decompress: boolean
  readonly username?: string | undefined
  readonly password?: string | undefined
  readonly forceBasicAuth: boolean
  readonly ciphers?: readonly string[] | undefined
  readonly unixSocket?: string | undefined
  readonly clientCert?: string | undefined
  readonly clientKey?: string | undefined
  readonly caPath?: string | undefined
}

/** One option of a curl configuration file (curl(1), `--config`). */
const option = (name: string, value?: string): string =>
  value === undefined
    ? `${name}\n`
    : `${name} = "${value.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t')}"\n`

const given = (name: string, value: string | undefined): string => (value === undefined ? '' : option(name, value))

/** A body that fits a configuration line needs no file on the host. */
const isText = (body: Buffer) => !body.includes(0) && Buffer.from(body.toString()).equals(body)

/** Everything for curl but url, method and body. `first`: nothing was redirected yet; `trusted`: still the host that was asked. */
function configuration(request: HttpRequest, first: boolean, trusted: boolean): string {
  const withheld = [...(first ? [] : request.unredirected), ...(trusted ? [] : ['authorization', 'cookie', 'proxy-authorization'])]
  const sends = (name: string) => !withheld.some((one) => one.toLowerCase() === name.toLowerCase())
  const headers = Object.entries(request.headers).filter(([name]) => sends(name) && name.toLowerCase() !== 'content-type')
  const login = request.username !== undefined && trusted && sends('authorization')
  return [
    option('http1.1'),
    option('globoff'),
    option('path-as-is'),
    option('proto', '=http,https,ftp'),
    option('user-agent', request.agent),
    option('connect-timeout', String(request.timeout)),
    option('speed-limit', '1'),
    option('speed-time', String(request.timeout)),
    option('header', 'Expect:'),
    request.validateCerts ? '' : option('insecure'),
    request.useProxy ? '' : option('noproxy', '*'),
    request.useNetrc ? option('netrc-optional') : '',
    request.decompress ? option('compressed') : '',
    login ? option('user', `${request.username}:${request.password ?? ''}`) + option(request.forceBasicAuth ? 'basic' : 'anyauth') : '',
    request.ciphers?.length ? option('ciphers', request.ciphers.join(':')) : '',
    given('unix-socket', request.unixSocket),
    trusted ? given('cert', request.clientCert) + given('key', request.clientKey) : '',
    given('cacert', request.caPath),
    ...headers.map(([name, value]) => option('header', value === '' ? `${name};` : `${name}: ${value}`)),
  ].join('')
}

function bodyConfiguration({ body, headers, method }: HttpRequest): { text: string; data: Buffer } {
  const nothing = Buffer.alloc(0)
  const type = Object.entries(headers).find(([name]) => name.toLowerCase() === 'content-type')
  const header = type ? option('header', `Content-Type: ${type[1]}`) : ''
  if (body === undefined || method === 'HEAD') {
    const empty = ['POST', 'PUT', 'PATCH'].includes(method) ? option('header', 'Content-Length: 0') : ''
    return { text: header + empty, data: nothing }
  }
  if (!Buffer.isBuffer(body)) return { text: header + option('data-binary', `@${body.path}`), data: nothing }
  return isText(body) ? { text: header + option('data-raw', body.toString()), data: nothing } : { text: header, data: body }
}

// curl puts the login into the place it is sent on to; here that goes by the configuration alone.
// Needs `$d`, a private directory. curl is asked for one answer at a time: what of a request goes on to the next place is decided here.
// Configurations hold secrets: they stay in variables of the shell, whose own printf hands them over.
const FETCH = raw(`part() { part=$(head -c "$1"; echo x); part=\${part%x}; }
origin() { origin=\${1#*://}; origin=\${origin%%[/?#]*}; origin=\${1%%://*}://\${origin##*@}; }
without_login() { rest=\${1#*://}; place=\${rest%%[/?#]*}; url=\${1%%://*}://\${place##*@}\${rest#"$place"}; }
follows() {
case $code in 301|302|303|307|308) ;; *) return 1 ;; esac
[ -n "$next" ] || return 1
case $redirects:$method:$code in
all:*|safe:GET:*|safe:HEAD:*|urllib2:GET:*|urllib2:HEAD:*|urllib2:POST:30[123]) return 0 ;;
esac
return 1
}
fetch() {
hops=0; origin "$url"; from=$origin; now=$first
: >"$d/heads"
while :; do
case $method in HEAD) how=head ;; *) how="request = \\"$method\\"" ;; esac
: >"$d/head"; : >"$d/body"
said=$(printf '%s\\n%s\\n%s\\nurl = "%s"\\n' "$now" "$how" "$content" "$(printf %s "$url" | sed 's/["\\\\]/\\\\&/g')" |
curl -q -sS -K - -b "$d/jar" -c "$d/jar" \${netrc:+--netrc-file "$netrc"} -D "$d/head" -o "$d/body" -w '%{http_code} %{redirect_url}' 2>"$d/err")
rc=$?
cat "$d/head" >>"$d/heads"
code=\${said%% *}; next=\${said#* }
[ "$rc" -eq 0 ] && follows || return 0
hops=$((hops + 1))
[ "$hops" -le 10 ] || { rc=47; echo 'too many redirects' >"$d/err"; return 0; }
case $method:$code in
*:307|*:308) ;;
HEAD:*) content= ;;
*:302|*:303|POST:301) method=GET; content= ;;
*) content= ;;
esac
without_login "$next"; origin "$url"
if [ "$origin" = "$from" ]; then now=$same; else now=$other from=elsewhere; fi
done
}`)

/**
 * Shell lines that define `fetch` for a request, and what they read on stdin: every secret is there. After `fetch`: `rc` (curl's exit code),
 * `code` (the last status), `url` (the last one asked), and the files `heads`, `err` and `body` in `$d`.
 */
export function httpRequest(request: HttpRequest): { lines: Sh; stdin: Buffer } {
  const { text, data } = bodyConfiguration(request)
  const parts = [
    Buffer.from(configuration(request, true, true)),
    Buffer.from(configuration(request, false, true)),
    Buffer.from(configuration(request, false, false)),
    Buffer.from(text),
    Buffer.from(request.url),
  ]
  const lines = sh`${FETCH}
part ${parts[0]!.length}; first=$part
part ${parts[1]!.length}; same=$part
part ${parts[2]!.length}; other=$part
part ${parts[3]!.length}; content=$part
part ${parts[4]!.length}; url=$part
method=${request.method} redirects=${request.redirects} netrc=${request.useNetrc ? raw('$NETRC') : raw("''")}
${data.length > 0 ? sh`head -c ${data.length} >"$d/data"; content=$content$(printf 'data-binary = "@%s"' "$d/data")` : raw(':')}`
  return { lines, stdin: Buffer.concat([...parts, data]) }
}

/** A directory nobody else can enter, in `$d`, which goes when the script ends. */
export const privateDirectory = (within?: string): Sh => sh`umask 077
d=$(mktemp -d -- ${within === undefined ? raw('"${TMPDIR:-/tmp}/mhprov.XXXXXXXXXX"') : sh`${`${within.replace(/\/+$/, '')}/mhprov.XXXXXXXXXX`}`}) || exit 1
trap 'rm -rf -- "$d"' EXIT
trap 'exit 1' HUP INT TERM`
