import { readFileSync } from 'node:fs'
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bootstrap } from './bootstrap.ts'
import type { Mirror } from './mirror.ts'
import { livingOwner } from './owner.ts'
import { customize, type Suite, treePackages } from './recipe.ts'
import { weekly } from './weekly.ts'

export interface TreeOptions {
  suite: Suite
  cache: string
  mirror: Mirror
  say: (line: string) => void
  signal?: AbortSignal | undefined
}

/** Trees that hosts of living labs are mounted on: to remove one would pull the files from under them. */
async function treesInUse(cache: string): Promise<Set<string>> {
  const labs = await readdir(join(cache, 'labs')).catch(() => [])
  return new Set(labs.map((name) => livingOwner(join(cache, 'labs', name))?.tree ?? ''))
}

async function buildTree({ suite, mirror, signal }: TreeOptions, dir: string): Promise<void> {
  const script = `${dir}.customize`
  await writeFile(script, customize(suite))
  // The lists stay in the tree, so that the first `apt install` in a host finds packages without an update.
  const hooks = ['--skip=cleanup/apt/lists', `--customize-hook=sh '${script}' "$1"`]
  const args = ['--variant=minbase', '--format=directory', `--include=${treePackages}`, ...hooks]
  await bootstrap({ suite, sources: mirror.sources, mirror, target: dir, args, signal })
  await rm(script)
}

/**
 * The path of the base tree of a suite, built now (15 to 130 s) unless the cache has one of the same recipe and mirror that
 * is not too old. Call it under a lock of the cache and suite. Throws an Error with mmdebstrap's last words.
 */
export async function openTree(options: TreeOptions): Promise<string> {
  const { suite, cache, mirror, say } = options
  return weekly({
    dir: join(cache, 'trees'),
    name: suite,
    recipe: [customize(suite), treePackages, mirror],
    inUse: await treesInUse(cache),
    build: (dir) => {
      say(`building the ${suite} base tree (once a week, about a minute)`)
      return buildTree(options, dir)
    },
  })
}

/** The host names (with ports) of the package mirror, read from the tree, since mmdebstrap may have chosen it. */
export function mirrorHosts(tree: string, mirror: Mirror): { host: string; port: number }[] {
  const list = readFileSync(join(tree, 'etc/apt/sources.list'), 'utf8')
  const urls = [...list.matchAll(/https?:\/\/[^\s\]]+/g)].map((match) => match[0])
  const all = [...urls, ...(mirror.proxy === undefined ? [] : [mirror.proxy])].map((url) => new URL(url))
  const keyed = all.map((url) => {
    const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80)
    return [`${url.hostname}:${port}`, { host: url.hostname, port }] as const
  })
  return [...new Map(keyed).values()]
}
