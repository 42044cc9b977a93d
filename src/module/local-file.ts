import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { lstat, readdir, readFile, readlink, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** A file of the controller as a module sees it. */
export interface LocalFile {
  /** Relative to the input, '' for the input itself. */
  readonly path: string
  readonly type: 'file' | 'directory' | 'link'
  /** Permission bits, as `stat` gives them. */
  readonly mode: number
  /** Bytes. */
  readonly size: number
  /** Hex; '' for what is not a regular file. */
  readonly sha1: string
  readonly md5: string
  /** Where a link points. */
  readonly target?: string
  /** The bytes when they are held in memory (files up to 1 MiB, templates); larger ones are streamed from `source`. */
  readonly bytes?: Buffer
  /** Absolute path on the controller. */
  readonly source: string
}

const IN_MEMORY = 1 << 20

/** A file, or a directory and everything below it in a stable order. Links below it are kept as links. */
export async function loadLocal(source: string, path = ''): Promise<LocalFile[]> {
  const info = path === '' ? await stat(source) : await lstat(source)
  const common = { path, mode: info.mode & 0o7777, source }
  if (info.isSymbolicLink()) return [{ ...common, type: 'link', size: 0, sha1: '', md5: '', target: await readlink(source) }]
  if (!info.isDirectory()) {
    if (info.size <= IN_MEMORY) return [{ ...textFile(await readFile(source), source), ...common }]
    return [{ ...common, type: 'file', size: info.size, ...(await digests(source)) }]
  }
  const below: LocalFile[] = [{ ...common, type: 'directory', size: 0, sha1: '', md5: '' }]
  for (const name of (await readdir(source)).sort()) below.push(...(await loadLocal(join(source, name), path ? `${path}/${name}` : name)))
  return below
}

/** Bytes as if they were a file, for `content:` and rendered templates. */
export function textFile(content: string | Buffer, source = ''): LocalFile {
  const bytes = Buffer.isBuffer(content) ? content : Buffer.from(content)
  const digest = (name: string) => createHash(name).update(bytes).digest('hex')
  return { path: '', type: 'file', mode: 0o644, size: bytes.length, sha1: digest('sha1'), md5: digest('md5'), bytes, source }
}

async function digests(source: string): Promise<{ sha1: string; md5: string }> {
  const sha1 = createHash('sha1')
  const md5 = createHash('md5')
  for await (const chunk of createReadStream(source)) {
    sha1.update(chunk)
    md5.update(chunk)
  }
  return { sha1: sha1.digest('hex'), md5: md5.digest('hex') }
}
