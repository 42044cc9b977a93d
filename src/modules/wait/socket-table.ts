import { isIPv4, isIPv6 } from 'node:net'
import { join, raw, type Sh, sh } from '../../module/shell.ts'

/** States of a TCP connection by the numbers of /proc/net/tcp (Linux, include/net/tcp_states.h), under the names Ansible uses. */
export const STATES: Readonly<Record<string, string>> = {
  ESTABLISHED: '01',
  SYN_SENT: '02',
  SYN_RECV: '03',
  FIN_WAIT1: '04',
  FIN_WAIT2: '05',
  TIME_WAIT: '06',
}

/** An address as /proc/net/tcp and tcp6 write it on a little-endian machine (proc(5)); IPv4 also as it stands within IPv6. */
export function tableAddresses(address: string): string[] {
  if (isIPv4(address)) {
    const v4 = address
      .split('.')
      .reverse()
      .map((byte) => hex(Number(byte)))
      .join('')
    return [v4, `0000000000000000FFFF0000${v4}`]
  }
  const [left = [], right = []] = address.split('::').map((half) => half.split(':').filter((group) => group !== ''))
  const groups = [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right].map((group) => group.padStart(4, '0'))
  const words = [0, 2, 4, 6].map((at) => `${groups[at]}${groups[at + 1]}`.toUpperCase())
  return [words.map((word) => word.match(/../g)!.reverse().join('')).join('')]
}

const hex = (value: number, width = 2) => value.toString(16).toUpperCase().padStart(width, '0')

/** Lines defining `active`, which succeeds while a connection to a local port is in one of the states. Names are looked up for IPv4. */
export function activeConnections(want: { host: string; port: number; states: readonly string[]; excluded: readonly string[] }): Sh {
  const any = ['0.0.0.0', '::'].includes(want.host)
  return sh`named() { getent ahostsv4 -- "$1" | while read -r a _; do
IFS=.; set -- $a; a=$(printf '%02X%02X%02X%02X' "$4" "$3" "$2" "$1"); printf ' %s 0000000000000000FFFF0000%s' "$a" "$a"; done; }
here=${any ? raw("' any '") : addresses([want.host])}
there=${addresses(want.excluded)}
active() {
for table in /proc/net/tcp /proc/net/tcp6; do
[ -r "$table" ] || continue
while read -r _ l r s _; do
case $l in *:${hex(want.port, 4)}) ;; *) continue ;; esac
case ${` ${want.states.map((state) => STATES[state]).join(' ')} `} in *" $s "*) ;; *) continue ;; esac
case $here in ' any '|*" \${l%:*} "*) ;; *) continue ;; esac
case $there in *" \${r%:*} "*) continue ;; esac
return 0
done <"$table"
done
return 1
}`
}

const addresses = (hosts: readonly string[]): Sh =>
  sh`${' '}${join(
    hosts.map((host) =>
      isIPv4(host) || isIPv6(host)
        ? sh`${`${tableAddresses(host).join(' ')} `}`
        : sh`"$(named ${host}) "${host === 'localhost' ? sh`${`${tableAddresses('::1')[0]} `}` : raw('')}`,
    ),
    '',
  )}`
