import { operand } from '../../module/host-path.ts'
import { raw, type Sh, sh } from '../../module/shell.ts'

/** Seconds; `timeout` and `delay` are whole ones. */
export interface Patience {
  readonly timeout: number
  readonly delay: number
  readonly sleep: number
}

// /proc/uptime has hundredths of a second (proc(5)) and costs no fork.
const CLOCK = raw(`now() { read -r up _ </proc/uptime; up=\${up%.*}\${up#*.}; up=\${up#0}; }
left() { now; left=$((end - up)); [ "$left" -gt 0 ] || left=0; }
seconds() { seconds=$(printf '%d.%02d' $(($1 / 100)) $(($1 % 100))); }
finish() { now; printf '%s %s\\n' "$1" $((up - start)); }
refuse() { finish refused; printf '%s\\n' "$1"; exit 0; }
now; start=$up`)

/**
 * One request that waits on the host until `condition` (a shell command) succeeds. Prints `found`, `timeout` or `refused` with the
 * hundredths of a second it took, and after that line what `found` prints, or the reason of a refusal.
 */
export const waitUntil = (patience: Patience, before: Sh, condition: Sh, found: Sh = raw(':')): Sh => sh`(
${CLOCK}
end=$((start + ${patience.timeout * 100}))
${before}
${patience.delay > 0 ? sh`sleep ${patience.delay}` : raw(':')}
until ${condition}; do
left
[ "$left" -gt 0 ] || { finish timeout; exit 0; }
pause=${Math.round(patience.sleep * 100)}
[ "$pause" -lt "$left" ] || pause=$left
seconds "$pause"; sleep "$seconds"
done
finish found
${found}
)`

/** A wait for nothing but time. */
export const waitOnly = (seconds: number): Sh => sh`(
${CLOCK}
sleep ${seconds}
finish found
)`

/** Lines defining `open`, which succeeds when a TCP connection can be made within the given seconds. */
export const portProbe = (host: string, port: number, connectTimeout: number): Sh => {
  const within = sh`left
[ "$left" -lt ${connectTimeout * 100} ] && [ "$left" -gt 10 ] || left=${connectTimeout * 100}
seconds "$left"`
  const url = `telnet://${host.includes(':') ? `[${host}]` : host}:${port}`
  return sh`if command -v bash >/dev/null; then
open() { ${within}; timeout "$seconds" bash -c ': <>"/dev/tcp/$0/$1"' ${host} ${port} </dev/null 2>/dev/null; }
elif command -v curl >/dev/null; then
open() { ${within}; case $(curl -q -s --connect-timeout "$seconds" --max-time "$seconds" -o /dev/null -w '%{time_connect}' ${url} </dev/null 2>/dev/null) in
''|0.000000) return 1 ;; esac; }
elif command -v nc >/dev/null; then
open() { nc -z -w ${connectTimeout} -- ${host} ${port} </dev/null >/dev/null 2>&1; }
else refuse 'bash, curl or nc is needed on the host to wait for a port'
fi`
}

/** Lines defining `matches FILE`: the expression is Perl's as grep(1) has it, the file's bytes are its subject. */
export const matcher = (expression: string): Sh => sh`matches() { LC_ALL=C grep -Pzqae ${expression} -- "$1" 2>/dev/null; }
why=$(LC_ALL=C grep -Pzqae ${expression} </dev/null 2>&1)
[ $? -lt 2 ] || refuse "search_regex cannot be used on this host: $why"
show() { if [ "$(stat -L -c %s -- "$1")" -le 1048576 ]; then cat -- "$1"
else LC_ALL=C grep -Pzoae ${expression} -- "$1" | tr '\\0' '\\n' | head -c 1048576; fi; }`

/** Lines defining \`heard\`: connects, and succeeds when what the other side says matches; returns when it hangs up or time is over. */
export const listener = (host: string, port: number, connectTimeout: number): Sh => sh`command -v bash >/dev/null ||
refuse 'bash is needed on the host to search what a port says'
d=$(mktemp -d) || exit 1
trap 'rm -rf -- "$d"' EXIT
trap 'exit 1' HUP INT TERM
heard() {
left; seconds "$left"
rm -f -- "$d/open" "$d/done"
timeout "$seconds" bash -c '{ : >"$2/open"; cat <&3; } 3<>"/dev/tcp/$0/$1"; : >"$2/done"' ${host} ${port} "$d" </dev/null >"$d/said" 2>/dev/null &
listener=$!
now; patience=$((up + ${connectTimeout * 100}))
while :; do
ended=; [ -e "$d/done" ] && ended=yes
left
[ "$left" -gt 0 ] || ended=yes
[ -e "$d/open" ] || [ "$up" -lt "$patience" ] || ended=yes
if matches "$d/said"; then kill "$listener" 2>/dev/null; return 0; fi
[ -z "$ended" ] || { kill "$listener" 2>/dev/null; return 1; }
sleep 0.1
done
}`

export const exists = (path: string): Sh => sh`[ -e ${operand(path)} ]`
