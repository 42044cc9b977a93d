import { factKind } from '../module/fact.ts'
import { raw } from '../module/shell.ts'

/** Names of the containers, running or not, that have a volume (docker-ps(1): a mount is shown by its volume's name, or its path). */
export const dockerVolumeUsers = factKind<string, readonly string[]>({
  name: 'docker-volume-users',
  script: () => raw(`docker ps --all --no-trunc --format '{{.Names}}\t{{.Mounts}}'`),
  parse: (stdout, keys) => {
    const rows = stdout
      .toString()
      .split('\n')
      .map((line) => line.split('\t'))
    return keys.map((key) => rows.filter(([, mounts]) => mounts?.split(',').includes(key)).map(([name]) => name!))
  },
  isAbsent: () => false,
})
