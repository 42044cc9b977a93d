import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { must } from './command.ts'
import type { Mirror } from './mirror.ts'
import { livingOwner } from './owner.ts'
import { customize, type Suite, treePackages } from './recipe.ts'

/** Days after which a base tree is built anew, so that its package lists and security updates stay of use. */
const keepDays = 7

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
  const proxy = mirror.proxy === undefined ? [] : [`--aptopt=Acquire::http::Proxy "${mirror.proxy}"`]
  await writeFile(script, customize(suite))
  // In namespaces of its own the build ends with this process, and its mounts (/proc, /dev) with it.
  const alone = ['setpriv', '--pdeathsig', 'KILL', 'unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
  const build = ['mmdebstrap', '--quiet', '--mode=root', '--variant=minbase', '--format=directory', `--include=${treePackages}`]
  // The lists stay in the tree, so that the first `apt install` in a host finds packages without an update.
  const hooks = ['--skip=cleanup/apt/lists', `--customize-hook=sh '${script}' "$1"`]
  const argv = [...alone, ...build, ...hooks, ...proxy, suite, dir, ...mirror.sources]
  await must(argv, { signal, timeout: 600_000, kill: 'SIGKILL' })
  await rm(script)
}

/**
 * The path of the base tree of a suite, built now (15 to 130 s) unless the cache has one of the same recipe and mirror that
 * is not too old. Call it under a lock of the cache and suite. Throws an Error with mmdebstrap's last words.
 */
export async function openTree(options: TreeOptions): Promise<string> {
  const { suite, cache, mirror, say } = options
  const trees = join(cache, 'trees')
  await mkdir(trees, { recursive: true, mode: 0o700 })
  const recipe = createHash('sha256')
    .update(JSON.stringify([customize(suite), treePackages, mirror]))
    .digest('hex')
    .slice(0, 10)
  const today = Math.floor(Date.now() / 86_400_000)
  const ours = (await readdir(trees)).filter((name) => name.startsWith(`${suite}-`))
  const fresh = ours.filter((name) => name.startsWith(`${suite}-${recipe}-`) && today - Number(name.split('-')[2]) < keepDays)
  const found = fresh.sort().at(-1)
  const inUse = await treesInUse(cache)
  for (const name of ours) {
    if (name !== found && !inUse.has(join(trees, name))) await rm(join(trees, name), { recursive: true, force: true })
  }
  if (found !== undefined) return join(trees, found)
  say(`building the ${suite} base tree (once a week, about a minute)`)
  const tree = join(trees, `${suite}-${recipe}-${today}`)
  const building = join(trees, `${suite}-building`)
  try {
    await buildTree(options, building)
    await rename(building, tree)
  } catch (error) {
    await rm(building, { recursive: true, force: true })
    throw error
  }
  return tree
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
