import { factKind } from '../module/fact.ts'
import { raw } from '../module/shell.ts'
import type { DockerContainer } from './docker-container.ts'
import type { DockerImage } from './docker-image.ts'
import { type Inspected, inspections } from './docker-inspect.ts'
import type { DockerNetwork } from './docker-network.ts'
import type { DockerVolume } from './docker-volume.ts'

/** A piece of a builder's cache, as `docker system df --verbose` has it. */
export interface CachePiece {
  readonly ID: string
  readonly CacheType?: string
  readonly InUse: boolean
  readonly Shared: boolean
}

/** All there is that may be pruned, and what decides whether it is. */
export interface Prunable {
  /** All of them, running or not. */
  readonly containers: readonly DockerContainer[]
  /** All that have a name, and the dangling ones. */
  readonly images: readonly (DockerImage & { readonly Created?: string })[]
  /** Ids of images without any name that no other is built on. */
  readonly dangling: readonly string[]
  /** Those no running container is in, without Docker's own. */
  readonly networks: readonly DockerNetwork[]
  readonly volumes: readonly DockerVolume[]
  readonly cache: readonly CachePiece[]
  /** The host's clock, seconds since the epoch. */
  readonly now: number
}

// The filter of networks leaves out Docker's own; who is in one only inspect knows.
// Each kind costs two forks, the cache one; there is nothing to inspect where the list is empty.
const ASK =
  raw(`look() { kind=$1; shift; ids=$(docker "$kind" ls -q "$@") && [ -z "$ids" ] || docker "$kind" inspect -- $ids; printf '\\000'; }
look container --all --no-trunc
look image --no-trunc
docker image ls -q --no-trunc --filter dangling=true; printf '\\000'
look network --no-trunc --filter dangling=true
look volume
docker system df --verbose --format '{{json .BuildCache}}'; printf '\\000'
date +%s`)

const kind = factKind<null, Prunable>({
  name: 'docker-prunable',
  script: () => ASK,
  parse: (stdout) => {
    const [containers = '', images = '', dangling = '', networks = '', volumes = '', cache = '', now = ''] = stdout.toString().split('\0')
    return [
      {
        containers: inspections(containers),
        images: unique(inspections(images)),
        dangling: dangling.split('\n').filter((id) => id !== ''),
        networks: inspections<DockerNetwork>(networks).filter((one) => Object.keys(one.Containers ?? {}).length === 0),
        volumes: inspections(volumes),
        cache: /^\[/.test(cache) ? (JSON.parse(cache) as Record<string, unknown>[]).map(piece) : [],
        now: Number(now),
      },
    ]
  },
  isAbsent: () => false,
})

/** An image with several names is listed with each. */
const unique = <T extends Inspected & { readonly Id: string }>(all: readonly T[]): T[] => [
  ...new Map(all.map((one) => [one.Id, one])).values(),
]

// The command writes its booleans as text.
const piece = (row: Record<string, unknown>): CachePiece => ({
  ID: String(row.ID),
  CacheType: String(row.CacheType ?? ''),
  InUse: String(row.InUse) === 'true',
  Shared: String(row.Shared) === 'true',
})

/** What `docker … prune` could take away (docker-system-prune(1)); nothing where there is no docker command or no daemon answers. */
export const dockerPrunable = () => kind(null)
