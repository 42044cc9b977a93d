import { createHash } from 'node:crypto'
import { type ApacheConfigtest, CONFIGTEST } from '../../facts/apache-configtest.ts'
import { type Change, type Payload, run, type Step } from '../../module/define.ts'
import { type Sh, sh } from '../../module/shell.ts'
import { preamble } from '../files/ownership.ts'

/** A change of Apache's configuration that holds only if Apache accepts it. */
export interface Transaction {
  /** Makes the change; ends with other than 0 when it cannot, its last line on stderr saying why. */
  readonly act: Sh
  readonly stdin?: Payload | undefined
  /** Absolute paths of the files it may alter, or of directories they are in. */
  readonly alters: readonly string[]
  /** The files it is about, as Apache names them in an error. */
  readonly own: readonly string[]
  /** What Apache said before. */
  readonly before: ApacheConfigtest
  /**
   * When a change of a configuration that was broken before is kept: if the error has left `own`, so this was one of several repairs;
   * or whenever it is not in `own` afterwards, for what Apache reads before it comes to the other error.
   */
  readonly keptIf: 'error left' | 'not its own'
}

// A name that was not there goes. What differs in content, owner or mode comes back by rename(2), owner, mode and times with it.
const putBack = (paths: readonly string[]): Sh => sh`put_back() {
for p in ${paths}; do
[ -e "$p" ] || [ -L "$p" ] || continue
find "$p" ! -type d -exec sh -c 'w=$1; shift; for p do [ -e "$w$p" ] || [ -L "$w$p" ] || rm -f -- "$p" || exit 1; done' sh "$w" {} + || return 1
done
(cd "$w" && find . ! -type d -exec sh -c 'about() { stat -c "%F %a %u %g" -- "$1"; [ ! -L "$1" ] || readlink -- "$1"; }
for p do q=\${p#.}
[ "$(about "$p")" = "$(about "$q" 2>&1)" ] && { [ -L "$p" ] || cmp -s -- "$p" "$q"; } && continue
cp -a -T -- "$p" "$q.mhprov~" && mv -f -T -- "$q.mhprov~" "$q" || exit 1
done' sh {} +)
}`

const digest = (text: string): string => createHash('sha256').update(text).digest('hex')

// Apache stops at its first error, so of two broken files the second shows only when the first is mended: that must not be undone.
const progress = ({ before, own, keptIf }: Transaction): Sh => sh`mine= was=
for o in ${own}; do
[ "$at" != "$o" ] || mine=yes
[ ${before.file} != "$o" ] || was=yes
done
[ "$(printf '%s' "$said" | sha256sum)" != ${`${digest(before.message)}  -`} ] || was=
${keptIf === 'error left' ? sh`:` : sh`was=yes`}
if [ -n "$was" ] && [ -z "$mine" ]; then
kept=yes
printf '%s\\0' msg "Apache's configuration was broken before and still is, elsewhere: $said"
exit 0
fi`

// What was said before is asked again: a script must not hold lines of a configuration, which may have passwords in them.
const refusal = ({ before }: Transaction): Sh =>
  before.ok
    ? sh`fail "Apache refuses this, everything was put back: $said"`
    : sh`now=$said
if configtest apache2ctl configtest; then fail "Apache refuses this, everything was put back: $now"; fi
[ "$said" != "$now" ] || fail "Apache's configuration was broken before, nothing was changed; repair that first: $said"
fail "Apache's configuration was broken before and is with this, nothing was changed: $now; before: $said"`

/**
 * One step: the change, `apache2ctl configtest`, and everything as it was when that fails, when the change cannot be made, or when the
 * connection is lost in between. Its stdout is for `readReport`: `msg` when the change was kept though Apache has another complaint.
 */
export function transaction(change: Transaction): Step {
  const script = sh`(
${preamble}
${CONFIGTEST}
${putBack(change.alters)}
cd /
w=$(mktemp -d) || fail 'cannot make a temporary directory'
kept=yes
trap '[ -n "$kept" ] || put_back; rm -rf -- "$w"' EXIT
trap 'exit 1' HUP INT TERM
for p in ${change.alters}; do
[ -e "$p" ] || [ -L "$p" ] || continue
cp -a --parents -- ".$p" "$w" || fail "cannot copy $p"
done
kept=
( ${change.act}
) || exit 1
if configtest apache2ctl configtest; then kept=yes; exit 0; fi
${change.before.ok ? sh`:` : progress(change)}
put_back || { kept=yes k=$w w=; fail "Apache refuses this, and not everything could be put back, the copies are in $k: $said"; }
kept=yes
${refusal(change)}
)`
  return run(script, change.stdin === undefined ? {} : { stdin: change.stdin })
}

/** Fails the task for which all is as wanted but Apache refuses it: a look and no change, so a dry run leaves it to the apply. */
export const asWantedButRefused = (about: string): Change => ({
  summary: `ask Apache about ${about}`,
  reads: true,
  steps: [
    run(sh`(
${preamble}
${CONFIGTEST}
configtest apache2ctl configtest || fail ${`${about} is as wanted, and Apache refuses it: `}"$said"
)`),
  ],
})
