import { z } from 'zod'
import { bool, int, list, number, path, secret, text } from '../../module/params.ts'
import { splitWords } from '../files/words.ts'
import { dockerName, texts } from './params.ts'
import { publishedPorts } from './ports.ts'
import { duration, size } from './quantities.ts'
import { reference } from './reference.ts'

/** A command: a list of words, or a text split as a shell would. */
const words = () =>
  z
    .union([z.array(text()), text()], { error: 'expected a command' })
    .transform((value, context) => {
      const split = Array.isArray(value) ? value : splitWords(value)
      if (!split) context.addIssue({ code: 'custom', message: 'a quote is not closed' })
      return split ?? []
    })
    .meta({ json: { type: ['string', 'array'] } })

// Docker reads variables from a file, one a line, comments begin with # (docker-run(1), --env-file).
const env = () =>
  z
    .record(
      z.string().regex(/^[^\s=#][^\s=]*$/),
      secret().refine((value) => !/[\r\n\0]/.test(value.reveal()), {
        error: 'a line break cannot be part of an environment variable given to Docker by file: put the value into a file that is mounted',
      }),
      {
        error: (issue) =>
          issue.code === 'invalid_key' ? 'expected the names of environment variables' : 'expected a mapping of names to texts',
      },
    )
    .meta({ secret: true, json: { type: 'object', additionalProperties: { type: ['string', 'integer'] } } })

const volume = text().refine((value) => /^(?:[^:]+:)?\/[^:]*(?::[A-Za-z,]+)?$/.test(value) && /^(?:\/|[A-Za-z0-9])/.test(value), {
  error: 'expected "/host/path:/path", "volume:/path" or "/path", with ":ro" behind it or not',
})

const mount = z.strictObject({
  type: z.enum(['bind', 'volume', 'tmpfs']).default('volume').describe('What is mounted.'),
  source: text().optional().describe('Path on the host, or name of a volume.'),
  target: text().describe('Path in the container.'),
  read_only: bool().default(false).describe('Whether the container may not write to it.'),
  propagation: z.enum(['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave']).optional().describe('Of a bind mount.'),
  no_copy: bool().default(false).describe('Do not fill a new volume with what the image has at its place.'),
  tmpfs_size: size().optional().describe('Size of a tmpfs.'),
  tmpfs_mode: text()
    // Docker takes 0 for none given
    .refine((mode) => /^(?!0+$)[0-7]{3,4}$/.test(mode), {
      error: 'expected a mode in three or four octal digits, such as "1777", and not 0',
    })
    .optional()
    .describe('Permissions of a tmpfs, in octal.'),
})

const network = z.strictObject({
  name: text().describe('Name of the network.'),
  aliases: list().default([]).describe('Further names of the container in this network.'),
  ipv4_address: text().optional().describe('Its address there.'),
})

const healthcheck = z.strictObject({
  test: z
    .union([z.array(text()).min(1), text()], { error: 'expected a command' })
    .optional()
    .describe('The command: a text for a shell, ["CMD-SHELL", text], ["CMD", word …], or "NONE" for no healthcheck.'),
  interval: duration().optional().describe('Time between two checks.'),
  timeout: duration().optional().describe('Time one check may take.'),
  retries: int().optional().describe('Failures in a row that make it unhealthy.'),
  start_period: duration().optional().describe('Time in which failures do not count.'),
})

const PULL = { always: 'always', missing: 'missing', never: 'never', true: 'always', false: 'missing' } as const

const COMPARED = z.enum(['strict', 'ignore', 'allow_more_present'])

/** Settings of a container, by Ansible's names. Unset: whatever it is. */
export const settings = {
  restart_policy: z.enum(['no', 'on-failure', 'always', 'unless-stopped']).optional().describe('When Docker starts it again by itself.'),
  restart_retries: int().optional().describe('How often, with restart_policy on-failure.'),
  published_ports: list()
    .refine((ports) => ports.every((port) => publishedPorts(port)), {
      error: 'expected ports such as "8008:8008", "127.0.0.1:8008:8008" or "[::1]:53:53/udp"; ranges of the same length on both sides',
    })
    .optional()
    .meta({ aliases: ['ports'] })
    .describe('Ports of the container published on the host: [address:][port:]port[/udp].'),
  volumes: z.array(volume).optional().describe('Volumes and paths of the host: source:path[:ro]. Docker makes a missing path of the host.'),
  mounts: z.array(mount).optional().describe('The same in detail; a missing path of the host is an error.'),
  env: env().optional().describe('Environment, by name. Values may be secrets: they are never part of a command line.'),
  env_file: path().optional().describe('A file on the host with more of the environment; env wins.'),
  networks: z.array(network).optional().describe('Networks it is in, and no others.'),
  network_mode: text().optional().describe('bridge, host, none, container:NAME or a network. Unset: the first of networks.'),
  command: words().optional().describe('Command and arguments, instead of the image’s.'),
  entrypoint: words().optional().describe('Entrypoint, instead of the image’s; the image’s command goes with it.'),
  user: text().optional().describe('User (and group) in the container: name or number[:group].'),
  hostname: text().optional().describe('Its host name.'),
  labels: texts().optional().describe('Labels, by name.'),
  log_driver: text().optional().describe('Where its output goes: json-file, local, journald …'),
  log_options: texts()
    .optional()
    .meta({ aliases: ['log_opt'] })
    .describe('Options of the log driver, by name.'),
  memory: size().optional().describe('Memory limit: "512M". 0 for none.'),
  cpus: number().optional().describe('How many processors it may use: 1.5.'),
  read_only: bool().optional().describe('Whether its root file system is read-only.'),
  tmpfs: list().optional().describe('Paths with a file system in memory: path[:options].'),
  capabilities: list().optional().describe('Linux capabilities to add.'),
  cap_drop: list().optional().describe('Linux capabilities to drop.'),
  security_opts: list().optional().describe('Security options, such as no-new-privileges:true.'),
  init: bool().optional().describe('Whether an init process in it reaps processes.'),
  etc_hosts: texts().optional().describe('Lines of its /etc/hosts: name to address; "host-gateway" is the host.'),
  healthcheck: healthcheck.optional().describe('How Docker tells whether it is healthy, instead of the image’s way.'),
  stop_timeout: int().optional().describe('Seconds it has to end before it is killed.'),
}

const COMPARABLE = ['*', 'image', ...Object.keys(settings).filter((name) => name !== 'env_file')]

export const containerParams = z
  .strictObject({
    name: dockerName().describe('Name of the container.'),
    image: reference().optional().describe('Its image: repo, repo:tag, repo@sha256:… or an id. Required to create it.'),
    state: z
      .enum(['started', 'present', 'stopped', 'absent', 'healthy'])
      .default('started')
      .describe('healthy: started, and waited for until its healthcheck says so. present: made, running or not.'),
    ...settings,
    pull: z
      .union([z.enum(['always', 'missing', 'never']), z.boolean()], { error: 'expected always, missing or never' })
      .default('missing')
      .transform((value) => PULL[String(value) as keyof typeof PULL])
      .meta({ json: { enum: ['always', 'missing', 'never', true, false] } })
      .describe('When to pull the image. always: each time the task runs.'),
    recreate: bool().default(false).describe('Recreate it even if nothing differs.'),
    restart: bool().default(false).describe('Restart it if it runs and is not recreated.'),
    comparisons: z
      .record(z.string(), COMPARED)
      .default({})
      .refine((given) => Object.keys(given).every((name) => COMPARABLE.includes(name)), {
        error: ({ input }) =>
          `cannot compare ${Object.keys(input as object)
            .filter((name) => !COMPARABLE.includes(name))
            .join(', ')}`,
      })
      .describe('How to compare, by parameter, or "*" for all: strict, ignore, allow_more_present (what is there besides is left).'),
    image_name_mismatch: z
      .enum(['recreate', 'ignore'])
      .default('recreate')
      .describe('What to do when the image is the same and only its name differs.'),
    keep_volumes: bool().default(true).describe('Keep anonymous volumes when it is removed or recreated.'),
    healthy_wait_timeout: number().default(300).describe('Seconds to wait for healthy.'),
  })
  .refine((want) => want.restart_retries === undefined || want.restart_policy === 'on-failure', {
    error: 'restart_retries goes with restart_policy: on-failure',
    path: ['restart_retries'],
  })
  .refine((want) => !want.networks?.length || !/^(host|none$|container:)/.test(want.network_mode ?? ''), {
    error: 'a container of this network_mode cannot be in other networks',
    path: ['networks'],
  })

export type ContainerWant = z.output<typeof containerParams>
