import { spawnSync } from 'node:child_process'
import { attempt, environment, must } from './command.ts'
import { locked } from './lock.ts'

/** All that the lab needs of a Debian machine; a mhprov target needs none of it. */
const packages = [
  'mmdebstrap',
  'debian-archive-keyring',
  'systemd-container',
  'iproute2',
  'nftables',
  'openssh-client',
  'openssl',
  'util-linux',
]

/** The Debian packages that the lab needs (or of those named) and this machine lacks; all of them where there is no dpkg. */
export function missingPackages(names: readonly string[] = packages): string[] {
  const format = '${Package} ${db:Status-Status}\\n'
  const asked = spawnSync('dpkg-query', ['-W', '-f', format, ...names], { encoding: 'utf8', env: environment() })
  const installed = new Set((asked.stdout ?? '').split('\n'))
  return names.filter((name) => !installed.has(`${name} installed`))
}

/** Installs packages with apt-get, one process at a time. Throws an Error with apt's last words. */
export async function installPackages(names: readonly string[], say: (line: string) => void): Promise<void> {
  await locked('/run/mhprov-apt.lock', async () => {
    const wanted = missingPackages(names)
    if (wanted.length === 0) return
    say(`installing ${wanted.join(', ')}`)
    const apt = ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', '-y', '-o', 'DPkg::Lock::Timeout=120']
    const install = [...apt, 'install', '--no-install-recommends', ...wanted]
    // Lists that are missing or too old make the first try fail, and cost nothing when they are good.
    if ((await attempt(install, { timeout: 600_000 })).code === 0) return
    await must([...apt, 'update'], { timeout: 300_000 })
    await must(install, { timeout: 600_000 })
  })
}
