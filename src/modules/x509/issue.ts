import { run, type Step } from '../../module/define.ts'
import { operand, parent } from '../../module/host-path.ts'
import { raw, type Sh, sh } from '../../module/shell.ts'
import { type Attributes, lookUp, preamble, setAttributes } from '../files/ownership.ts'
import { type CertificateWant, wantedCommonName, wantedNames } from './params.ts'

/** How a file is to be once it is in place. */
export interface Placed {
  readonly path: string
  readonly set: Attributes | undefined
  readonly mode: number
}

// For -subj: what separates or escapes gets a backslash (openssl-req(1)).
const subject = (name: string): string => `/CN=${name.replace(/[/+\\]/g, '\\$&')}`

// A server's certificate and nothing else. Clients that have it as their anchor accept it so; with CA:TRUE some of them would refuse
// it as a server's (RFC 5280, 4.2.1.9; openssl-verification-options(1)).
const config = (names: readonly string[], rsa: boolean): string[] => [
  '[req]',
  'distinguished_name = dn',
  'x509_extensions = v3',
  'prompt = no',
  '[dn]',
  '[v3]',
  'basicConstraints = critical, CA:FALSE',
  `keyUsage = critical, digitalSignature${rsa ? ', keyEncipherment' : ''}`,
  'extendedKeyUsage = serverAuth',
  'subjectKeyIdentifier = hash',
  `subjectAltName = ${names.join(', ')}`,
]

const algorithm = (want: CertificateWant): string[] =>
  want.key_type === 'RSA'
    ? ['-algorithm', 'RSA', '-pkeyopt', `rsa_keygen_bits:${want.key_size ?? 3072}`]
    : ['-algorithm', 'EC', '-pkeyopt', `ec_paramgen_curve:P-${want.key_size ?? 256}`]

const beside = (path: string): string => `${operand(parent(path)).replace(/\/$/, '')}/.mhprov.XXXXXXXXXX`

/** Gives a new file what it is to have; where a file is replaced its owner is kept, as far as the user may. */
const dress = (
  variable: Sh,
  { path, set, mode }: Placed,
): Sh => sh`[ ! -e ${operand(path)} ] || chown --reference=${operand(path)} -- ${variable} 2>/dev/null || :
${setAttributes({ ...set, mode }, variable)}`

/**
 * One step that makes a certificate, and with `newKey` the key first. Both are complete under other names before the first is moved into
 * place (rename(2)): cut off between the two moves, they do not match, which the next run sees.
 */
export function issue(want: CertificateWant, certificate: Placed, key: Placed, { newKey, rsa }: { newKey: boolean; rsa: boolean }): Step {
  const trouble = (what: string) => sh`fail "openssl cannot make the ${raw(what)}: $(printf '%s' "$e" | tail -n 1)"`
  const k = raw('"$k"')
  const c = raw('"$c"')
  return run(sh`(
${preamble}
${lookUp({ ...certificate.set })}
${newKey ? lookUp({ ...key.set }) : sh`:`}
umask 077
w= c= k=
trap 'rm -f -- "$w" "$c" "$k"' EXIT
trap 'exit 1' HUP INT TERM
w=$(mktemp) && printf '%s\\n' ${config(wantedNames(want), rsa)} >"$w" || fail 'cannot write a temporary file'
c=$(mktemp -- ${beside(certificate.path)}) || fail ${`cannot write into ${parent(certificate.path)}`}
${
  newKey
    ? sh`k=$(mktemp -- ${beside(key.path)}) || fail ${`cannot write into ${parent(key.path)}`}
e=$(openssl genpkey ${algorithm(want)} -out ${k} 2>&1 </dev/null) || ${trouble('private key')}
${dress(k, key)}`
    : sh`:`
}
e=$(openssl req -new -x509 -utf8 -config "$w" -key ${newKey ? k : operand(key.path)} -passin pass: -sha256 -days ${want.selfsigned_not_after} \\
-subj ${subject(wantedCommonName(want))} -out ${c} 2>&1 </dev/null) || ${trouble('certificate')}
${dress(c, certificate)}
sync -- ${c} ${newKey ? k : []}
${newKey ? sh`mv -f -T -- ${k} ${operand(key.path)} || fail ${`cannot replace ${key.path}`}` : sh`:`}
mv -f -T -- ${c} ${operand(certificate.path)} || fail ${`cannot replace ${certificate.path}`}
)`)
}
