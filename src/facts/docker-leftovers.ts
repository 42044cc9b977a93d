import { factKind } from '../module/fact.ts'
import { batches } from '../module/host-path.ts'
import { join, sh } from '../module/shell.ts'
import type { DockerContainer } from './docker-container.ts'
import { inspections } from './docker-inspect.ts'

/** What a swap of a container for a new one that was cut off has left beside it. */
export interface Leftovers {
  /** Made, and not yet in its place. */
  readonly fresh?: DockerContainer
  /** The one that was there before. */
  readonly old?: DockerContainer
}

export const freshName = (name: string): string => `${name}-mhprov-new`
export const oldName = (name: string): string => `${name}-mhprov-old`

/** Of a container by name. A kind of its own, because that there are none is no reason for a dry run to doubt (isAbsent). */
export const dockerLeftovers = factKind<string, Leftovers>({
  name: 'docker-leftovers',
  script: (keys) =>
    join(
      batches(keys.flatMap((key) => [freshName(key), oldName(key)])).map((some) => sh`docker container inspect -- ${some}`),
      '\n',
    ),
  parse: (stdout, keys) => {
    const found = inspections<DockerContainer>(stdout.toString())
    const named = (name: string) => found.find((one) => one.Name === `/${name}`)
    return keys.map((key) => {
      const [fresh, old] = [named(freshName(key)), named(oldName(key))]
      return { ...(fresh && { fresh }), ...(old && { old }) }
    })
  },
  isAbsent: () => false,
})
