import { z } from 'zod'
import { bool, fileParams, mode, path, text } from '../../module/params.ts'
import { validateWords } from '../files/write-file.ts'

/** Parameters that copy and template share. */
export const placeParams = {
  dest: path().describe('Where the file goes. A directory, or a path with a slash at its end: into it, under its own name.'),
  force: bool().default(true).describe('Whether a file that is there is replaced when it differs.'),
  backup: bool().default(false).describe('Keep the old file as `PATH.PID.YYYY-MM-DD@HH:MM:SS~`.'),
  follow: bool()
    .default(false)
    .describe('Write through a symbolic link that is at the destination; otherwise the link is replaced by a file.'),
  validate: z
    .string()
    .refine((command) => validateWords(command) !== undefined, { error: 'validate must contain %s, and close its quotes' })
    .optional()
    .describe('A command that must accept the new file before it is put in place; `%s` is its path. No shell: no pipes, no expansion.'),
  ...fileParams,
  mode: mode()
    .optional()
    .describe(
      'Permissions: octal in quotes ("0644"), symbolic, or `preserve` for those of the source. Unset: kept, or the umask for a new file.',
    ),
  unsafe_writes: bool().default(false).describe('Overwrite in place a file that cannot be replaced, such as one mounted on its own.'),
}

/** The parameters of copy. */
export const copyParams = z
  .strictObject({
    src: text()
      .optional()
      .describe(
        'A file or directory of the controller; with a slash at its end, what is in the directory. With `remote_src` a path on the host.',
      ),
    content: z
      .union([z.string(), z.number(), z.boolean(), z.array(z.unknown()), z.record(z.string(), z.unknown())], { error: 'expected text' })
      .optional()
      .describe('The content itself, instead of `src`. A mapping or a list is written as JSON.'),
    remote_src: bool().default(false).describe('Whether `src` is on the host.'),
    ...placeParams,
    directory_mode: mode().optional().describe('Permissions of directories that have to be made; those that are there keep theirs.'),
    local_follow: bool().default(true).describe('Copy what a symbolic link in `src` leads to; otherwise the link itself.'),
    checksum: text().optional().describe('SHA-1 that the source must have.'),
  })
  .superRefine((want, context) => {
    const issue = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message })
    if (want.src === undefined && want.content === undefined) issue('src', 'src (or content) is required')
    if (want.src !== undefined && want.content !== undefined) issue('content', 'src and content are mutually exclusive')
    if (want.content !== undefined && want.dest.endsWith('/')) issue('dest', 'can not use content with a dir as dest')
    if (want.content !== undefined && want.mode === 'preserve') issue('mode', '`preserve` needs a `src` whose mode it can be')
  })
