import { type Sh, sh } from '../../module/shell.ts'
import { preamble } from '../files/ownership.ts'

/**
 * Fetches a public key and puts it into a keyring file without armour, as apt wants a .gpg to be (apt-key(8), "Supported keyring files").
 * The armour is base64 between an empty line and the checksum that begins with `=` (RFC 9580, 6.2). A page that is no key is refused.
 */
export const fetchKey = (url: string, path: string): Sh => sh`(
${preamble}
f=${path} d=\${f%/*} w=
trap '[ -z "$w" ] || rm -rf -- "$w"' EXIT
trap 'exit 1' HUP INT TERM
[ -d "$d" ] || mkdir -m 755 -- "$d" || fail "cannot make $d"
w=$(mktemp -d -- "$d/.mhprov.XXXXXXXXXX") || fail "cannot write into $d"
if command -v curl >/dev/null; then curl -q -fsSL --retry 2 --max-time 60 -o "$w/raw" -- ${url} || fail ${`cannot fetch ${url}`}
elif command -v wget >/dev/null; then wget --no-config -q -t 3 -T 60 -O "$w/raw" -- ${url} || fail ${`cannot fetch ${url}`}
else fail 'curl or wget is needed on the host to fetch the key: install one'
fi
if grep -q -e '-----BEGIN PGP PUBLIC KEY BLOCK-----' "$w/raw"; then
tr -d '\\r' <"$w/raw" | sed -n '/^-----BEGIN PGP PUBLIC KEY BLOCK-----/,/^-----END/p' | sed -e '/^-----BEGIN/,/^$/d' -e '/^=/d' -e '/^-----END/d' |
base64 -d >"$w/key" || fail ${`${url} holds a key that is damaged`}
else cat <"$w/raw" >"$w/key"
fi
case $(od -A n -t x1 -N 1 -- "$w/key" | tr -d ' ') in 98|99|9a|c6) ;; *) fail ${`what ${url} gave is no public key`} ;; esac
chmod 644 "$w/key" && mv -f -T -- "$w/key" "$f" || fail "cannot write $f"
)`
