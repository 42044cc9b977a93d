import { once } from 'node:events'
import type { FileHandle } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream/promises'

export interface Blob {
  /** `sha256:…` */
  digest: string
  mediaType: string
  /** Bytes. */
  size: number
  content: Buffer | FileHandle
}

export interface Repository {
  /** As in `docker pull NAME`, e.g. matrixdotorg/synapse. */
  name: string
  /** Digests of manifests. */
  tags: Record<string, string>
  manifests: Blob[]
  blobs: Blob[]
}

export interface Registry {
  /** `http://10.1.2.1:5000` */
  url: string
  close(): Promise<void>
}

type Answer = { blob: Blob } | { status: number; code: string; message: string }

const no = (status: number, code: string, message: string): Answer => ({ status, code, message })

const path = /^\/v2\/(?<name>[a-z0-9._/-]+)\/(?<kind>manifests|blobs)\/(?<reference>[\w.:-]+)$/

function find(repositories: Repository[], url: string): Answer {
  const asked = path.exec(url)?.groups
  if (asked === undefined) return no(404, 'UNSUPPORTED', 'manifests and blobs can be read here, nothing else')
  const repository = repositories.find(({ name }) => name === asked.name)
  if (repository === undefined) return no(404, 'NAME_UNKNOWN', `no repository ${asked.name}`)
  const [all, code] = asked.kind === 'blobs' ? [repository.blobs, 'BLOB_UNKNOWN'] : [repository.manifests, 'MANIFEST_UNKNOWN']
  const tags = new Map(Object.entries(repository.tags))
  const digest = (asked.kind === 'manifests' && tags.get(asked.reference!)) || asked.reference
  const blob = all.find((one) => one.digest === digest)
  return blob ? { blob } : no(404, code, `no ${asked.reference} in ${asked.name}`)
}

/** The first and last byte that a Range header asks for; undefined for all, false for what is not there. RFC 9110, 14.1.2. */
function range(header: string | undefined, size: number): { start: number; end: number } | undefined | false {
  const asked = /^bytes=(\d*)-(\d*)$/.exec(header ?? '')
  if (!asked || (asked[1] === '' && asked[2] === '')) return undefined
  const start = asked[1] === '' ? Math.max(0, size - Number(asked[2])) : Number(asked[1])
  const end = asked[1] === '' || asked[2] === '' ? size - 1 : Math.min(Number(asked[2]), size - 1)
  return start <= end && { start, end }
}

/** A file's bytes from `start` to `end`. A stream of Node's own would close the file, which others may be reading too. */
async function* read(file: FileHandle, start: number, end: number): AsyncGenerator<Buffer> {
  for (let at = start; at <= end; ) {
    const length = Math.min(1 << 20, end + 1 - at)
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(length), 0, length, at)
    if (bytesRead === 0) throw new Error('a blob is shorter than it was')
    yield buffer.subarray(0, bytesRead)
    at += bytesRead
  }
}

async function send({ content, size, mediaType, digest }: Blob, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const part = range(request.headers.range, size)
  if (part === false) return void response.writeHead(416, { 'content-range': `bytes */${size}` }).end()
  const { start, end } = part ?? { start: 0, end: size - 1 }
  response.writeHead(part ? 206 : 200, {
    'content-type': mediaType,
    'content-length': end - start + 1,
    'docker-content-digest': digest,
    'accept-ranges': 'bytes',
    ...(part ? { 'content-range': `bytes ${start}-${end}/${size}` } : {}),
  })
  if (request.method === 'HEAD') return void response.end()
  if (Buffer.isBuffer(content)) return void response.end(content.subarray(start, end + 1))
  await pipeline(read(content, start, end), response)
}

async function answer(repositories: Repository[], request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.setHeader('docker-distribution-api-version', 'registry/2.0')
  const { pathname } = new URL(request.url ?? '/', 'http://registry')
  const json = (status: number, value: object) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(request.method === 'HEAD' ? '' : JSON.stringify(value))
  const refuse = (status: number, code: string, message: string) => json(status, { errors: [{ code, message }] })
  if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(405, 'UNSUPPORTED', 'this registry is read-only')
  if (pathname === '/v2/' || pathname === '/v2') return json(200, {})
  const found = find(repositories, pathname)
  return 'blob' in found ? send(found.blob, request, response) : refuse(found.status, found.code, found.message)
}

/**
 * Serves repositories, read-only, at an address of this machine: port 5000, or any where that is taken. It does not keep the
 * process alive. Source: the OCI distribution specification, "Pull".
 */
export async function serveRegistry(repositories: Repository[], address: string): Promise<Registry> {
  const server = createServer((request, response) => {
    // A client that goes away in the middle is no concern of ours.
    answer(repositories, request, response).catch(() => response.destroy())
  })
  server.unref()
  const listen = async (port: number) => {
    server.listen(port, address)
    await once(server, 'listening')
  }
  await listen(5000).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error
    return listen(0)
  })
  const { port } = server.address() as AddressInfo
  const close = async () => {
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  }
  return { url: `http://${address}:${port}`, close }
}
