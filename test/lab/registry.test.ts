import { createHash } from 'node:crypto'
import { type FileHandle, mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { type Blob, type Registry, type Repository, serveRegistry } from '../../src/lab/registry.ts'

const digestOf = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`
const blob = (text: string, mediaType: string): Blob => {
  const content = Buffer.from(text)
  return { content, mediaType, size: content.length, digest: digestOf(content) }
}

const bytes = Buffer.alloc(3_000_000, 'layer of an image ')
const layer = { digest: digestOf(bytes), mediaType: 'application/octet-stream', size: bytes.length }
const manifest = blob('{"schemaVersion":2}', 'application/vnd.docker.distribution.manifest.v2+json')
let registry: Registry
let file: FileHandle | undefined

// An address of its own, so that port 5000 is free on it.
const address = `127.${process.pid % 250}.7.9`

test.before('a registry', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'registry-'))
  await writeFile(join(dir, 'layer'), bytes)
  file = await open(join(dir, 'layer'))
  // As when a newer build has removed it.
  await rm(dir, { recursive: true })
  const repositories: Repository[] = [
    { name: 'some/image', tags: { latest: manifest.digest }, manifests: [manifest], blobs: [{ ...layer, content: file }] },
    { name: 'other', tags: {}, manifests: [], blobs: [] },
  ]
  registry = await serveRegistry(repositories, address)
})
test.after.always('closes it', async () => {
  await registry?.close()
  await file?.close()
})

const ask = (path: string, init?: RequestInit) => fetch(`${registry.url}/v2/${path}`, init)

test('it says that it is a registry', async (t) => {
  const answer = await ask('')
  t.is(answer.status, 200)
  t.is(answer.headers.get('docker-distribution-api-version'), 'registry/2.0')
})

test('a manifest is read by tag and by digest', async (t) => {
  for (const reference of ['latest', manifest.digest]) {
    for (const method of ['GET', 'HEAD']) {
      const answer = await ask(`some/image/manifests/${reference}?ns=docker.io`, { method })
      t.is(answer.status, 200)
      t.is(answer.headers.get('content-type'), manifest.mediaType)
      t.is(answer.headers.get('docker-content-digest'), manifest.digest)
      t.is(answer.headers.get('content-length'), String(manifest.size))
      t.is(await answer.text(), method === 'GET' ? '{"schemaVersion":2}' : '')
    }
  }
})

test('a blob comes whole, or from where a client left off, for several at a time', async (t) => {
  const path = `some/image/blobs/${layer.digest}`
  const read = async (range?: string) => {
    const answer = await ask(path, range === undefined ? {} : { headers: { range } })
    return { status: answer.status, range: answer.headers.get('content-range'), body: Buffer.from(await answer.arrayBuffer()) }
  }
  const [whole, again, rest, middle, end, beyond] = await Promise.all([
    read(),
    read(),
    read('bytes=2000000-'),
    read('bytes=5-9'),
    read('bytes=-4'),
    read('bytes=3000000-'),
  ])
  t.true(whole.status === 200 && whole.body.equals(bytes))
  t.true(again.body.equals(bytes))
  t.true(rest.status === 206 && rest.body.equals(bytes.subarray(2_000_000)))
  t.is(rest.range, 'bytes 2000000-2999999/3000000')
  t.true(middle.body.equals(bytes.subarray(5, 10)))
  t.true(end.body.equals(bytes.subarray(-4)))
  t.is(beyond.status, 416)
})

test('a client that goes away leaves the blob readable', async (t) => {
  const going = new AbortController()
  const answer = await ask(`some/image/blobs/${layer.digest}`, { signal: going.signal })
  await answer.body!.getReader().read()
  going.abort()
  t.is((await (await ask(`some/image/blobs/${layer.digest}`)).arrayBuffer()).byteLength, bytes.length)
})

test('what is not there, and what is not reading, is refused in the registry’s own words', async (t) => {
  const refused = async (path: string, init?: RequestInit) => {
    const answer = await ask(path, init)
    const { errors } = (await answer.json()) as { errors: { code: string }[] }
    return `${answer.status} ${errors[0]!.code}`
  }
  t.is(await refused('some/image/manifests/v2'), '404 MANIFEST_UNKNOWN')
  t.is(await refused('some/image/manifests/constructor'), '404 MANIFEST_UNKNOWN')
  t.is(await refused(`other/blobs/${layer.digest}`), '404 BLOB_UNKNOWN')
  t.is(await refused('none/manifests/latest'), '404 NAME_UNKNOWN')
  t.is(await refused('some/image/tags/list'), '404 UNSUPPORTED')
  t.is(await refused('some/image/manifests/latest', { method: 'PUT', body: '{}' }), '405 UNSUPPORTED')
})

test('it takes port 5000, and any other where that is taken', async (t) => {
  const second = await serveRegistry([], address)
  t.teardown(() => second.close())
  t.is(new URL(registry.url).port, '5000')
  t.not(second.url, registry.url)
  t.is((await fetch(`${second.url}/v2/`)).status, 200)
})

test('an address of no machine is an error', async (t) => {
  await t.throwsAsync(serveRegistry([], '192.0.2.1'), { code: 'EADDRNOTAVAIL' })
})
