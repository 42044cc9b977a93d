import { z } from 'zod'
import { type Content, content } from '../../facts/content.ts'
import { type Creator, creator } from '../../facts/creator.ts'
import { realpath } from '../../facts/realpath.ts'
import { lstat, type Stat, stat } from '../../facts/stat.ts'
import type { ModuleResult, Output, Plan } from '../../module/define.ts'
import { ancestors } from '../../module/host-path.ts'
import { bool, fileParams, path } from '../../module/params.ts'
import { decodeText, encodeText, knownEncoding, shown } from './host-text.ts'
import { missingDirectories } from './make-directory.ts'
import { pathResult } from './ownership.ts'
import { placeFile } from './place-file.ts'
import { readReport, validateWords } from './write-file.ts'

/** Parameters of every module that edits a text file. */
export const editParams = {
  path: path()
    .meta({ aliases: ['dest', 'destfile', 'name'] })
    .describe('The file to edit. A symbolic link is followed.'),
  backup: bool().default(false).describe('Keep the old file as `PATH.PID.YYYY-MM-DD@HH:MM:SS~`.'),
  validate: z
    .string()
    .refine((command) => validateWords(command) !== undefined, { error: 'validate must contain %s, and close its quotes' })
    .optional()
    .describe('A command that must accept the new file before it is put in place; `%s` is its path. No shell: no pipes, no expansion.'),
  encoding: z
    .string()
    .refine(knownEncoding, { error: 'known encodings are utf-8, ascii, latin-1 and utf-16-le' })
    .default('utf-8')
    .describe('Character set of the file: utf-8, ascii, latin-1 or utf-16-le. Bytes that are no UTF-8 are kept as they are.'),
  ...fileParams,
  unsafe_writes: bool().default(false).describe('Overwrite in place a file that cannot be replaced, such as one mounted on its own.'),
}

/** They as a plan reads them. */
export type EditWant = z.output<z.ZodObject<typeof editParams>>

/** What an edit makes of a file's text. */
export interface Edit {
  readonly text: string
  /** The result's `msg`. */
  readonly msg: string
  /** Further keys of the result. */
  readonly report?: Readonly<Record<string, string>>
  /** The part of the text that a diff shows, before and after; all of it when left out. */
  readonly part?: { readonly before: string; readonly after: string }
}

/** What must be known of the file; its text is read at once, so that one answer decides. */
export const editFacts = (want: EditWant) => ({
  link: lstat(want.path),
  file: stat(want.path),
  content: content(want.path),
  above: ancestors(want.path).map((path) => stat(path)),
  creator: creator(''),
})

/** Where a link leads, when the path is one. */
export const editMore = (want: EditWant, is: { link: Stat }) => ({
  real: is.link.exists && is.link.type === 'link' ? realpath(want.path) : undefined,
})

interface Known {
  readonly link: Stat
  readonly file: Stat
  readonly above: readonly Stat[]
  readonly creator: Creator
  readonly content: Content
  readonly real: string | undefined
}

/** Its text, undefined when there is no file; or why it cannot be had. */
export function readText(
  want: EditWant,
  is: Known,
): { readonly text: string | undefined } | { readonly text?: undefined; readonly failure: string } {
  const { file } = is
  if (!file.exists) {
    if (file.why === 'denied') return { failure: `Cannot access ${want.path}: permission denied` }
    return { text: undefined }
  }
  if (file.type === 'directory') return { failure: `Path ${want.path} is a directory !` }
  if (file.type !== 'file') return { failure: `${want.path} is not a regular file` }
  if (is.content.bytes) return { text: decodeText(is.content.bytes, want.encoding) }
  const why = { denied: 'is not readable', 'too large': `is too large to edit (${file.size} bytes)`, 'no file': 'cannot be read' }
  return { failure: `${want.path} ${why[is.content.why]}` }
}

const ALSO = 'ownership, perms or SE linux context changed'

/** The plan that makes a file's text what `edit` says and its attributes what the task wants. */
export function planEdit(
  want: EditWant,
  is: Known,
  before: string | undefined,
  edit: Edit,
  headers?: { before: string; after: string },
): Plan {
  const bytes = encodeText(edit.text, want.encoding)
  const old = is.content.bytes
  const target = is.real ?? want.path
  const known = ancestors(want.path).map((path, i) => [path, is.above[i]!] as const)
  const placed = placeFile({
    path: target,
    named: want.path,
    is: is.file,
    want,
    creator: is.creator,
    above: known[0]?.[1],
    same: before !== undefined && old?.equals(bytes) === true,
    from: { bytes, size: bytes.length },
    size: bytes.length,
    bytes,
    directories: before === undefined && target === want.path ? missingDirectories(known, {}, is.creator) : [],
    summary: edit.msg,
    diff: {
      before: edit.part?.before ?? shown(old),
      after: edit.part?.after ?? shown(bytes),
      before_header: headers?.before ?? `${want.path} (content)`,
      after_header: headers?.after ?? `${want.path} (content)`,
    },
    report: { msg: edit.msg, ...edit.report },
    also: ALSO,
  })
  return { changes: placed.changes, ...(placed.message && { message: placed.message }) }
}

/** The result's keys: what the steps reported, `backup` ('' without one), and what is at the path now. */
export function editResult(want: EditWant, is: { file: Stat }, outputs: readonly Output[]): ModuleResult {
  const { backup_file: backup = '', msg, ...report } = readReport(outputs)
  return {
    path: want.path,
    backup,
    ...(backup !== '' && { backup_file: backup }),
    ...(msg !== undefined && { msg }),
    ...report,
    ...(is.file.exists && pathResult(is.file)),
  }
}
