import { aptCache } from '../../facts/apt-cache.ts'
import { type Change, run, type Step } from '../../module/define.ts'
import type { Prediction } from '../../module/fact.ts'
import { join, raw, type Sh, sh } from '../../module/shell.ts'
import type { Want } from './want.ts'

/** Options of apt-get that decide what is chosen, shared by the real command and its simulation. */
export const choosing = (want: Want): string[] => [
  ...(want.default_release === undefined ? [] : ['-t', want.default_release]),
  ...(want.install_recommends === undefined
    ? []
    : want.install_recommends
      ? ['-o', 'APT::Install-Recommends=yes']
      : ['--no-install-recommends']),
  ...(want.only_upgrade ? ['--only-upgrade'] : []),
  ...(want.fail_on_autoremove && want.state !== 'absent' ? ['--no-remove'] : []),
  ...(want.allow_downgrade || want.force ? ['--allow-downgrades'] : []),
  ...(want.allow_change_held_packages || want.force ? ['--allow-change-held-packages'] : []),
  ...(want.allow_unauthenticated || want.force ? ['--allow-unauthenticated'] : []),
  ...(want.force ? ['--allow-remove-essential'] : []),
]

/** All options for a command that changes packages. */
export const options = (want: Want): string[] => [
  ...want.dpkg_options
    .split(',')
    .filter((option) => option !== '')
    .flatMap((option) => ['-o', `Dpkg::Options::=--${option}`]),
  ...choosing(want),
  ...(want.autoremove ? ['--auto-remove'] : []),
]

// apt itself waits for dpkg's lock (DPkg::Lock::Timeout), saying each second who has it, but fails at once on those of
// the lists and the archives: such a failure is tried again here. stderr goes through a file, not a pipe, because a daemon
// that a package starts may keep it open.
const APT_GET = raw(`apt_get() {
while :; do
apt-get -q -y -o DPkg::Lock::Timeout="$wait" -o Dpkg::Use-Pty=0 "$@" 2>"$e" && { cat "$e" >&2; return; }
r=$?
h=$(sed -n 's/^E: Could not get lock /waiting for /p' "$e" | head -n 1)
[ -n "$h" ] && [ "$(date +%s)" -lt "$until" ] || { cat "$e" >&2; return "$r"; }
[ "$h" = "$said" ] || echo "$h" >&2
said=$h
sleep 1
done
}`)

const UPDATE = raw(`update() {
n=0 d=1
until apt_get -o APT::Update::Error-Mode=any update; do
[ "$n" -lt "$retries" ] || { echo 'Failed to update apt cache' >&2; return 100; }
n=$((n + 1))
echo "trying again in $d s" >&2
sleep "$d"
d=$((d * 2)); [ "$d" -le "$most" ] || d=$most
done
[ ! -e /var/lib/apt/periodic/update-success-stamp ] || touch /var/lib/apt/periodic/update-success-stamp
touch /var/lib/apt/lists
[ ! -e /var/cache/apt/pkgcache.bin ] || touch /var/cache/apt/pkgcache.bin
echo 'package lists updated' >&2
}`)

const policy = (code: number): Sh => sh`p=/usr/sbin/policy-rc.d
[ ! -e "$p" ] && [ ! -L "$p" ] || mv -f -T -- "$p" "$t/policy-rc.d" || exit
printf '#!/bin/sh\\nexit %s\\n' ${code} >"$p" && chmod 0755 "$p" || exit
restore() { if [ -e "$t/policy-rc.d" ] || [ -L "$t/policy-rc.d" ]; then mv -f -T -- "$t/policy-rc.d" "$p"; else rm -f -- "$p"; fi; }`

/** One step that runs these commands, in which `apt_get` and `update` wait for locks; it stops at the first that fails. */
export function aptStep(want: Want, commands: readonly Sh[]): Step {
  const setup = sh`export LC_ALL=C DEBIAN_FRONTEND=noninteractive DEBIAN_PRIORITY=critical APT_LISTCHANGES_FRONTEND=none
wait=${want.lock_timeout} until=$(($(date +%s) + ${want.lock_timeout})) said= retries=${want.update_cache_retries} most=${want.update_cache_retry_max_delay}
t=$(mktemp -d) || exit
restore() { :; }
trap 'restore; rm -rf -- "$t"' EXIT
trap 'exit 143' HUP INT TERM
e=$t/stderr`
  return run(
    join([setup, APT_GET, UPDATE, ...(want.policy_rc_d === undefined ? [] : [policy(want.policy_rc_d)]), join(commands, ' &&\n')], '\n'),
    { live: true, anyExit: true, userEnvironment: true },
  )
}

/** What goes before and after the command proper, in the same step. */
export const around = (want: Want, due: boolean, commands: readonly Sh[]): Sh[] => [
  ...(want.clean ? [raw('apt_get clean')] : []),
  ...(due ? [raw('update')] : []),
  ...commands,
  ...(want.autoclean ? [raw('apt_get autoclean')] : []),
]

/** The lists are fresh once they were fetched. */
export const updated = (due: boolean): Prediction[] => (due ? [aptCache().will((cache) => ({ ...cache, updated: cache.now }))] : [])

/** The E: lines of apt-get, as one text. */
export const errors = (text: string): string | undefined =>
  [...new Set([...text.matchAll(/^E: (.*)$/gm)].map((match) => match[1]))].join('; ') || undefined

/** Fetching the lists for their own sake. */
export const updating = (want: Want, commands: readonly Sh[], makes: readonly Prediction[] = []): Change => ({
  summary: 'update the package lists',
  steps: [aptStep(want, commands)],
  makes: [...updated(true), ...makes],
  opaque: true,
})
