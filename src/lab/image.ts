import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, mkdir, open, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bootstrap } from './bootstrap.ts'
import { cloudflared } from './cloudflared/image.ts'
import { type Mirror, sourcesOf } from './mirror.ts'
import type { Blob, Repository } from './registry.ts'
import { synapse } from './synapse.ts'
import { trustLayer } from './trust.ts'
import { weekly } from './weekly.ts'

/** An image for the lab's registry: one layer of Debian packages and a few files. */
export interface ImageRecipe {
  repository: string
  /** The Debian release its packages are from. */
  suite: string
  packages: string[]
  /** The package whose upstream version is the image's, unless it has a `version` of its own. */
  main?: string
  version?: string
  /** Lines for debconf-set-selections(1). */
  answers: string[]
  files: { path: string; mode: string; text: string }[]
  /** Symbolic links, by path. */
  links: Record<string, string>
  /** `config` of the image. Source: the OCI image specification, config.md; Healthcheck is Docker's. */
  config: object
  tags: (version: string) => string[]
}

/** Every image a lab can have. */
const recipes: Record<string, ImageRecipe> = { [synapse.repository]: synapse, [cloudflared.repository]: cloudflared }

export const imageNames = Object.keys(recipes)

/**
 * A tag that every image has beside its own: the same layer under another digest, for a test that changes a tag. Pulling it
 * after another costs nothing.
 */
export const otherTag = 'v0.0.0-rehearsal'

interface Layer {
  version: string
  digest: string
  size: number
  created: string
}

export interface ImageOptions {
  name: string
  cache: string
  mirror: Mirror
  say: (line: string) => void
  signal?: AbortSignal | undefined
}

const digestOf = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`

async function digestOfFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk)
  return `sha256:${hash.digest('hex')}`
}

/** Nobody reads manuals in an image. */
const unwanted = ['doc', 'man', 'info', 'locale', 'lintian'].map((dir) => `--dpkgopt=path-exclude=/usr/share/${dir}/*`)

/** $1 tree, $2 directory of the answers and the version. mmdebstrap runs it before it installs the packages. */
const answer = `chroot "$1" debconf-set-selections <"$2/answers"`

/** $1 tree, $2 the same directory. mmdebstrap runs it at the end. */
const finish = ({ main, version, files, links }: ImageRecipe): string => {
  const writes = files.flatMap(({ path, mode, text }) => [
    `mkdir -p "$(dirname "$1${path}")"`,
    `cat >"$1${path}" <<'END OF FILE'\n${text}END OF FILE`,
    `chmod ${mode} "$1${path}"`,
  ])
  const linked = Object.entries(links).flatMap(([path, to]) => [`[ -e "$1${to}" ]`, `ln -s '${to}' "$1${path}"`])
  const versioned =
    version === undefined ? `chroot "$1" dpkg-query -W -f '\${source:Upstream-Version}' ${main}` : `printf '%s' '${version}'`
  return ['set -eu', ...writes, ...linked, `${versioned} >"$2/version"`, ''].join('\n')
}

async function buildLayer(recipe: ImageRecipe, { mirror, signal }: ImageOptions, dir: string): Promise<void> {
  const parts = join(dir, 'parts')
  await mkdir(parts, { recursive: true, mode: 0o700 })
  await writeFile(join(parts, 'answers'), recipe.answers.map((line) => `${line}\n`).join(''))
  await writeFile(join(parts, 'answer'), answer)
  await writeFile(join(parts, 'finish'), finish(recipe))
  const hook = (when: string, script: string) => `--${when}-hook=sh -e '${join(parts, script)}' "$1" '${parts}'`
  // sid's Release file may be past its date on a mirror that stands still.
  const settings = ['--aptopt=Acquire::Check-Valid-Until "false"', '--dpkgopt=force-unsafe-io', ...unwanted]
  const what = ['--variant=essential', '--format=tar', `--include=${recipe.packages}`]
  const target = join(dir, 'layer.tar')
  const sources = sourcesOf(mirror, recipe.suite)
  const args = [...what, ...settings, hook('essential', 'answer'), hook('customize', 'finish')]
  await bootstrap({ suite: recipe.suite, sources, mirror, target, args, scratch: parts, signal })
  const version = await readFile(join(parts, 'version'), 'utf8')
  await rm(parts, { recursive: true })
  const layer: Layer = { version, digest: await digestOfFile(target), size: (await stat(target)).size, created: new Date().toISOString() }
  await writeFile(join(dir, 'layer.json'), JSON.stringify(layer))
}

