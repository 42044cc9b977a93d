import { sha1 } from '../facts/checksum.ts'
import { type Content, content } from '../facts/content.ts'
import { lstat, stat } from '../facts/stat.ts'
import { followedTree, tree, treeSums } from '../facts/tree.ts'
import { defineModule, type Plan } from '../module/define.ts'
import type { Fact } from '../module/fact.ts'
import { below, operand, trimSlashes } from '../module/host-path.ts'
import { planItems } from './copy/directory.ts'
import { hostItems, thereOf } from './copy/items.ts'
import { baseOf, chain, changedItems, fromLocal, isDirectory, itemsOf, localSource, rootOf, thereOfItems } from './copy/local.ts'
import { copyParams } from './copy/params.ts'
import { locate, planSingle, singleFacts, singleMore } from './copy/single.ts'
import { pathResult } from './files/ownership.ts'
import { readReport } from './files/write-file.ts'

/** Ansible's copy. */
export const copy = defineModule({
  name: 'copy',
  summary: 'Put a file, a directory or a given content on the host.',
  notes: [
    'A file appears whole or not at all: it is written beside the old one and moved over it. Its owner and mode are set before that.',
    'A missing directory is made when `dest` ends with a slash, or `src` is a directory; otherwise it is a failure.',
    'Without `mode`, a file that is there keeps its mode and a new one gets what the umask leaves; copies of directories on the host (`remote_src`) keep the modes of the source.',
    'Of a directory, what else is at the destination stays. Owner and group are also set on the directories of `src` that are there already; their mode is not.',
    'Different from Ansible: with `local_follow`, a link that leads out of the copied directory is refused (use `local_follow: false`); `src` in the result is the path as the task has it; a destination that is a device or pipe is refused.',
  ],
  params: copyParams,
  examples: [
    {
      title: 'A file',
      params: { src: 'sshd.conf', dest: '/etc/ssh/sshd_config.d/50-local.conf', owner: 'root', mode: '0600', validate: 'sshd -t -f %s' },
    },
    { title: 'Content that stands in the task', params: { dest: '/etc/hostname', content: 'chat\n' } },
    { title: 'What is in a directory', params: { src: 'site/', dest: '/srv/www/', directory_mode: '0755', mode: '0644' } },
    {
      title: 'A file of the host',
      params: { src: '/usr/share/doc/app/example.conf', dest: '/etc/app.conf', remote_src: true, force: false },
    },
  ],
  returns: {
    dest: 'The path that was written.',
    src: 'The source, as the task has it.',
    checksum: 'SHA-1 of the content.',
    md5sum: 'MD5 of the content, of a source that is not on the host.',
    backup_file: 'Path of the old file, where one was kept.',
    state: '`file`; with `mode`, `owner`, `group`, `uid`, `gid` and `size`.',
  },
  inputs: (want) => ({ src: want.src === undefined || want.remote_src ? undefined : { path: want.src, as: 'file' as const } }),
  facts: (want, inputs) => {
    const local = localSource(want, inputs.src)
    const directory = isDirectory(local)
    const items = directory ? itemsOf(want, local).items : []
    const root = want.src === undefined ? '' : rootOf(want)
    return {
      ...singleFacts(want.dest, baseOf(want)),
      source: want.remote_src && want.src !== undefined ? stat(want.src) : undefined,
      sourceSum: want.remote_src && want.src !== undefined ? sha1(want.src) : undefined,
      chain: directory || want.remote_src ? chain(root).map((one) => stat(one)) : [],
      itemLinks: items.map((item) => lstat(below(root, item.path))),
      itemStats: items.map((item) => stat(below(root, item.path))),
      itemSums: items.filter(({ type }) => type === 'file').map((item) => sha1(below(root, item.path))),
    }
  },
  more: (want, is, inputs) => {
    const local = localSource(want, inputs.src)
    const oldItems: Fact<Content>[] = []
    const fromHost = want.remote_src && is.source?.exists && is.source.type === 'directory' ? want.src! : undefined
    if (fromHost !== undefined) {
      const root = rootOf(want)
      const follow = want.local_follow
      return {
        real: undefined,
        old: undefined,
        fresh: undefined,
        oldItems,
        sourceTree: (follow ? followedTree : tree)(fromHost),
        sourceSums: treeSums({ path: fromHost, follow }),
        rootTree: tree(root),
        rootSums: treeSums({ path: root, follow: false }),
      }
    }
    const none = { sourceTree: undefined, sourceSums: undefined, rootTree: undefined, rootSums: undefined }
    if (isDirectory(local)) {
      const changed = changedItems(want, is, itemsOf(want, local).items).slice(0, 100)
      return {
        real: undefined,
        old: undefined,
        fresh: undefined,
        oldItems: changed.map((item) => content(below(rootOf(want), item.path))),
        ...none,
      }
    }
    if (want.remote_src && want.src !== undefined) {
      const { source, sourceSum } = is
      const size = source?.exists && source.type === 'file' ? source.size : Number.POSITIVE_INFINITY
      return { ...singleMore(want, is, { base: baseOf(want), sha1: sourceSum?.sum, size, path: want.src }), oldItems, ...none }
    }
    const [file] = local
    const source = { base: baseOf(want), sha1: file?.sha1, size: file?.size ?? 0 }
    return { ...singleMore(want, is, source), oldItems, ...none }
  },
  plan: (want, is, inputs): Plan => {
    const fails = (failure: string): Plan => ({ changes: [], failure })
    const local = localSource(want, inputs.src)
    const common = { creator: is.creator, bare: want.src?.endsWith('/') ?? false }
    if (want.remote_src && want.src !== undefined) {
      const { source, sourceSum } = is
      if (!source?.exists) return fails(source?.why === 'denied' ? `Source ${want.src} not readable` : `Source ${want.src} not found`)
      if (source.type === 'directory') {
        const root = rootOf(want)
        const known = chain(root).map((path, i) => [path, is.chain[i]!] as const)
        const items = hostItems(trimSlashes(want.src), source, is.sourceTree ?? [], is.sourceSums ?? new Map())
        const there = thereOf(is.rootTree ?? [], is.rootSums ?? new Map())
        return planItems(want, { ...common, root, known, there, old: new Map(), keepModes: true }, items)
      }
      if (source.type !== 'file') return fails(`Source ${want.src} is not a regular file`)
      if (sourceSum?.sum === undefined) return fails(`Source ${want.src} not readable`)
      const from = { path: operand(want.src) }
      return planSingle(want, is, {
        base: baseOf(want),
        sha1: sourceSum.sum,
        size: source.size,
        mode: source.mode,
        from,
        bytes: is.fresh?.bytes,
      })
    }
    if (!isDirectory(local)) return planSingle(want, is, fromLocal(want, local[0]!))
    const { items, outside } = itemsOf(want, local)
    if (outside[0])
      return fails(
        `${want.src}: the link ${outside[0].path} leads out of the directory, to ${outside[0].target}: set local_follow: false to copy the link itself`,
      )
    const root = rootOf(want)
    const old = new Map(
      changedItems(want, is, items).flatMap((item, i) => (is.oldItems[i]?.bytes ? [[item.path, is.oldItems[i].bytes] as const] : [])),
    )
    return planItems(
      want,
      {
        ...common,
        root,
        known: chain(root).map((path, i) => [path, is.chain[i]!] as const),
        there: thereOfItems(is, items),
        old,
        keepModes: false,
      },
      items,
    )
  },
  result: (want, is, outputs, inputs) => {
    const { backup_file } = readReport(outputs)
    const local = localSource(want, inputs.src)
    const src = want.src === undefined ? {} : { src: want.src }
    if (isDirectory(local) || (is.source?.exists && is.source.type === 'directory')) return { dest: want.dest, ...src }
    const target = locate(want.dest, is, baseOf(want))
    const file = local[0]
    return {
      ...src,
      dest: is.real ?? ('path' in target ? target.path : want.dest),
      checksum: file?.sha1 ?? is.sourceSum?.sum,
      ...(file && { md5sum: file.md5 }),
      ...(backup_file !== undefined && { backup_file }),
      ...('path' in target && target.is.exists && pathResult(target.is)),
    }
  },
})
