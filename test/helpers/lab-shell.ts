import type { LabHost } from '../../src/lab/lab.ts'

/** The `prefix` with which `settle` runs its scripts on a lab host: ssh joins its arguments with spaces, so the script is quoted once more. */
export function labShell({ privateKeyFile, knownHostsFile, address }: LabHost): string[] {
  const options = `-F none -T -i ${privateKeyFile} -o IdentitiesOnly=yes -o UserKnownHostsFile=${knownHostsFile} -o GlobalKnownHostsFile=/dev/null`
  const quoted = `q=$(printf '%s\\n' "$3" | sed "s/'/'\\\\\\\\''/g; 1s/^/'/; \\$s/\\$/'/")`
  return ['sh', '-c', `${quoted}; exec ssh ${options} -o BatchMode=yes -o LogLevel=ERROR root@${address} "exec sh -c $q"`, 'on-the-host']
}