const LAYER = 'application/vnd.docker.image.rootfs.diff.tar'
const architecture = process.arch === 'x64' ? 'amd64' : process.arch

/** The config and the manifest of one version. Source: the OCI image specification and Docker's image manifest v2, schema 2. */
function describe(recipe: ImageRecipe, layer: Layer, version: string, trusted?: Blob): { config: Blob; manifest: Blob } {
  const blob = (mediaType: string, value: object): Blob => {
    const content = Buffer.from(JSON.stringify(value))
    return { mediaType, content, size: content.length, digest: digestOf(content) }
  }
  const config = blob('application/vnd.docker.container.image.v1+json', {
    architecture,
    os: 'linux',
    created: layer.created,
    config: { ...recipe.config, Labels: { 'org.opencontainers.image.version': version } },
    // The layer is not compressed, so that its digest as a blob is its digest as a file system too.
    rootfs: { type: 'layers', diff_ids: [layer.digest, ...(trusted ? [trusted.digest] : [])] },
    history: [
      { created: layer.created, created_by: `Debian ${recipe.suite}: ${recipe.packages.join(' ')}` },
      ...(trusted ? [{ created: layer.created, created_by: 'certificate authorities of the lab' }] : []),
    ],
  })
  const reference = ({ mediaType, size, digest }: Omit<Blob, 'content'>) => ({ mediaType, size, digest })
  const layers = [layer, ...(trusted ? [trusted] : [])].map(({ size, digest }) => reference({ mediaType: LAYER, size, digest }))
  const mediaType = 'application/vnd.docker.distribution.manifest.v2+json'
  return { config, manifest: blob(mediaType, { schemaVersion: 2, mediaType, config: reference(config), layers }) }
}

/** An image as a repository of the registry; `close` when it is served no longer. */
export interface OpenImage extends Repository {
  /** Has what is pulled from now on trust these certificate authorities (PEM) besides its own: the image is another one then. */
  trust(authorities: readonly string[]): Promise<void>
  close(): Promise<void>
}

function repositoryOf(recipe: ImageRecipe, layer: Layer, file: FileHandle, trusted?: Blob): Repository {
  const own = describe(recipe, layer, recipe.version ?? `v${layer.version}`, trusted)
  const other = describe(recipe, layer, otherTag, trusted)
  const tags = Object.fromEntries(recipe.tags(layer.version).map((tag) => [tag, own.manifest.digest]))
  return {
    name: recipe.repository,
    tags: { ...tags, [otherTag]: other.manifest.digest },
    manifests: [own.manifest, other.manifest],
    blobs: [own.config, other.config, { mediaType: 'application/octet-stream', ...layer, content: file }, ...(trusted ? [trusted] : [])],
  }
}

/**
 * The image, built now (40 to 80 s) unless the cache has one that is not too old. Its layer stays open, so that it can be
 * served although a later build removes it. Call it under a lock of the cache. Throws an Error with mmdebstrap's last words.
 */
export async function openImage(options: ImageOptions): Promise<OpenImage> {
  const { name, cache, mirror, say } = options
  const recipe = recipes[name]
  if (recipe === undefined) throw new Error(`no image called ${name}; there are ${imageNames.join(', ')}`)
  const dir = await weekly({
    dir: join(cache, 'images'),
    name: name.replace(/[^a-z0-9]/g, ''),
    recipe: [unwanted, answer, finish(recipe), recipe.packages, recipe.answers, sourcesOf(mirror, recipe.suite), mirror.proxy],
    build: (building) => {
      say(`building the image ${name} (once a week, about a minute)`)
      return buildLayer(recipe, options, building)
    },
  })
  const layer = JSON.parse(await readFile(join(dir, 'layer.json'), 'utf8')) as Layer
  const file: FileHandle = await open(join(dir, 'layer.tar'))
  const image: OpenImage = {
    ...repositoryOf(recipe, layer, file),
    trust: async (authorities) => {
      const content = await trustLayer(authorities)
      const trusted = { mediaType: 'application/octet-stream', content, size: content.length, digest: digestOf(content) }
      Object.assign(image, repositoryOf(recipe, layer, file, trusted))
    },
    close: () => file.close(),
  }
  return image
}
