import { factKind } from '../module/fact.ts'
import { batches } from '../module/host-path.ts'
import { join, sh } from '../module/shell.ts'

interface Key {
  /** `@alice:example.com` */
  readonly id: string
  /** Of Synapse, on the host's loopback. */
  readonly port: number
}

/**
 * Whether an account is there, by its profile, which every account has until it is deactivated. `hidden`: profiles are shown to those
 * who log in only (require_auth_for_profile_requests). `silent`: Synapse does not answer. `unasked`: there is no curl.
 */
export type MatrixAccount = 'there' | 'none' | 'hidden' | 'silent' | 'unasked'

// Client-server API, GET /_matrix/client/v3/profile/{userId}
const ANSWERS: Record<string, MatrixAccount> = { '200': 'there', '404': 'none', '401': 'hidden', '403': 'hidden' }

/** A second apart. */
const TRIES = 6

export const matrixAccount = factKind<Key, MatrixAccount>({
  name: 'matrix account',
  isAbsent: (is) => is === 'none' || is === 'silent' || is === 'unasked',
  // One curl for as many as fit on a command line, and a line with the status for each. After a restart of PostgreSQL Synapse fails (5xx)
  // at each of its connections once, so those are asked again.
  script: (keys) => sh`command -v curl >/dev/null || exit 0
ask() { curl -q -s --noproxy '*' -m 10 -w '%{http_code}\n' "$@" || :; }
patiently() {
  i=0
  while :; do
    codes=$(ask "$@"); i=$((i + 1))
    case $codes in *5[0-9][0-9]*) [ $i -lt ${String(TRIES)} ] || break; sleep 1 ;; *) break ;; esac
  done
  printf '%s\n' "$codes"
}
${join(
  batches(keys.map(url)).map((urls) => sh`patiently ${urls.flatMap((one) => ['-o', '/dev/null', one])}`),
  '\n',
)}`,
  parse: (stdout, keys) => {
    const codes = stdout.toString().split('\n')
    return keys.map((_, i) => (codes.length > keys.length ? (ANSWERS[codes[i] ?? ''] ?? 'silent') : 'unasked'))
  },
})

const url = ({ id, port }: Key): string => `http://127.0.0.1:${port}/_matrix/client/v3/profile/${encodeURIComponent(id)}`
