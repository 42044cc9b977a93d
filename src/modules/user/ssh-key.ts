import { type SshKey, sshKey } from '../../facts/ssh-key.ts'
import { type Change, run } from '../../module/define.ts'
import { raw, sh } from '../../module/shell.ts'
import { Secret } from '../../secrets/secret.ts'
import type { Want } from './want.ts'

const file = (want: Want): string => want.ssh_key_file ?? `.ssh/id_${want.ssh_key_type}`

/** Where the private key of an account with this home directory is, or would be. */
export const keyPath = (want: Want, home: string): string => (file(want).startsWith('/') ? file(want) : `${home}/${file(want)}`)

/** Why no key can be made: what stands there is not to be overwritten. */
export const keyFailure = (want: Want, path: string, is: SshKey): string | undefined =>
  !is.exists && is.publicExists && !want.force ? `${path}.pub exists already; "force: true" replaces it` : undefined

// Made where only root can look, then moved into place: rename(2) replaces a link and never follows it.
const MAKE = raw(`t=$(mktemp -d) || exit
trap 'rm -rf -- "$t"' EXIT
case $f in /*) ;; *) f=$(getent passwd -- "$n" | cut -d: -f6)/$f ;; esac
d=$(dirname -- "$f")
[ ! -L "$d" ] || { echo "$d is a symbolic link: no key is written through it" >&2; exit 1; }
o=$(id -u -- "$n"):$(id -g -- "$n") || exit
if [ ! -e "$d" ]; then mkdir -p -m 0700 -- "$d" && chown -- "$o" "$d" || exit; fi
c=\${c:-mhprov-generated on $(uname -n)}`)

// ssh-keygen takes a passphrase from a terminal, from SSH_ASKPASS or from its arguments, where everyone could read it.
const WITH_PASSPHRASE = raw(`umask 077
cat >"$t/passphrase" && printf '#!/bin/sh\\nexec cat "%s"\\n' "$t/passphrase" >"$t/ask" && chmod 0700 "$t/ask" || exit
SSH_ASKPASS="$t/ask" SSH_ASKPASS_REQUIRE=force`)

const PLACE = raw(
  `chmod 0644 -- "$t/key.pub" && chown -- "$o" "$t/key" "$t/key.pub" && mv -f -T -- "$t/key" "$f" && mv -f -T -- "$t/key.pub" "$f.pub"`,
)

/** Making the key pair, when there is none or it is to be replaced. */
export function keyChange(want: Want, path: string, is: SshKey): Change | undefined {
  if (is.exists && !want.force) return undefined
  const options = ['-q', '-t', want.ssh_key_type, ...(want.ssh_key_bits === undefined ? [] : ['-b', want.ssh_key_bits])]
  const keygen = sh`ssh-keygen ${options} -C "$c" -f "$t/key"`
  const secret = want.ssh_key_passphrase
  return {
    summary: `${is.exists ? 'replace' : 'make'} SSH key ${path}`,
    steps: [
      run(
        sh`n=${want.name} f=${file(want)} c=${want.ssh_key_comment ?? ''}
${MAKE}
${secret ? sh`${WITH_PASSPHRASE} ${keygen} </dev/null` : sh`${keygen} -N ''`} && ${PLACE}`,
        secret ? { stdin: new Secret(secret) } : {},
      ),
    ],
    makes: [sshKey(path).will({ exists: true, publicExists: true })],
  }
}
