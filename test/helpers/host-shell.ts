import type { LabHost } from '../../src/lab/lab.ts'

/**
 * What makes `sh -c SCRIPT` run on a lab host, as a prefix for settle(): ssh joins its arguments with spaces, so the script is quoted once
 * more. One connection is shared and ends a few seconds after its last use.
 */
export function hostShell({ privateKeyFile, knownHostsFile, address }: LabHost): string[] {
  const options = `-F none -T -i ${privateKeyFile} -o IdentitiesOnly=yes -o UserKnownHostsFile=${knownHostsFile} -o GlobalKnownHostsFile=/dev/null`
  const shared = `-o ControlMaster=auto -o ControlPath=${privateKeyFile}-%C -o ControlPersist=5`
  const quoted = `q=$(printf '%s\\n' "$3" | sed "s/'/'\\\\\\\\''/g; 1s/^/'/; \\$s/\\$/'/")`
  return ['sh', '-c', `${quoted}; exec ssh ${options} ${shared} -o BatchMode=yes -o LogLevel=ERROR root@${address} "exec sh -c $q"`, 'host']
}
