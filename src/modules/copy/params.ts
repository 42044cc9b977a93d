import { z } from 'zod'
import { bool, fileParams, mode, path } from '../../module/params.ts'
import { validateWords } from '../../module/write-file.ts'

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

/** `directory_mode`, for copy alone. */
export const directoryMode = () =>
  mode().optional().describe('Permissions of directories that have to be made; those that are there keep theirs.')
