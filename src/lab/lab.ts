import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { clear, clearAtExit, labClearing } from './clear.ts'
import { must } from './command.ts'
import { type Edge, type EdgeOptions, openEdge } from './edge/edge.ts'
import type { Layer } from './files.ts'
import { type LabHost, type Made, makeHost } from './host.ts'
import { type Hub, openHub } from './hub.ts'
import { locked } from './lock.ts'
import { findMirror } from './mirror.ts'
import { findResolvers, freeSubnet, makeNetwork } from './network.ts'
import { livingOwner, self } from './owner.ts'
import type { Suite } from './recipe.ts'
import { mirrorHosts, openTree } from './tree.ts'
import { requireLab } from './unavailable.ts'

export type { Edge } from './edge/edge.ts'
export type { Layer } from './files.ts'
export type { LabHost } from './host.ts'
export type { Suite } from './recipe.ts'
export { LabUnavailable } from './unavailable.ts'

export interface LabOptions {
  suite: Suite
  /** Where base trees are kept from one run to the next; $XDG_CACHE_HOME/mhprov or ~/.cache/mhprov unless told. */
  cache?: string
  /** Images of Docker Hub that its hosts can pull, e.g. matrixdotorg/synapse: made here of Debian packages (once a week, a minute). */
  images?: readonly string[]
  /** A stand-in of Cloudflare; the lab's hosts then ask its DNS, and its images trust its authority. */
  edge?: EdgeOptions
  say: (line: string) => void
  /** Destroys the lab when aborted. */
  signal?: AbortSignal
}

/** A network of disposable hosts, which ends with this process at the latest. */
export interface Lab {
  suite: Suite
  dir: string
  /** This machine's address on the lab's network: hosts reach a server listening there. */
  gateway: string
  /** Serves the images; the Docker of every host asks it first, without being told. */
  registry?: Hub
  edge?: Edge
  /** Boots a host (1.5 s on a quiet machine), a fresh one or a clone of a snapshot. */
  host(name?: string, options?: { from?: Layer }): Promise<LabHost>
  destroy(): Promise<void>
}

/** Clears away labs whose process is gone. */
async function sweep(labs: string, say: (line: string) => void): Promise<void> {
  for (const name of (await readdir(labs)).filter((entry) => /^mh\w{4}$/.test(entry))) {
    const dir = join(labs, name)
    // Another process may be clearing the same one.
    if (!livingOwner(dir)) await clear(labClearing(name, dir)).catch(() => say(`something is left of an earlier lab in ${dir}`))
  }
}

/** Makes the directory of a lab under a name nobody has, appearing together with its owner's mark, so that no sweep takes it. */
async function claim(labs: string, tree: string): Promise<{ name: string; dir: string }> {
  const made = await mkdtemp(join(labs, 'new-'))
  await writeFile(join(made, 'owner.json'), JSON.stringify(self(tree)))
  for (let tries = 0; tries < 20; tries++) {
    const name = `mh${Math.random().toString(36).slice(2, 6).padEnd(4, '0')}`
    const dir = join(labs, name)
    const renamed = await rename(made, dir).then(
      () => true,
      () => false,
    )
    if (renamed) return { name, dir }
  }
  await rm(made, { recursive: true, force: true })
  throw new Error(`no free name for a lab in ${labs}`)
}

/**
 * Opens a lab: a base tree from the cache (or built, about a minute), a network, no host yet. Installs nothing on this machine.
 * Throws LabUnavailable, with one line saying why, where it cannot be.
 */
export async function openLab(options: LabOptions): Promise<Lab> {
  const { suite, say, signal } = options
  const cache = resolve(options.cache ?? join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'mhprov'))
  await requireLab(cache)
  const resolvers = findResolvers()
  const mirror = await findMirror(suite, signal)
  const labs = join(cache, 'labs')
  await mkdir(labs, { recursive: true, mode: 0o700 })
  const { tree, name, dir } = await locked(
    join(cache, `${suite}.lock`),
    async () => {
      await sweep(labs, say)
      const tree = await openTree({ suite, cache, mirror, say, signal })
      return { tree, ...(await claim(labs, tree)) }
    },
    signal,
  )
  const clearing = labClearing(name, dir)
  const kept = clearAtExit(clearing)
  const ending = new AbortController()
  const making = new Set<Promise<unknown>>()
  const hosts: Made[] = []
  let hub: Awaited<ReturnType<typeof openHub>> | undefined
  let edge: Awaited<ReturnType<typeof openEdge>> | undefined
  let over: Promise<void> | undefined
  const end = async () => {
    ending.abort(signal?.aborted ? signal.reason : new Error('the lab was destroyed'))
    signal?.removeEventListener('abort', onAbort)
    await Promise.allSettled(making)
    await Promise.all(hosts.map((host) => host.retire()))
    await hub?.close()
    await edge?.close()
    await clear(clearing)
    kept()
  }
  const destroy = () => {
    over ??= end()
    return over
  }
  const onAbort = () => void destroy().catch(() => {})
  signal?.addEventListener('abort', onAbort)
  try {
    signal?.throwIfAborted()
    const subnet = await freeSubnet(resolvers)
    await makeNetwork(name, subnet, dir, resolvers)
    const gateway = `${subnet}.1`
    if (options.images?.length) {
      const opening = openHub({ images: options.images, address: gateway, cache, mirror, say, signal })
      making.add(opening)
      hub = await opening
    }
    if (options.edge) {
      const opening = openEdge({ ...options.edge, address: gateway, dir: join(dir, 'edge'), resolvers })
      making.add(opening)
      edge = await opening
      await hub?.trust(edge.authority.certificate)
    }
    const privateKeyFile = join(dir, 'key')
    await must(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'mhprov lab', '-f', privateKeyFile])
    const publicKey = await readFile(`${privateKeyFile}.pub`, 'utf8')
    const reach = { resolvers: edge ? [gateway] : resolvers, mirrors: mirrorHosts(tree, mirror) }
    const shared = {
      ...{ tree, reach, registry: hub?.url, privateKeyFile, publicKey },
      ...{ knownHostsFile: join(dir, 'known_hosts'), bridge: name, signal: ending.signal },
    }
    let count = 0
    const host: Lab['host'] = (hostname, { from } = {}) => {
      const number = ++count
      const [id, address] = [`${name}-${number}`, `${subnet}.${number + 1}`]
      const make = async () => {
        ending.signal.throwIfAborted()
        if (number > 200) throw new Error('a lab holds at most 200 hosts')
        const made = await makeHost({
          ...shared,
          name: hostname ?? `mint${number}`,
          id,
          address,
          dir: join(dir, String(number)),
          layer: from,
        })
        hosts.push(made)
        await made.host.start()
        return made.host
      }
      const promise = make()
      making.add(promise)
      return promise
    }
    return { suite, dir, gateway, ...(hub ? { registry: hub } : {}), ...(edge ? { edge } : {}), host, destroy }
  } catch (error) {
    await destroy()
    throw error
  }
}
