import { dockerContainer } from '../../facts/docker-container.ts'
import { dockerImage } from '../../facts/docker-image.ts'
import { dockerNetwork } from '../../facts/docker-network.ts'
import { dockerPrunable, type Prunable } from '../../facts/docker-prunable.ts'
import { type DockerServer, dockerServer } from '../../facts/docker-server.ts'
import { dockerVolume } from '../../facts/docker-volume.ts'
import { type Change, type ModuleResult, type Output, type Plan, run } from '../../module/define.ts'
import type { Prediction } from '../../module/fact.ts'
import { type Sh, sh } from '../../module/shell.ts'
import { dockerScript, whyUnknown } from './docker-script.ts'
import { type Filters, filterWords, isOn, passes } from './prune-filters.ts'
import { shortId } from './reference.ts'

export interface PruneWant {
  readonly containers: boolean
  readonly containers_filters: Filters
  readonly images: boolean
  readonly images_filters: Filters
  readonly networks: boolean
  readonly networks_filters: Filters
  readonly volumes: boolean
  readonly volumes_filters: Filters
  readonly builder_cache: boolean
  readonly builder_cache_all: boolean
  readonly builder_cache_filters: Filters
}

export const pruneFacts = () => ({ server: dockerServer(), prunable: dockerPrunable() })

export function planPrune(want: PruneWant, { server, prunable: is }: { server: DockerServer; prunable: Prunable }): Plan {
  const unknown = whyUnknown(server)
  if (unknown !== undefined) return { changes: [], failure: unknown }
  // containers go first, and set free what they use
  const ended = want.containers
    ? is.containers.filter((one) => !one.State.Running && keep(want.containers_filters, one.Config.Labels, one.Created, is))
    : []
  const left = is.containers.filter((one) => !ended.includes(one))
  const all = !isOn(want.images_filters, 'dangling', true)
  const images = is.images.filter(
    (one) =>
      want.images &&
      (all || is.dangling.includes(one.Id)) &&
      !left.some((container) => container.Image === one.Id) &&
      keep(want.images_filters, one.Config?.Labels, one.Created, is),
  )
  const networks = is.networks.filter((one) => want.networks && keep(want.networks_filters, one.Labels, one.Created, is))
  const used = left.flatMap((container) => (container.Mounts ?? []).map((mount) => mount.Name))
  // since API 1.42 (23.0) volumes with names are spared unless the filter all is given, which earlier engines do not know
  const anonymousOnly = Number(server.api?.split('.')[1] ?? 0) >= 42
  const named = !anonymousOnly || isOn(want.volumes_filters, 'all', false)
  const volumes = is.volumes.filter(
    (one) =>
      want.volumes &&
      !used.includes(one.Name) &&
      (named || one.Labels?.['com.docker.volume.anonymous'] !== undefined) &&
      keep(want.volumes_filters, one.Labels, undefined, is),
  )
  const pieces = is.cache.filter(
    (one) =>
      want.builder_cache && !one.InUse && (want.builder_cache_all || !(one.Shared || /^(internal|frontend)$/.test(one.CacheType ?? ''))),
  )
  return {
    changes: [
      pruning(
        'container',
        ended.map((one) => one.Name.slice(1)),
        prune('container', filterWords(want.containers_filters)),
        dockerContainer,
      ),
      pruning(
        'image',
        images.map((one) => one.RepoTags?.[0] ?? shortId(one.Id)),
        all ? removeImages(images) : prune('image', filterWords(want.images_filters, ['dangling'])),
        dockerImage,
      ),
      pruning(
        'network',
        networks.map((one) => one.Name),
        prune('network', filterWords(want.networks_filters)),
        dockerNetwork,
      ),
      pruning(
        'volume',
        volumes.map((one) => one.Name),
        prune('volume', filterWords(want.volumes_filters, anonymousOnly ? [] : ['all'])),
        dockerVolume,
      ),
      pruning(
        'builder',
        pieces.map((one) => one.ID),
        prune('builder', [...(want.builder_cache_all ? ['--all'] : []), ...filterWords(want.builder_cache_filters)]),
      ),
    ].flat(),
  }
}

const keep = (
  filters: Filters,
  labels: Readonly<Record<string, string>> | null | undefined,
  created: unknown,
  { now }: Prunable,
): boolean => passes(filters, labels, typeof created === 'string' ? created : undefined, now)

type Kind = 'container' | 'image' | 'network' | 'volume' | 'builder'

