import { raw, type Sh } from '../../module/shell.ts'
import type { HttpRequest } from './http-request.ts'

/** A wgetrc (wget(1), `--config`) that asks as `request` does, as far as wget can; `trusted` with the login and all headers. */
export function wgetConfiguration(request: HttpRequest, trusted: boolean): string {
  const lines = [
    `user_agent = ${request.agent}`,
    `timeout = ${request.timeout}`,
    'tries = 1',
    'max_redirect = 10',
    'server_response = on',
    ...(request.validateCerts ? [] : ['check_certificate = off']),
    ...(request.useProxy ? [] : ['use_proxy = off']),
    ...(request.useNetrc ? [] : ['netrc = off']),
    ...(request.decompress ? ['compression = auto'] : []),
    ...(request.username === undefined || !trusted ? [] : [`user = ${request.username}`, `password = ${request.password ?? ''}`]),
    ...(request.forceBasicAuth ? ['auth_no_challenge = on'] : []),
    ...(request.ciphers?.length ? [`ciphers = ${request.ciphers.join(':')}`] : []),
    ...(request.clientCert === undefined ? [] : [`certificate = ${request.clientCert}`]),
    ...(request.clientKey === undefined ? [] : [`private_key = ${request.clientKey}`]),
    ...Object.entries(request.headers)
      .filter(([name]) => trusted || !/^(authorization|cookie|proxy-authorization)$/i.test(name))
      .map(([name, value]) => `header = ${name}: ${value}`),
  ]
  return `${lines.join('\n')}\n`
}

/**
 * Lines defining `fetch` like those of `httpRequest`, by GNU wget: `$settings` is its configuration. Redirects are wget's own affair,
 * so `url` stays what it was. Exit codes are turned into curl's.
 */
export const WGET: Sh = raw(`fetch() {
printf %s "$settings" >"$d/settings"; printf '%s\\n' "$url" >"$d/urls"
LC_ALL=C wget --config="$d/settings" --progress=dot:giga -O "$d/body" -i "$d/urls" 2>"$d/log"
rc=$?
sed -n -e 's/^  \\(HTTP\\/\\)/\\n\\1/p' -e t -e 's/^  \\([^ ]\\)/\\1/p' "$d/log" >"$d/heads"
grep '^[^ ]' "$d/log" | tail -n 2 >"$d/err"
code=$(sed -n 's/^HTTP\\/[^ ]* \\([0-9]*\\).*/\\1/p' "$d/heads" | tail -n 1)
case $rc in
6|8) [ -z "$code" ] || rc=0 ;;
5) rc=60 ;;
4) rc=7; if grep -q 'closed at byte' "$d/err"; then rc=18; elif grep -q 'timed out' "$d/err"; then rc=28; fi ;;
esac
}`)
