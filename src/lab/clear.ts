import { spawnSync } from 'node:child_process'
import { environment, must } from './command.ts'

/**
 * $1 pattern of the host names, $2 directory. Everything of a host is found by its name or below its directory, so the same
 * text clears away a host, a lab and what a killed process left. Killing nspawn alone would leave the host's PID 1 alive:
 * cgroup.kill takes all. Every wait is bounded.
 */
const clearHosts = `# clear hosts
groups() {
  while read -r _ at type _; do
    case $type in cgroup | cgroup2) for group in "$at"/$1; do [ -d "$group" ] && echo "$group"; done ;; esac
  done </proc/self/mounts
}
for group in $(groups "$1"); do
  [ -e "$group/cgroup.kill" ] || continue
  echo 1 >"$group/cgroup.kill"
  i=0
  while grep -qs 'populated 1' "$group/cgroup.events" && [ $i -lt 200 ]; do i=$((i + 1)); sleep 0.05; done
done
for space in /run/netns/$1; do [ -e "$space" ] && ip netns del "\${space##*/}"; done
# A packet in flight can keep a namespace, and with it the pair of links, for a moment.
for link in /sys/class/net/$1; do [ -e "$link" ] && ip link del "\${link##*/}" 2>/dev/null; done
for left in /run/systemd/nspawn/propagate/$1 /run/systemd/nspawn/unix-export/$1; do
  [ -e "$left" ] || continue
  umount "$left" 2>/dev/null
  rm -rf --one-file-system "$left"
done
i=0
while groups=$(groups "$1") && [ -n "$groups" ] && [ $i -lt 40 ]; do
  for group in $groups; do find "$group" -depth -type d -exec rmdir {} + 2>/dev/null; done
  [ -z "$(groups "$1")" ] && break
  i=$((i + 1))
  sleep 0.05
done
for root in "$2/root" "$2"/*/root; do
  [ -d "$root" ] && rm -f "/run/systemd/nspawn/locks/$(stat -c 'inode-%d:%i' "$root")"
done
# Newest mounts first; the kernel writes a space in a path as \\040.
tac /proc/self/mounts | while read -r _ at _; do
  at=$(printf '%b' "$at")
  case $at in "$2"/*) umount "$at" || umount --lazy "$at" ;; esac
done
`

/** $1 lab name, $2 directory: undoes makeNetwork. */
const clearNetwork = `# clear network
exec 9>/run/mhprov-net.lock
flock --wait 60 9
ip link del "$1" 2>/dev/null
nft delete table ip "$1" 2>/dev/null
if [ -e "$2/subnet" ]; then ip route del unreachable "$(cat "$2/subnet")" metric 4000000 2>/dev/null; fi
if command -v iptables >/dev/null; then
  iptables -w -D FORWARD -i "$1" -j ACCEPT 2>/dev/null
  iptables -w -D FORWARD -o "$1" -j ACCEPT 2>/dev/null
  iptables -w -D INPUT -i "$1" -j ACCEPT 2>/dev/null
fi
if [ -e /run/mhprov-forwarding ] && ! nft list tables ip | grep -q ' ip mh'; then
  echo 0 >/proc/sys/net/ipv4/ip_forward
  rm -f /run/mhprov-forwarding
fi
`

const remove = `rm -rf --one-file-system "$2"\n[ ! -e "$2" ]\n`

export type Clearing = string[]

/** The command that clears away one host, given the directory of its files. */
export const hostClearing = (name: string, dir: string): Clearing => ['sh', '-c', clearHosts + remove, 'sh', name, dir]

/** The command that clears away a whole lab, living or left over. */
export const labClearing = (name: string, dir: string): Clearing => {
  const network = clearNetwork
  return ['sh', '-c', `${clearHosts}set -- "\${1%-*}" "$2"\n${network}${remove}`, 'sh', `${name}-*`, dir]
}

/** Kills all of a host's processes and removes its cgroups, keeping its files: what a power cut does. */
export const powerCut = (name: string, dir: string): Clearing => ['sh', '-c', clearHosts, 'sh', name, `${dir}/none`]

/** Runs a clearing. Throws an Error when something is left. */
export const clear = async (clearing: Clearing): Promise<void> => void (await must(clearing, { timeout: 120_000 }))

const open = new Set<Clearing>()
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

function clearAll(): void {
  for (const [command, ...args] of open) spawnSync(command!, args, { env: environment(), timeout: 60_000, stdio: 'ignore' })
  open.clear()
}

function onSignal(signal: NodeJS.Signals): void {
  // Who else listens decides how the process ends; the exit hook comes after that.
  if (process.listenerCount(signal) > 1) return
  clearAll()
  unhook()
  process.kill(process.pid, signal)
}

function unhook(): void {
  process.off('exit', clearAll)
  for (const signal of signals) process.off(signal, onSignal)
}

/** Has the clearing done, synchronously, if the process ends before the returned function is called. */
export function clearAtExit(clearing: Clearing): () => void {
  if (open.size === 0) {
    process.on('exit', clearAll)
    for (const signal of signals) process.on(signal, onSignal)
  }
  open.add(clearing)
  return () => {
    if (open.delete(clearing) && open.size === 0) unhook()
  }
}
