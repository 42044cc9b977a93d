import { defineModule } from '../module/define.ts'
import { containerParams } from './docker/container-params.ts'
import { containerFacts, containerMore, containerResult, planContainer } from './docker/container-plan.ts'

/** Containers, by docker-create(1) and its kin. */
export const dockerContainer = defineModule({
  name: 'docker_container',
  summary: 'Keep a Docker container.',
  notes: [
    'Only what is given is compared, exactly (log_options: whether it is there), with what the image brings counted in; a parameter that is taken out of a task leaves the container as it is.',
    'A container is recreated when a setting differs or its image’s name points to another image on the host by now; the plan says which. The new one is made beside the old one, which runs until then, and is put back if the new one cannot be started.',
    'restart_policy and networks are changed without recreating. It is in the given networks only; comparisons {networks: allow_more_present} leaves others.',
    'A recreated container runs again if the old one ran, also with state present. An image’s anonymous volumes are made anew (the old ones stay, unless keep_volumes is false): give names to volumes that hold data.',
    'Variables reach the host on the standard input of a step and are read by Docker from a private file, so they are on no command line; whoever may use Docker can see them in docker inspect. A changed variable is told of by its name only.',
    'Of a container with env_file, the result shows only those values of .Config.Env that the task or the image gives; the others are masked.',
    'What a run that was cut off in the middle of a swap has left (NAME-mhprov-old, NAME-mhprov-new) is cleared by the next one, which says so; if NAME itself is missing, the old container gets its name back first.',
    'A stopped container whose network was recreated cannot be started by Docker: it is connected to the network anew.',
    'With the docker command a healthcheck is always run by the image’s shell, also one given as words; an image without a shell cannot have one of its own here.',
  ],
  params: containerParams,
  examples: [
    {
      title: 'A service, waited for until it is healthy',
      params: {
        name: 'synapse',
        image: 'matrixdotorg/synapse:latest',
        state: 'healthy',
        restart_policy: 'unless-stopped',
        published_ports: ['127.0.0.1:8008:8008'],
        volumes: ['synapse-data:/data'],
        mounts: [{ type: 'bind', source: '/run/postgresql', target: '/run/postgresql' }],
        env: { SYNAPSE_CONFIG_DIR: '/data', TZ: 'Europe/Berlin' },
      },
    },
    {
      title: 'A tunnel with its token in a secret variable, reaching the host by name',
      params: {
        name: 'cloudflared',
        image: 'cloudflare/cloudflared',
        command: ['tunnel', 'run'],
        env: { TUNNEL_TOKEN: '<%= tunnel_token %>' },
        etc_hosts: { 'host.docker.internal': 'host-gateway' },
        restart_policy: 'always',
      },
    },
    { title: 'Always the newest image', params: { name: 'web', image: 'nginx', pull: 'always', ports: ['80:80'] } },
    { title: 'Restarted, by a handler', params: { name: 'synapse', restart: true } },
    { title: 'Gone, with its anonymous volumes', params: { name: 'old', state: 'absent', keep_volumes: false } },
  ],
  returns: { container: 'docker inspect of the container: .State.Health.Status, .NetworkSettings, .Config.Env …' },
  facts: containerFacts,
  more: containerMore,
  plan: planContainer,
  result: containerResult,
})
