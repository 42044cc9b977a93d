import type { LabHost } from '../../src/lab/lab.ts'

/** Makes `sh -c SCRIPT` run on the host, for `settle`: ssh joins its arguments with spaces, so the script is quoted once more. One connection for all. */
export function overSsh({ privateKeyFile, knownHostsFile, address }: LabHost): string[] {
  const options = `-F none -T -i ${privateKeyFile} -o IdentitiesOnly=yes -o UserKnownHostsFile=${knownHostsFile} -o GlobalKnownHostsFile=/dev/null`
  const shared = `-o ControlMaster=auto -o ControlPath=${privateKeyFile}.%h -o ControlPersist=10`
  const quoted = `q=$(printf '%s\\n' "$3" | sed "s/'/'\\\\\\\\''/g; 1s/^/'/; \\$s/\\$/'/")`
  return [
    'sh',
    '-c',
    `${quoted}; exec ssh ${options} ${shared} -o BatchMode=yes -o LogLevel=ERROR root@${address} "exec sh -c $q"`,
    'on-the-host',
  ]
}
