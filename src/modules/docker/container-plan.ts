import { type Content, content } from '../../facts/content.ts'
import { type DockerContainer, dockerContainer } from '../../facts/docker-container.ts'
import { type DockerImage, dockerImage } from '../../facts/docker-image.ts'
import { dockerLeftovers, type Leftovers } from '../../facts/docker-leftovers.ts'
import { type DockerNetwork, dockerNetwork } from '../../facts/docker-network.ts'
import { type DockerServer, dockerServer } from '../../facts/docker-server.ts'
import type { Change, ModuleResult, Output, Plan } from '../../module/define.ts'
import { makingChanges, removal, restarting, restartPolicyChange, starting, stopping, waiting } from './container-changes.ts'
import { comparisonOf, containerDifferences, imageDifference } from './container-compare.ts'
import { parseEnvFile, wantedEnv, withoutFileValues } from './container-env.ts'
import { hasHealthcheck } from './container-health.ts'
import { clearing, quieting, reclaiming, withoutOld } from './container-leftovers.ts'
import { networkChanges } from './container-networks.ts'
import type { ContainerWant } from './container-params.ts'
import { UNCHANGED } from './container-script.ts'
import { whyUnknown } from './docker-script.ts'
import { lostNetworks, restingIn } from './endpoints.ts'
import { withTag } from './reference.ts'

export interface ContainerAnswers {
  readonly server: DockerServer
  readonly container: DockerContainer | undefined
  readonly left: Leftovers
  /** What the wanted name points to on the host. */
  readonly image: DockerImage | undefined
  readonly envFile: Content | undefined
  /** The container whose network it is to have. */
  readonly peer: DockerContainer | undefined
  /** What the container was made from. */
  readonly origin: DockerImage | undefined
  /** The networks of one that does not run. */
  readonly resting: readonly (DockerNetwork | undefined)[]
}

const PEER = /^container:(.+)$/

export const containerFacts = (want: ContainerWant) => ({
  server: dockerServer(),
  container: dockerContainer(want.name),
  left: dockerLeftovers(want.name),
  image: want.image === undefined ? undefined : dockerImage(withTag(want.image, 'latest')),
  envFile: want.env_file === undefined ? undefined : content(want.env_file),
  peer: PEER.test(want.network_mode ?? '') ? dockerContainer(PEER.exec(want.network_mode!)![1]!) : undefined,
})

type Found = Pick<ContainerAnswers, 'container' | 'left'>

/** The container; or the one that had its name until a run was cut off. */
const present = ({ container, left }: Found): DockerContainer | undefined => container ?? left.old

export const containerMore = (_: ContainerWant, found: Found) => {
  const is = present(found)
  return { origin: is?.Image ? dockerImage(is.Image) : undefined, resting: restingIn(is).map(dockerNetwork) }
}

export function planContainer(given: ContainerWant, answers: ContainerAnswers): Plan {
  const { server, container, left, image, peer } = answers
  const is = present(answers)
  const refused = (failure: string): Plan => ({ changes: [], failure })
  const unknown = whyUnknown(server)
  if (unknown !== undefined) return refused(unknown)
  if (given.state === 'absent') return { changes: [...clearing(given, left), ...(container ? [removal(given, container)] : [])] }
  // Docker keeps another container's network by that container's id
  const want = peer?.Id ? { ...given, network_mode: `container:${peer.Id}` } : given
  const file = want.env_file === undefined ? undefined : envLines(want.env_file, answers.envFile)
  if (typeof file === 'string') return refused(file)
  const name = want.image === undefined ? is?.Config.Image : withTag(want.image, 'latest')
  if (name === undefined) return refused(`there is no container ${want.name}: image is required to make it`)
  if (!is && !image && want.pull === 'never') return refused(`there is no image ${name} on the host, and pull is never`)

  const reasons = is ? whyAnew(want, answers, is, name, file) : []
  const anew = reasons.length > 0
  if (want.state === 'healthy') {
    const checked =
      anew || !is?.Id ? hasHealthcheck(want, image?.Config ?? undefined) : !!is.State.Health || hasHealthcheck(want, is.Config)
    if (checked === false) return refused(`state healthy requires a healthcheck, and neither the task nor the image ${name} has one`)
  }
  if (anew && !image && want.image !== undefined && want.pull === 'never')
    return refused(`there is no image ${name} on the host to recreate ${want.name} from, and pull is never (${reasons.join('; ')})`)
  const env = wantedEnv(want, file)
  const made = makingChanges({ want, is, image, name, env, reasons })
  const kept = is && !anew ? upkeep(want, is, lostNetworks(is, answers.resting)) : []
  const back = !container && is ? [reclaiming(want, is)] : []
  // making it anew clears them itself
  const rest = anew || !is ? {} : back.length > 0 ? withoutOld(left) : left
  const changes = [...back, ...quieting(want, rest), ...made, ...kept, ...clearing(want, rest)]
  const waits = want.state === 'healthy' && (changes.length > 0 || is?.State.Health?.Status !== 'healthy')
  return { changes: [...changes, ...(waits ? [waiting(want)] : [])] }
}

/** The lines of env_file, or why there are none. */
function envLines(path: string, is: Content | undefined): string[] | string {
  if (!is?.bytes) return `env_file ${path} cannot be read: ${is?.why ?? 'no file'}`
  const lines = parseEnvFile(is.bytes.toString())
  return typeof lines === 'string' ? `env_file ${path} cannot be used: ${lines}` : lines
}

function whyAnew(
  want: ContainerWant,
  { image, origin }: ContainerAnswers,
  is: DockerContainer,
  name: string,
  file: readonly string[] | undefined,
): string[] {
  const asked = want.recreate ? ['asked for'] : []
  // of one that a dry run would have made nothing else is known
  if (is.Id === '') return asked
  const networked = want.network_mode === undefined && (want.networks?.length ?? 0) > 0 && comparisonOf(want, 'networks') !== 'ignore'
  const alone = networked && /^(host|none$|container:)/.test(is.HostConfig.NetworkMode ?? '')
  return [
    ...asked,
    ...(want.image === undefined ? [] : imageDifference(want, is, image, name)),
    ...containerDifferences(want, is, origin?.Config ?? undefined, file),
    ...(alone ? [`network_mode ${is.HostConfig.NetworkMode} → ${want.networks![0]!.name}`] : []),
  ]
}

/** What can be done to a container that stays. */
function upkeep(want: ContainerWant, is: DockerContainer, lost: readonly string[]): Change[] {
  const running = is.State.Running === true
  const settled = is.Id === '' ? [] : [...restartPolicyChange(want, is), ...networkChanges(want, is, lost)]
  if (want.state === 'stopped') return [...settled, ...(running ? [stopping(want, is)] : [])]
  if (running && want.restart) return [...settled, restarting(want, is)]
  const starts = want.state !== 'present' && (!running || is.State.Paused)
  return [...settled, ...(starts ? [starting(want, is)] : [])]
}

export function containerResult(want: ContainerWant, { container, origin }: ContainerAnswers, outputs: readonly Output[]): ModuleResult {
  const idle = outputs.length > 0 && outputs.every((output) => output.stdout.toString().trimEnd().endsWith(UNCHANGED))
  const shown = container ? withoutFileValues(want, container, origin?.Config ?? undefined) : {}
  return { ...(want.state !== 'absent' && { container: shown }), ...(idle && { changed: false }) }
}
