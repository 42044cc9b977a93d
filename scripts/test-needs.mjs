// Installs the Debian packages that the tests use on this machine: the lab's own, and an ssh server for the transport's tests, a Matrix client that is not ours.
import { spawnSync } from 'node:child_process'

const packages = ['openssh-server', 'openssh-client', 'sudo', 'curl', 'wget', 'openssl', 'python3-matrix-nio']
const { missingPackages, installPackages } = await import('../dist/src/lab/requirements.js')
const status = spawnSync('dpkg-query', ['-W', '-f', '${Package} ${db:Status-Status}\\n', ...packages], { encoding: 'utf8' }).stdout ?? ''
const missing = [...missingPackages(), ...packages.filter((name) => !status.split('\n').includes(`${name} installed`))]
if (missing.length > 0 && process.getuid?.() !== 0) {
  console.error(`the tests need these Debian packages: ${[...new Set(missing)].join(' ')}; install them, or run as root`)
  process.exit(1)
}
await installPackages([...new Set(missing)], (line) => console.log(line))
