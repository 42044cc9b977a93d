import { z } from 'zod'
import { defineModule } from '../module/define.ts'
import { basename } from '../module/host-path.ts'
import { type LocalFile, textFile } from '../module/local-file.ts'
import { bool, text } from '../module/params.ts'
import { payload } from './copy/items.ts'
import { placeParams } from './copy/params.ts'
import { locate, planSingle, type Source, singleFacts, singleMore } from './copy/single.ts'
import { decodeText, encodeText, knownEncoding } from './files/host-text.ts'
import { pathResult } from './files/ownership.ts'
import { readReport } from './files/write-file.ts'

const NEWLINES: Record<string, string> = { '\\n': '\n', '\\r': '\r', '\\r\\n': '\r\n' }

const params = z.strictObject({
  src: text().describe('The template, a file of the controller.'),
  ...placeParams,
  newline_sequence: z
    .enum(['\n', '\r', '\r\n', '\\n', '\\r', '\\r\\n'])
    .default('\n')
    .transform((word) => NEWLINES[word] ?? word)
    .describe('How the lines of the file end.'),
  output_encoding: z
    .string()
    .refine(knownEncoding, { error: 'known encodings are utf-8, ascii, latin-1 and utf-16-le' })
    .default('utf-8')
    .describe('Character set of the file: utf-8, ascii, latin-1 or utf-16-le.'),
  trim_blocks: bool().default(true).describe('Means nothing here: an EJS tag that ends with `-%>` takes its newline away.'),
  lstrip_blocks: bool().default(false).describe('Means nothing here: an EJS tag that begins with `<%_` takes the blanks before it away.'),
})

type Want = z.output<typeof params>

function rendered(want: Want, [file]: readonly LocalFile[]): LocalFile {
  const plain = want.newline_sequence === '\n' && /^utf-?8$/i.test(want.output_encoding)
  if (!file?.bytes) throw new Error('a template comes rendered')
  // Jinja makes all newlines alike; only a carriage return alone would be left by leaving the text as it is
  if (plain && !file.bytes.includes(0x0d)) return file
  const lines = decodeText(file.bytes).replace(/\r\n|\r|\n/g, want.newline_sequence)
  return { ...textFile(encodeText(lines, want.output_encoding), file.source), mode: file.mode }
}

const sourceOf = (want: Want, input: readonly LocalFile[]): Source => {
  const file = rendered(want, input)
  return { base: basename(want.src), sha1: file.sha1, size: file.size, mode: file.mode, from: payload(file), bytes: file.bytes }
}

/** Ansible's template, with EJS instead of Jinja. */
export const template = defineModule({
  name: 'template',
  summary: 'Put a file on the host that is made from a template.',
  notes: [
    'Templates are EJS (`<%= name %>`), not Jinja; nothing is escaped, and an undefined variable is an error.',
    "All newlines of the result are made alike, as Jinja does (`newline_sequence`). Jinja's delimiters cannot be set.",
    'The file appears whole or not at all, as with `copy`.',
  ],
  params,
  examples: [
    {
      title: 'A configuration, checked before it is put in place',
      params: {
        src: 'homeserver.yaml.ejs',
        dest: '/etc/matrix-synapse/homeserver.yaml',
        owner: 'root',
        group: 'matrix',
        mode: '0640',
        backup: true,
      },
    },
    {
      title: 'A rule for sudo',
      params: { src: 'sudoers.ejs', dest: '/etc/sudoers.d/ops', mode: '0440', validate: '/usr/sbin/visudo -cf %s' },
    },
  ],
  returns: {
    dest: 'The path that was written.',
    src: 'The template, as the task has it.',
    checksum: 'SHA-1 of the content; `md5sum` is its MD5.',
    backup_file: 'Path of the old file, where one was kept.',
    state: '`file`; with `mode`, `owner`, `group`, `uid`, `gid` and `size`.',
  },
  inputs: (want) => ({ src: { path: want.src, as: 'template' as const } }),
  facts: (want) => singleFacts(want.dest, basename(want.src)),
  more: (want, is, inputs) => singleMore(want, is, sourceOf(want, inputs.src)),
  plan: (want, is, inputs) => planSingle(want, is, sourceOf(want, inputs.src)),
  result: (want, is, outputs, inputs) => {
    const { backup_file } = readReport(outputs)
    const file = rendered(want, inputs.src)
    const target = locate(want.dest, is, basename(want.src))
    return {
      src: want.src,
      dest: is.real ?? ('path' in target ? target.path : want.dest),
      checksum: file.sha1,
      md5sum: file.md5,
      ...(backup_file !== undefined && { backup_file }),
      ...('path' in target && target.is.exists && pathResult(target.is)),
    }
  },
})