const WORDS: Readonly<Record<Kind, [one: string, many: string]>> = {
  container: ['stopped container', 'stopped containers'],
  image: ['unused image', 'unused images'],
  network: ['unused network', 'unused networks'],
  volume: ['unused volume', 'unused volumes'],
  builder: ['piece of the build cache', 'pieces of the build cache'],
}

const MANY = 8

const prune = (kind: Kind, words: readonly string[]): Sh => sh`docker ${kind} prune --force ${words}`

/** By name, because `docker image prune --all` also takes away all names but one of images that are in use. */
function removeImages(images: Prunable['images']): Sh {
  const names = images.flatMap(({ Id, RepoTags, RepoDigests }) => {
    const digests = (RepoDigests ?? []).filter((name) => !name.startsWith('<none>'))
    return RepoTags?.length ? RepoTags : digests.length > 0 ? digests : [Id]
  })
  const bytes = images.reduce((sum, { Size }) => sum + (typeof Size === 'number' ? Size : 0), 0)
  return sh`docker image rm -- ${names} && echo ${`Total reclaimed space: ${bytes}B`}`
}

/** Each kind's output begins with a line that tells it from the others. */
function pruning(
  kind: Kind,
  names: readonly string[],
  script: Sh,
  gone?: (name: string) => { will: (value: undefined) => Prediction },
): Change[] {
  if (names.length === 0) return []
  const short = names.slice(0, MANY).map((name) => (/^[0-9a-f]{64}$/.test(name) ? name.slice(0, 12) : name))
  const shown = names.length > MANY ? [...short, `${names.length - MANY} more`] : short
  return [
    {
      summary: `prune ${names.length} ${WORDS[kind][names.length === 1 ? 0 : 1]}${kind === 'builder' ? '' : `: ${shown.join(', ')}`}`,
      steps: [run(dockerScript(sh`echo ${`mhprov: ${kind}`}; ${script}`))],
      makes: [
        ...(gone ? names.map((name) => gone(name).will(undefined)) : []),
        dockerPrunable().will((before) => without(before, kind, names)),
      ],
    },
  ]
}

function without(is: Prunable, kind: Kind, names: readonly string[]): Prunable {
  if (kind === 'container') return { ...is, containers: is.containers.filter((one) => !names.includes(one.Name.slice(1))) }
  if (kind === 'image') return { ...is, images: is.images.filter((one) => !names.includes(one.RepoTags?.[0] ?? shortId(one.Id))) }
  if (kind === 'network') return { ...is, networks: is.networks.filter((one) => !names.includes(one.Name)) }
  if (kind === 'volume') return { ...is, volumes: is.volumes.filter((one) => !names.includes(one.Name)) }
  return { ...is, cache: is.cache.filter((one) => !names.includes(one.ID)) }
}

/** Ansible's keys: what each kind gave up. Space is what docker's rounded words say, in bytes. */
export function pruneResult(want: PruneWant, _: unknown, outputs: readonly Output[]): ModuleResult {
  const texts = outputs.map((output) => output.stdout.toString())
  const of = (kind: Kind) => texts.find((text) => text.startsWith(`mhprov: ${kind}\n`)) ?? ''
  const lines = (kind: Kind) => {
    const [, ...rest] = of(kind).trim().split('\n')
    return rest.filter((line) => line.trim() !== '' && !/^(Deleted |Total|ID\s)/.test(line))
  }
  const images = lines('image').map((line) => line.replace(/^(untagged|deleted): /i, ''))
  const found = [...lines('container'), ...images, ...lines('network'), ...lines('volume'), ...lines('builder')]
  return {
    ...(want.containers && { containers: lines('container'), containers_space_reclaimed: space(of('container')) }),
    ...(want.images && { images, images_space_reclaimed: space(of('image')) }),
    ...(want.networks && { networks: lines('network') }),
    ...(want.volumes && { volumes: lines('volume'), volumes_space_reclaimed: space(of('volume')) }),
    ...(want.builder_cache && {
      builder_cache_caches_deleted: lines('builder').map((line) => line.split(/[\s*]/)[0]!),
      builder_cache_space_reclaimed: space(of('builder')),
    }),
    ...(outputs.length > 0 && found.length === 0 && { changed: false }),
  }
}

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12 }

function space(text: string): number {
  const [, number = '0', unit = ''] = /^Total(?: reclaimed space)?:\s*([\d.]+)\s*([kMGT]?)B/m.exec(text) ?? []
  return Math.round(Number(number) * UNITS[unit]!)
}
