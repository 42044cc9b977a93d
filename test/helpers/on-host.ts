import { dirname } from 'node:path'
import type { LabHost } from '../../src/lab/lab.ts'

/** Words that make `sh -c SCRIPT` run on the host: ssh joins its arguments with spaces, so the script is quoted once more. */
export function onHost({ privateKeyFile, knownHostsFile, address }: LabHost): string[] {
  const options = `-F none -T -i ${privateKeyFile} -o IdentitiesOnly=yes -o UserKnownHostsFile=${knownHostsFile} -o GlobalKnownHostsFile=/dev/null`
  // one connection for many commands; its process ends by itself soon after the last
  const shared = `-o ControlMaster=auto -o ControlPersist=10 -o ControlPath=${dirname(privateKeyFile)}/to-%h`
  const quoted = `q=$(printf '%s\\n' "$3" | sed "s/'/'\\\\\\\\''/g; 1s/^/'/; \\$s/\\$/'/")`
  return [
    'sh',
    '-c',
    `${quoted}; exec ssh ${options} ${shared} -o BatchMode=yes -o LogLevel=ERROR root@${address} "exec sh -c $q"`,
    'on-the-host',
  ]
}
