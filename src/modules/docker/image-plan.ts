import { type DockerImage, dockerImage } from '../../facts/docker-image.ts'
import { type DockerServer, dockerServer } from '../../facts/docker-server.ts'
import { type Change, type ModuleResult, type Output, type Plan, run } from '../../module/define.ts'
import { operand } from '../../module/host-path.ts'
import { type Sh, sh } from '../../module/shell.ts'
import { dockerScript, whyUnknown } from './docker-script.ts'
import { shortId, withTag } from './reference.ts'

export interface ImageWant {
  readonly name: string
  readonly tag: string
  readonly state: 'present' | 'absent'
  readonly source?: 'pull' | 'load' | 'build' | 'local' | undefined
  readonly force_source: boolean
  readonly force_absent: boolean
  readonly force_tag: boolean
  readonly load_path?: string | undefined
  readonly build?: ImageBuild | undefined
  readonly pull?: { readonly platform?: string | undefined } | undefined
  readonly repository?: string | undefined
}

interface ImageBuild {
  readonly path: string
  readonly dockerfile?: string | undefined
  readonly args: Readonly<Record<string, string>>
  readonly pull: boolean
  readonly nocache: boolean
  readonly target?: string | undefined
  readonly platform?: string | undefined
  readonly network?: string | undefined
  readonly rm: boolean
}

interface ImageAnswers {
  readonly server: DockerServer
  readonly image: DockerImage | undefined
  readonly other: DockerImage | undefined
}

export const imageFacts = (want: ImageWant) => ({
  server: dockerServer(),
  image: dockerImage(withTag(want.name, want.tag)),
  other: want.repository === undefined ? undefined : dockerImage(otherName(want.repository, want)),
})

/** The further name, which has the image's tag unless it says its own. */
const otherName = (repository: string, want: Pick<ImageWant, 'name' | 'tag'>): string => {
  const [, tag = want.tag] = /:(\w[\w.-]*)$/.exec(want.name.split('@')[0]!) ?? []
  return withTag(repository, tag)
}

export function planImage(want: ImageWant, { server, image, other }: ImageAnswers): Plan {
  const name = withTag(want.name, want.tag)
  const unknown = whyUnknown(server)
  if (unknown !== undefined) return { changes: [], failure: unknown }
  if (want.state === 'absent') return { changes: image ? [removal(want, name)] : [] }
  if (want.source === 'local' && !image) return { changes: [], failure: `Cannot find the image ${name} locally` }
  const fetched = !image || (want.force_source && want.source !== 'local')
  const alias = want.repository === undefined ? undefined : otherName(want.repository, want)
  const named = alias === undefined || (other && !want.force_tag) || (other?.Id === image?.Id && !fetched)
  return { changes: [...(fetched ? [fetching(want, name, image)] : []), ...(named ? [] : [naming(name, alias, image, other)])] }
}

const removal = (want: ImageWant, name: string): Change => ({
  summary: `remove image ${name}`,
  steps: [run(dockerScript(sh`docker image rm ${want.force_absent ? ['--force'] : []} -- ${name}`))],
  makes: [dockerImage(name).will(undefined)],
})

/** What an image is in a dry run that would fetch it: there, and unknown. */
export const UNSEEN: DockerImage = { Id: '' }

const VERBS = { pull: 'pull', load: 'load', build: 'build', local: '' }

function fetching(want: ImageWant, name: string, image: DockerImage | undefined): Change {
  const verb = VERBS[want.source!]
  const from = want.source === 'load' ? ` from ${want.load_path}` : want.source === 'build' ? ` in ${want.build!.path}` : ''
  const verify = want.source === 'load' ? sh` && ${holds(name, want.load_path!)}` : sh``
  return {
    summary: `${verb} image ${name}${from}${image ? `, now ${shortId(image.Id)}` : ''}`,
    steps: [run(dockerScript(sh`{ ${fetch(want, name)}${verify}; } && ${verdict(name, image?.Id ?? '')}`), { live: true })],
    makes: [dockerImage(name).will((before) => before ?? { ...UNSEEN, RepoTags: name.includes('@') ? [] : [name] })],
  }
}

/** Pulls an image, by docker-pull(1). */
export const pullImage = (name: string, platform?: string): Sh =>
  sh`docker image pull ${platform === undefined ? [] : ['--platform', platform]} -- ${name}`

function fetch(want: ImageWant, name: string): Sh {
  if (want.source === 'pull') return pullImage(name, want.pull?.platform)
  if (want.source === 'load') return sh`docker image load --input ${want.load_path!}`
  const { path, dockerfile, args, pull, nocache, target, platform, network, rm } = want.build!
  const options = [
    ...(dockerfile === undefined ? [] : ['--file', dockerfile.startsWith('/') ? dockerfile : `${path.replace(/\/+$/, '')}/${dockerfile}`]),
    ...Object.entries(args).map(([key, value]) => `--build-arg=${key}=${value}`),
    ...(pull ? ['--pull'] : []),
    ...(nocache ? ['--no-cache'] : []),
    ...(target === undefined ? [] : ['--target', target]),
    ...(platform === undefined ? [] : ['--platform', platform]),
    ...(network === undefined ? [] : ['--network', network]),
    ...(rm ? [] : ['--rm=false']),
  ]
  return sh`docker image build --tag ${name} ${options} -- ${operand(path)}`
}

/** An archive may hold other images than the one wanted; docker says which it has loaded. */
const holds = (name: string, archive: string): Sh => sh`{ docker image inspect -- ${name} >/dev/null 2>&1 || {
echo ${`the archive ${archive} does not hold the image ${name}; what it holds is above`} >&2; exit 1; }; }`

const NEW = 'mhprov: a new image'
const SAME = 'mhprov: still the same image'

/** Says at the end whether the image is still the one it was. */
const verdict = (name: string, id: string): Sh =>
  sh`if [ "$(docker image inspect --format '{{.Id}}' -- ${name})" = ${id} ]; then echo ${SAME}; else echo ${NEW}; fi`

const naming = (name: string, alias: string, image: DockerImage | undefined, other: DockerImage | undefined): Change => ({
  summary: `name image ${name} also ${alias}${other ? `, until now ${shortId(other.Id)}` : ''}`,
  steps: [run(dockerScript(sh`docker image tag ${name} ${alias}`))],
  makes: [dockerImage(alias).will({ ...(image ?? UNSEEN), RepoTags: [...(image?.RepoTags ?? []), alias] })],
})

const DONE = { pull: 'Pulled', load: 'Loaded', build: 'Built', local: 'Found' }

export function imageResult(want: ImageWant, { image }: ImageAnswers, outputs: readonly Output[]): ModuleResult {
  const name = withTag(want.name, want.tag)
  const texts = outputs.map((output) => output.stdout.toString())
  const [fetched] = texts.filter((text) => text.endsWith(`${NEW}\n`) || text.endsWith(`${SAME}\n`))
  const actions = texts.flatMap((text) => {
    if (want.state === 'absent') return [`Removed image ${name}`]
    if (text !== fetched) return [`Tagged image ${name}`]
    return text.endsWith(`${NEW}\n`) ? [`${DONE[want.source!]} image ${name}`] : []
  })
  return {
    image: want.state === 'absent' ? {} : (image ?? {}),
    actions,
    ...(fetched !== undefined && { stdout: fetched.replace(/mhprov: .*\n$/, '') }),
    ...(outputs.length > 0 && actions.length === 0 && { changed: false }),
  }
}
