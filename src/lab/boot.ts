import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeCgroups } from './cgroup.ts'
import { environment } from './command.ts'

/** One power-on of a host. */
export interface Boot {
  /** systemd-nspawn's exit code: 133 when the host asked for a reboot. */
  ended: Promise<number>
  /** Presses the power button: systemd inside shuts down in good order. */
  press(): void
}

/** $1… cgroups, --, a command: runs it inside those cgroups. */
const enter = `while [ "$1" != -- ]; do echo $$ >"$1/cgroup.procs"; shift; done; shift; exec "$@"`

/**
 * What differs from nspawn's defaults: a network namespace made by us and no systemd-machined, since PID 1 here may be
 * anything; the two system calls and /proc/sys/net for a container engine inside; Docker's directories from outside, because
 * its overlays cannot lie on the overlay that is the host's root. CAP_NET_ADMIN only: with all capabilities trixie tries to
 * load kernel modules and ends degraded. Source: systemd-nspawn(1).
 */
const nspawn = (name: string, dir: string): string[] => [
  ...['systemd-nspawn', '--quiet', '--boot', `--directory=${join(dir, 'root')}`, `--machine=${name}`],
  ...[`--network-namespace-path=/run/netns/${name}`, '--register=no', '--keep-unit', '--link-journal=no'],
  ...['--resolv-conf=off', '--timezone=off', '--capability=CAP_NET_ADMIN', '--system-call-filter=@keyring bpf'],
  ...[`--bind=${join(dir, 'docker')}:/var/lib/docker`, `--bind=${join(dir, 'containerd')}:/var/lib/containerd`, '--console=pipe'],
]

/** Starts systemd as PID 1 of the file tree DIR/root; what it prints goes to DIR/console.log. */
export function boot(name: string, dir: string): Boot {
  const log = openSync(join(dir, 'console.log'), 'a')
  // When this process is killed outright, the kernel presses the host's power button.
  const command = [...makeCgroups(name), '--', 'setpriv', '--pdeathsig', 'TERM', ...nspawn(name, dir)]
  const child = spawn('sh', ['-euc', enter, 'sh', ...command], {
    // A pipe kept open by the host would keep whoever reads it waiting until the host ends.
    stdio: ['ignore', log, log],
    // Its own session: Ctrl-C is for mhprov, which decides what becomes of the host.
    detached: true,
    env: { ...environment(), SYSTEMD_NSPAWN_API_VFS_WRITABLE: 'network' },
  })
  closeSync(log)
  child.unref()
  const ended = new Promise<number>((done) => {
    child.on('error', () => done(127))
    child.on('exit', (code) => done(code ?? 255))
  })
  return { ended, press: () => void child.kill('SIGTERM') }
}

/** The end of what a host printed on its console, for a message about a boot that failed. */
export const consoleEnd = (dir: string): string => readFileSync(join(dir, 'console.log'), 'utf8').trim().split('\n').slice(-8).join('\n')
