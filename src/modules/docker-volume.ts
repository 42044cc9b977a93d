import { z } from 'zod'
import { dockerServer } from '../facts/docker-server.ts'
import { type DockerVolume, dockerVolume as volumeFact } from '../facts/docker-volume.ts'
import { dockerVolumeUsers } from '../facts/docker-volume-users.ts'
import { type Change, defineModule, type Plan, run } from '../module/define.ts'
import { text } from '../module/params.ts'
import { type Sh, sh } from '../module/shell.ts'
import { dockerScript, whyUnknown } from './docker/docker-script.ts'
import { differences, pairs } from './docker/options.ts'
import { dockerName, texts } from './docker/params.ts'

const params = z.strictObject({
  volume_name: dockerName()
    .meta({ aliases: ['name'] })
    .describe('Name of the volume.'),
  state: z.enum(['present', 'absent']).default('present').describe('Whether the volume is there.'),
  driver: text().default('local').describe('The volume’s driver.'),
  driver_options: texts().optional().describe('Options for the driver, by name.'),
  labels: texts().optional().describe('Labels, by name.'),
  recreate: z
    .enum(['never', 'options-changed', 'always'])
    .default('never')
    .describe('When a volume that is there is removed, with all that is in it, and made anew.'),
})

type Want = z.output<typeof params>

/** Volumes, by docker-volume(1). */
export const dockerVolume = defineModule({
  name: 'docker_volume',
  summary: 'Keep a Docker volume.',
  notes: [
    'Docker cannot change a volume: with recreate never, one whose driver, options or labels differ is left as it is, and the message says so.',
    'A volume that a container has, running or not, is not removed: the task fails and names the container.',
  ],
  params,
  examples: [
    { title: 'A volume', params: { name: 'synapse-data' } },
    {
      title: 'On a device of its own',
      params: { name: 'media', driver_options: { type: 'ext4', device: '/dev/sdb1' }, labels: { backup: 'daily' } },
    },
    { title: 'Gone, with all that is in it', params: { name: 'old-data', state: 'absent' } },
  ],
  returns: { volume: 'docker volume inspect of the volume; empty when it is absent.' },
  facts: (want) => ({ server: dockerServer(), volume: volumeFact(want.volume_name), users: dockerVolumeUsers(want.volume_name) }),
  plan: (want, { server, volume, users }): Plan => {
    const unknown = whyUnknown(server)
    if (unknown !== undefined) return { changes: [], failure: unknown }
    if (want.state === 'absent') {
      const failure = volume && inUse(want, users)
      if (failure !== undefined) return { changes: [], failure }
      return { changes: volume ? [removal(want)] : [] }
    }
    if (!volume) return { changes: [creation(want)] }
    const different = [
      ...(want.driver === volume.Driver ? [] : [`driver: ${volume.Driver} → ${want.driver}`]),
      ...differences(want.driver_options, volume.Options).map((one) => `driver_options ${one}`),
      ...differences(want.labels, volume.Labels).map((one) => `labels ${one}`),
    ].join(', ')
    if (want.recreate === 'never' || (want.recreate === 'options-changed' && different === ''))
      return different === ''
        ? { changes: [] }
        : { changes: [], message: `the volume ${want.volume_name} is left as it is (recreate: never), it differs: ${different}` }
    const failure = inUse(want, users)
    return failure === undefined ? { changes: [recreation(want, different || 'always')] } : { changes: [], failure }
  },
  result: (want, { volume }) => ({ volume: want.state === 'absent' ? {} : (volume ?? {}) }),
})

const inUse = (want: Want, users: readonly string[]): string | undefined =>
  users.length === 0
    ? undefined
    : `the volume ${want.volume_name} is in use: remove the container${users.length > 1 ? 's' : ''} ${users.join(', ')} first`

const create = (want: Want): Sh =>
  sh`docker volume create --driver ${want.driver} ${pairs('--opt', want.driver_options)} ${pairs('--label', want.labels)} -- ${want.volume_name} >/dev/null`

const remove = (want: Want): Sh => sh`docker volume rm -- ${want.volume_name} >/dev/null`

const made = (want: Want): DockerVolume => ({
  Name: want.volume_name,
  Driver: want.driver,
  Options: want.driver_options ?? null,
  Labels: want.labels ?? {},
})

const creation = (want: Want): Change => ({
  summary: `create volume ${want.volume_name}`,
  steps: [run(dockerScript(create(want)))],
  makes: [volumeFact(want.volume_name).will(made(want))],
})

const recreation = (want: Want, why: string): Change => ({
  summary: `recreate volume ${want.volume_name}, losing what is in it: ${why}`,
  steps: [run(dockerScript(sh`${remove(want)} && ${create(want)}`))],
  makes: [volumeFact(want.volume_name).will(made(want))],
})

const removal = (want: Want): Change => ({
  summary: `remove volume ${want.volume_name}`,
  steps: [run(dockerScript(remove(want)))],
  makes: [volumeFact(want.volume_name).will(undefined)],
})
