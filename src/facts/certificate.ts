import { factKind } from '../module/fact.ts'
import { operand } from '../module/host-path.ts'
import { join, raw, sh } from '../module/shell.ts'

/** A certificate file and the private key that is to fit it. The key itself stays on the host. */
export interface CertificateFiles {
  /** openssl(1) is there. */
  readonly openssl: boolean
  /** The host's clock, seconds since the epoch, when it was asked. */
  readonly now: number
  /** What the file at the certificate's path begins with, as text; undefined when there is none or it may not be read. */
  readonly pem?: string
  /** Something is at the path of the key. */
  readonly keyExists: boolean
  /** The public half of the key, in PEM; undefined when there is no key that openssl can read without a passphrase. */
  readonly publicKey?: string
}

interface Key {
  readonly path: string
  readonly privatekey: string
}

// Larger than any certificate with its chain.
const LONGEST = 256 * 1024

// The public half is what one asks for, so the passphrase is said to be empty: openssl would look for a terminal (openssl-pkey(1)).
const LOOK = raw(`look() {
[ ! -f "$1" ] || [ ! -r "$1" ] || { printf c; head -c ${LONGEST} -- "$1" | tr -d '\\000'; }
printf '\\000'
[ ! -e "$2" ] && [ ! -L "$2" ] || { printf k; [ ! -f "$2" ] || openssl pkey -in "$2" -passin pass: -pubout </dev/null; }
printf '\\000'
}
date +%s
command -v openssl >/dev/null && printf openssl
printf '\\000'`)

/** A certificate and its key by their paths (openssl-pkey(1)). Whether it is due is a matter of the host's clock, asked at the same moment. */
export const certificate = factKind<Key, CertificateFiles>({
  name: 'certificate',
  script: (keys) => join([LOOK, ...keys.map(({ path, privatekey }) => sh`look ${operand(path)} ${operand(privatekey)}`)], '\n'),
  parse: (stdout, keys) => {
    const [head = '', ...parts] = stdout.toString().split('\0')
    const [now, tool] = head.split('\n')
    return keys.map((_, i) => {
      const [pem = '', key = ''] = parts.slice(2 * i, 2 * i + 2)
      return {
        openssl: tool === 'openssl',
        now: Number(now),
        ...(pem !== '' && { pem: pem.slice(1) }),
        keyExists: key !== '',
        ...(key.length > 1 && { publicKey: key.slice(1) }),
      }
    })
  },
  isAbsent: (is) => is.pem === undefined,
})
