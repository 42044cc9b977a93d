import { z } from 'zod'
import { content } from '../facts/content.ts'
import { stat } from '../facts/stat.ts'
import { defineModule } from '../module/define.ts'
import { path } from '../module/params.ts'

/** Ansible's slurp. */
export const slurp = defineModule({
  name: 'slurp',
  summary: 'Read a file of the host.',
  notes: ['Files up to 64 MiB; the content is held in memory.'],
  params: z.strictObject({
    src: path()
      .meta({ aliases: ['path'] })
      .describe('The file to read. A symbolic link is followed.'),
  }),
  examples: [{ title: 'What is mounted', params: { src: '/proc/mounts' } }],
  returns: {
    content: 'The bytes, in base64.',
    encoding: 'Always `base64`.',
    source: 'The path.',
  },
  facts: (want) => ({ file: stat(want.src), content: content(want.src) }),
  plan: (want, is) => {
    const failure = (message: string) => ({ changes: [], failure: message })
    if (!is.file.exists) return failure(is.file.why === 'denied' ? `file is not readable: ${want.src}` : `File not found: ${want.src}`)
    if (is.file.type === 'directory') return failure(`source is a directory and must be a file: ${want.src}`)
    if (is.content.bytes) return []
    return failure(
      {
        denied: `file is not readable: ${want.src}`,
        'too large': `file is too large to read: ${want.src} (${is.file.size} bytes)`,
        'no file': `unable to slurp file: ${want.src} is not a regular file`,
      }[is.content.why],
    )
  },
  result: (want, is) => ({
    changed: false,
    ...(is.content.bytes && { content: is.content.bytes.toString('base64') }),
    encoding: 'base64',
    source: want.src,
  }),
})
