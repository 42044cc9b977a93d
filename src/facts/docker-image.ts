import { type Inspected, inspected } from './docker-inspect.ts'

/** What an image brings along for the containers made of it. */
export interface ImageConfig extends Inspected {
  readonly Env?: readonly string[] | null
  readonly Cmd?: readonly string[] | null
  readonly Entrypoint?: readonly string[] | null
  readonly Healthcheck?: Healthcheck | null
  readonly Labels?: Readonly<Record<string, string>> | null
  readonly User?: string
  readonly Volumes?: Readonly<Record<string, unknown>> | null
}

/** Durations in nanoseconds; 0 and absent mean the same. */
export interface Healthcheck {
  readonly Test?: readonly string[] | null
  readonly Interval?: number
  readonly Timeout?: number
  readonly StartPeriod?: number
  readonly Retries?: number
}

export interface DockerImage extends Inspected {
  /** `sha256:…`; '' in a dry run that would fetch it. */
  readonly Id: string
  readonly RepoTags?: readonly string[] | null
  readonly RepoDigests?: readonly string[] | null
  readonly Config?: ImageConfig | null
}

/** A reference as Docker shows it: without the default registry, with `:latest` where it has neither tag nor digest. */
export function familiar(reference: string): string {
  const short = reference.replace(/^(?:(?:index\.)?docker\.io\/)(?:library\/)?/, '').replace(/^library\//, '')
  const [name = '', digest] = short.split('@')
  const tagged = name.lastIndexOf(':') > name.lastIndexOf('/')
  // a tag beside a digest says nothing: the digest decides (docker-pull(1))
  if (digest !== undefined) return `${tagged ? name.slice(0, name.lastIndexOf(':')) : name}@${digest}`
  return tagged || isId(name) ? name : `${name}:latest`
}

/** The id of an image, not a name. */
export const isId = (reference: string): boolean => /^sha256:[0-9a-f]{64}$/.test(reference)

/** A local image by repository and tag, repository and digest, or id. */
export const dockerImage = inspected<DockerImage>('image', (is, key) => {
  const name = familiar(key)
  if (isId(name)) return is.Id === name
  return [...(is.RepoTags ?? []), ...(is.RepoDigests ?? [])].some((one) => familiar(one) === name)
})
