import type { LabHost } from '../../src/lab/lab.ts'

/**
 * The `prefix` with which `settle` runs its scripts on a lab host, over one connection that ends with the host.
 * ssh joins its arguments with spaces, so the script is quoted once more.
 */
export function labShell({ privateKeyFile, knownHostsFile, address }: LabHost): string[] {
  const socket = `${privateKeyFile}.${address}`
  const ssh = [
    `ssh -F none -T -i ${privateKeyFile} -o IdentitiesOnly=yes -o UserKnownHostsFile=${knownHostsFile} -o GlobalKnownHostsFile=/dev/null`,
    `-o BatchMode=yes -o LogLevel=ERROR -o ServerAliveInterval=5 -o ServerAliveCountMax=2 -o ControlPath=${socket}`,
  ].join(' ')
  const open = `flock -o ${socket}.lock sh -c '${ssh} -O check root@${address} || ${ssh} -fNM root@${address}' </dev/null >/dev/null 2>&1`
  const quoted = `q=$(printf '%s\\n' "$3" | sed "s/'/'\\\\\\\\''/g; 1s/^/'/; \\$s/\\$/'/")`
  return ['sh', '-c', `${open}; ${quoted}; exec ${ssh} root@${address} "exec sh -c $q"`, 'on-the-host']
}
