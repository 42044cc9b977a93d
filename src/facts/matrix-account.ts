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
 * who log in only (require_auth_for_profile_requests). `unknown`: Synapse does not answer, or there is no curl to ask it.
 */
export type MatrixAccount = 'there' | 'none' | 'hidden' | 'unknown'

// Client-server API, GET /_matrix/client/v3/profile/{userId}
const ANSWERS: Record<string, MatrixAccount> = { '200': 'there', '404': 'none', '401': 'hidden', '403': 'hidden' }

export const matrixAccount = factKind<Key, MatrixAccount>({
  name: 'matrix account',
  isAbsent: (is) => is === 'none' || is === 'unknown',
  // one curl for as many as fit on a command line, and a line with the status for each
  script: (keys) =>
    join(
      batches(keys.map(url)).map(
        (urls) => sh`curl -q -s --noproxy '*' -m 10 -w '%{http_code}\n' ${urls.flatMap((one) => ['-o', '/dev/null', one])} || :`,
      ),
      '\n',
    ),
  parse: (stdout, keys) => {
    const codes = stdout.toString().split('\n')
    return keys.map((_, i) => ANSWERS[codes[i] ?? ''] ?? 'unknown')
  },
})

const url = ({ id, port }: Key): string => `http://127.0.0.1:${port}/_matrix/client/v3/profile/${encodeURIComponent(id)}`
