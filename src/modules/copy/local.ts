import type { z } from 'zod'
import type { Checksum } from '../../facts/checksum.ts'
import { ABSENT, type Stat } from '../../facts/stat.ts'
import { ancestors, basename, below, trimSlashes } from '../../module/host-path.ts'
import { type LocalFile, textFile } from '../../module/local-file.ts'
import { SHOWN_BYTES } from '../files/host-text.ts'
import { contentText } from './content.ts'
import { type Item, localItems, payload, type There } from './items.ts'
import type { copyParams } from './params.ts'
import type { Source } from './single.ts'

/** The parameters of copy, read. */
export type Want = z.output<typeof copyParams>

/** What is copied from here: the files of `src`, or the content as one; [] when the source is on the host. */
export const localSource = (want: Want, local: readonly LocalFile[] | undefined): LocalFile[] =>
  want.content === undefined ? [...(local ?? [])] : [textFile(contentText(want.content))]

/** Whether what is copied is a directory with all in it. */
export const isDirectory = (files: readonly LocalFile[]): boolean => files[0]?.type === 'directory'

/** The directory that the items of a directory go to. */
export const rootOf = (want: Want): string =>
  want.src!.endsWith('/') ? trimSlashes(want.dest) : below(trimSlashes(want.dest), basename(want.src!))

/** What the source is called in a directory; a content has no name. */
export const baseOf = (want: Want) => (want.src === undefined ? undefined : basename(want.src))

/** A file of the controller as a source. */
export const fromLocal = (want: Want, file: LocalFile): Source => ({
  base: baseOf(want),
  sha1: file.sha1,
  size: file.size,
  mode: file.mode,
  from: payload(file),
  bytes: file.bytes,
})

/** What a local directory holds, links followed where the task says so. */
export const itemsOf = (want: Want, local: readonly LocalFile[]) => localItems(local, want.local_follow)

/** A directory and those above it, nearest first: their facts tell which have to be made. */
export const chain = (root: string) => [root, ...ancestors(root)]

interface ItemAnswers {
  readonly itemLinks: readonly Stat[]
  readonly itemStats: readonly Stat[]
  readonly itemSums: readonly Checksum[]
}

/** What is at the place of each item, from the answers to the questions about them. */
export function thereOfItems(is: ItemAnswers, items: readonly Item[]): (path: string) => There {
  let files = 0
  const found = new Map<string, There>()
  items.forEach((item, i) => {
    const sum: Checksum = item.type === 'file' ? is.itemSums[files++]! : { why: 'no file' }
    found.set(item.path, { link: is.itemLinks[i]!, is: is.itemStats[i]!, sum })
  })
  return (path) => found.get(path) ?? { link: ABSENT, is: ABSENT, sum: { why: 'no file' } }
}

/** Files that are there, small and different: their old text is worth showing. */
export function changedItems(want: Want, is: ItemAnswers, items: readonly Item[]): Item[] {
  const there = thereOfItems(is, items)
  return items.filter((item) => {
    const { is: old, sum } = there(item.path)
    return (
      item.type === 'file' &&
      want.force &&
      old.exists &&
      old.type === 'file' &&
      old.size <= SHOWN_BYTES &&
      sum.sum !== undefined &&
      sum.sum !== item.sha1
    )
  })
}
