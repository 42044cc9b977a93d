import { createHash } from 'node:crypto'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** Days after which what is made of Debian packages is made anew, so that it stays of use. */
const keepDays = 7

export interface WeeklyOptions {
  /** Where all of one sort are kept. */
  dir: string
  /** Of which there is one at a time; letters and digits only. */
  name: string
  /** All that it is made of: another recipe is another thing. */
  recipe: unknown
  /** Paths not to remove though they are old. */
  inUse?: ReadonlySet<string>
  /** Makes it at a path where nothing is. */
  build: (path: string) => Promise<void>
}

/**
 * The path of a thing that is built once a week: from the cache, or built now and moved there when it is whole. Removes what
 * is older and what an interrupted build left. Call it under a lock of the directory and name.
 */
export async function weekly({ dir, name, recipe, inUse = new Set(), build }: WeeklyOptions): Promise<string> {
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const digest = createHash('sha256').update(JSON.stringify(recipe)).digest('hex').slice(0, 10)
  const today = Math.floor(Date.now() / 86_400_000)
  const ours = (await readdir(dir)).filter((entry) => entry.startsWith(`${name}-`))
  const fresh = ours.filter((entry) => entry.startsWith(`${name}-${digest}-`) && today - Number(entry.split('-')[2]) < keepDays)
  const found = fresh.sort().at(-1)
  for (const entry of ours) {
    if (entry !== found && !inUse.has(join(dir, entry))) await rm(join(dir, entry), { recursive: true, force: true })
  }
  if (found !== undefined) return join(dir, found)
  const building = join(dir, `${name}-building`)
  const made = join(dir, `${name}-${digest}-${today}`)
  try {
    await build(building)
    await rename(building, made)
  } catch (error) {
    await rm(building, { recursive: true, force: true })
    throw error
  }
  return made
}
