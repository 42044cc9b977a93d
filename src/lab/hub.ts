import { join } from 'node:path'
import { type ImageOptions, type OpenImage, openImage } from './image.ts'
import { locked } from './lock.ts'
import { type Repository, serveRegistry } from './registry.ts'

/** What stands in for Docker Hub in a lab. */
export interface Hub {
  /** `http://10.1.2.1:5000` */
  url: string
  /** What can be pulled: names, tags and their digests. */
  images: readonly Pick<Repository, 'name' | 'tags'>[]
  /** Has every image pulled from now on trust a certificate authority (PEM) too; their digests change. */
  trust(authority: string): Promise<void>
}

export type HubOptions = Omit<ImageOptions, 'name'> & { images: readonly string[]; address: string }

/** Makes the images, those that the cache lacks, and serves them until `close`. */
export async function openHub({ images, address, ...options }: HubOptions): Promise<Hub & { close(): Promise<void> }> {
  const open: OpenImage[] = []
  const closeImages = async () => void (await Promise.all(open.map((image) => image.close())))
  try {
    const openAll = async () => {
      for (const name of new Set(images)) open.push(await openImage({ ...options, name }))
    }
    await locked(join(options.cache, 'images.lock'), openAll, options.signal)
    const registry = await serveRegistry(open, address)
    const close = async () => {
      await registry.close()
      await closeImages()
    }
    const trusted: string[] = []
    const trust = async (authority: string) => {
      trusted.push(authority)
      await Promise.all(open.map((image) => image.trust(trusted)))
    }
    return { url: registry.url, images: open, trust, close }
  } catch (error) {
    await closeImages()
    throw error
  }
}
