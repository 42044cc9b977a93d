import { ALGORITHMS, type Algorithm } from '../../facts/checksum.ts'
import { raw, type Sh, sh } from '../../module/shell.ts'

/** get_url's `checksum`: digits, or the address of a file that has them, or why it is neither. */
export type ChecksumParam =
  | { readonly algorithm: Algorithm; readonly digits: string }
  | { readonly algorithm: Algorithm; readonly url: string }
  | { readonly why: string }

export function checksumParam(text: string): ChecksumParam {
  const colon = text.indexOf(':')
  if (colon < 0) return { why: 'The checksum parameter has to be in format <algorithm>:<checksum>' }
  const algorithm = text.slice(0, colon).trim().toLowerCase() as Algorithm
  const rest = text.slice(colon + 1).trim()
  if (!ALGORITHMS.includes(algorithm))
    return { why: `the checksum algorithm "${algorithm}" is not known, expected one of ${ALGORITHMS.join(', ')}` }
  if (/^(https?|ftp|file):\/\//.test(rest)) return { algorithm, url: rest }
  // Ansible leaves out what is no letter or digit, such as a copied full stop
  const digits = rest.replace(/\W+/g, '').toLowerCase()
  return /^[0-9a-f]+$/.test(digits) ? { algorithm, digits } : { why: 'The checksum format is invalid' }
}

const FIND = raw(`find_sum() {
sum=; lines=$(grep -c '[^[:space:]]' "$1")
while read -r first rest || [ -n "$first" ]; do
rest=\${rest%"$cr"}; first=\${first%"$cr"}; name=\${rest#\\*}
if [ -z "$rest" ] && [ "$lines" -eq 1 ]; then sum=$first
elif [ "\${name#./}" = "$2" ]; then sum=$first
else case "$first $rest" in *" ($2) = "*|*" (./$2) = "*) sum=\${rest##* } ;; esac
fi
[ -z "$sum" ] || break
done <"$1"
sum=$(printf %s "$sum" | tr -cd 'A-Za-z0-9_' | tr A-Z a-z)
}`)

/** Lines defining `find_sum FILE NAME`, which puts into `$sum` what a file in the format of sha256sum(1), plain or tagged, has for a name. */
export const findSum: Sh = sh`cr=$(printf '\\r')
${FIND}`
