import { type DockerContainer, dockerContainer } from '../../facts/docker-container.ts'
import { type DockerImage, dockerImage } from '../../facts/docker-image.ts'
import { type Change, run } from '../../module/define.ts'
import { type Sh, sh } from '../../module/shell.ts'
import { comparisonOf } from './container-compare.ts'
import { envPayload } from './container-env.ts'
import { freed } from './container-leftovers.ts'
import type { ContainerWant } from './container-params.ts'
import {
  creationScript,
  type Making,
  recreationScript,
  restartPolicy,
  restartWords,
  stopWords,
  unlessSameImage,
  waitScript,
} from './container-script.ts'
import { dockerScript } from './docker-script.ts'
import { pullImage, UNSEEN } from './image-plan.ts'

/** All that decides how a container is made. */
export interface Situation {
  readonly want: ContainerWant
  readonly is: DockerContainer | undefined
  readonly image: DockerImage | undefined
  /** The image by name. */
  readonly name: string
  readonly env: ReadonlyMap<string, string> | undefined
  /** Why the one that is there must be made anew. */
  readonly reasons: readonly string[]
}

/** Pulling the image and making the container, as far as either is due. */
export function makingChanges(situation: Situation): Change[] {
  const { want, is, image, name, reasons } = situation
  const due = !is || reasons.length > 0
  const ignored = is && comparisonOf(want, 'image') === 'ignore'
  const always = want.pull === 'always' && want.image !== undefined && !ignored
  const missing = !image && want.image !== undefined && want.pull !== 'never' && (due || !ignored)
  const pulls = always || missing
  if (due) return [...(pulls ? [pulling(name, image)] : []), making(situation)]
  return pulls ? [updating(situation, is)] : []
}

const pulling = (name: string, image: DockerImage | undefined): Change => ({
  summary: image ? `pull image ${name} again` : `pull image ${name}`,
  steps: [run(dockerScript(pullImage(name)), { live: true })],
  makes: [dockerImage(name).will((before) => before ?? UNSEEN)],
})

/** Whether another image comes is seen only on the host. */
const updating = (situation: Situation, is: DockerContainer): Change => {
  const { want, name } = situation
  const { script, payload } = makingStep(situation)
  return {
    summary: `pull image ${name}${situation.image ? ' again' : ''}, and recreate container ${want.name} if it is another one`,
    steps: [
      run(
        dockerScript(sh`${pullImage(name)} || exit 1
${unlessSameImage(name, is.Image, script)}`),
        { live: true, ...payload },
      ),
    ],
    makes: [dockerImage(name).will((before) => before ?? UNSEEN)],
  }
}

const making = (situation: Situation): Change => {
  const { want, is, reasons } = situation
  const { script, payload, start } = makingStep(situation)
  return {
    summary: is
      ? `recreate container ${want.name}: ${reasons.join('; ')}`
      : `create ${start ? 'and start ' : ''}container ${want.name} from ${situation.name}`,
    steps: [run(script, payload)],
    makes: [dockerContainer(want.name).will(predicted(situation, start))],
    ...(start && { starts: true as const }),
  }
}

function makingStep(situation: Situation): { script: Sh; payload: { stdin?: NonNullable<ReturnType<typeof envPayload>> }; start: boolean } {
  const { want, is, name, env } = situation
  const stdin = envPayload(env)
  const start = want.state === 'started' || want.state === 'healthy' || (want.state === 'present' && is?.State.Running === true)
  const making: Making = { want, image: name, networks: want.networks ?? [], env: stdin !== undefined, start }
  return { script: is ? recreationScript(making) : creationScript(making), payload: stdin ? { stdin } : {}, start }
}

/** A container in a dry run that would make it: without an id, so that its settings are not compared. */
const predicted = ({ want, image, name }: Situation, start: boolean): DockerContainer => ({
  Id: '',
  Name: `/${want.name}`,
  Image: image?.Id ?? '',
  State: { Status: start ? 'running' : 'created', Running: start, ...(want.state === 'healthy' && { Health: { Status: 'healthy' } }) },
  Config: { Image: name },
  HostConfig: {},
  NetworkSettings: { Networks: Object.fromEntries((want.networks ?? []).map(({ name, aliases }) => [name, { Aliases: aliases }])) },
})

/** The restart policy can be changed while it runs (docker-update(1)). */
export function restartPolicyChange(want: ContainerWant, is: DockerContainer): Change[] {
  if (want.restart_policy === undefined || comparisonOf(want, 'restart_policy') === 'ignore') return []
  const { Name = 'no', MaximumRetryCount: retries } = is.HostConfig.RestartPolicy ?? {}
  const before = `${Name || 'no'}${retries ? `:${retries}` : ''}`
  const after = restartPolicy({ ...want, restart_retries: want.restart_retries || undefined })
  if (before === after) return []
  return [
    {
      summary: `${want.name}: restart_policy ${before} → ${after}`,
      steps: [run(dockerScript(sh`docker container update ${restartWords(want)} ${want.name} >/dev/null`))],
      makes: [
        dockerContainer(want.name).will(
          (before) =>
            before && {
              ...before,
              HostConfig: {
                ...before.HostConfig,
                RestartPolicy: { Name: want.restart_policy!, MaximumRetryCount: want.restart_retries ?? 0 },
              },
            },
        ),
      ],
    },
  ]
}

const becomes = (is: DockerContainer, name: string, state: DockerContainer['State']) =>
  dockerContainer(name).will((before) => ({ ...(before ?? is), State: { ...(before ?? is).State, ...state } }))

const RUNNING = { Status: 'running', Running: true, Paused: false }

export const starting = (want: ContainerWant, is: DockerContainer): Change => ({
  summary: is.State.Paused ? `unpause container ${want.name}` : `start container ${want.name}`,
  steps: [run(dockerScript(sh`docker container ${is.State.Paused ? 'unpause' : 'start'} ${want.name} >/dev/null`))],
  makes: [becomes(is, want.name, RUNNING)],
  starts: true,
})

export const stopping = (want: ContainerWant, is: DockerContainer): Change => ({
  summary: `stop container ${want.name}`,
  steps: [run(dockerScript(sh`docker container stop ${stopWords(want.stop_timeout)} ${want.name} >/dev/null`))],
  makes: [becomes(is, want.name, { Status: 'exited', Running: false })],
})

export const restarting = (want: ContainerWant, is: DockerContainer): Change => ({
  summary: `restart container ${want.name}`,
  steps: [run(dockerScript(sh`docker container restart ${stopWords(want.stop_timeout)} ${want.name} >/dev/null`))],
  makes: [becomes(is, want.name, RUNNING)],
})

export const waiting = (want: ContainerWant): Change => ({
  summary: `wait until container ${want.name} is healthy`,
  steps: [run(waitScript(want.name, want.healthy_wait_timeout))],
  makes: [dockerContainer(want.name).will((before) => before && { ...before, State: { ...before.State, Health: { Status: 'healthy' } } })],
  reads: true,
})

export const removal = (want: ContainerWant, is: DockerContainer): Change => {
  const remove = sh`docker container rm --force ${want.keep_volumes ? [] : ['--volumes']} ${want.name} >/dev/null`
  return {
    summary: `remove container ${want.name}`,
    steps: [
      run(
        dockerScript(
          is.State.Running ? sh`docker container stop ${stopWords(want.stop_timeout)} ${want.name} >/dev/null && ${remove}` : remove,
        ),
      ),
    ],
    makes: [dockerContainer(want.name).will(undefined), ...freed(is, want.name)],
  }
}
