import { factKind, type HostFact } from '../module/fact.ts'
import { batches } from '../module/host-path.ts'
import { join, sh } from '../module/shell.ts'

/** What `docker … inspect` says of one object, by Docker's own names: what is used is typed by each kind, the rest is there too. */
export type Inspected = Readonly<Record<string, unknown>>

/**
 * A kind of Docker object, asked with one `docker KIND inspect` for all keys (docker-inspect(1)): an array of what was found, in which
 * the missing have no place, so each answer is found again by what it says of itself. undefined: no such object, no docker command, or
 * no daemon that answers.
 */
export const inspected = <T extends Inspected>(
  object: 'image' | 'container' | 'volume' | 'network',
  isMeant: (found: T, key: string) => boolean,
): ((key: string) => HostFact<T | undefined>) =>
  factKind<string, T | undefined>({
    name: `docker-${object}`,
    script: (keys) =>
      join(
        batches(keys).map((some) => sh`docker ${object} inspect -- ${some}`),
        '\n',
      ),
    parse: (stdout, keys) => {
      const found = inspections<T>(stdout.toString())
      return keys.map((key) => found.find((one) => isMeant(one, key)))
    },
  })

/** The entries of the JSON arrays that inspect prints, one after another, each bracket in the first column of a line. */
export function inspections<T>(text: string): T[] {
  const found: T[] = []
  for (const [part] of text.matchAll(/^\[\]$|^\[\n[\s\S]*?^\]$/gm)) found.push(...(JSON.parse(part) as T[]))
  return found
}
