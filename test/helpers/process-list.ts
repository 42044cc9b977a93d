import { readdirSync, readFileSync } from 'node:fs'

/** Arguments and environments of all processes but this one, as others could see them now. */
export function processList(): string {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .flatMap((pid) => ['cmdline', 'environ'].map((file) => readQuietly(`/proc/${pid}/${file}`)))
    .join('\n')
}

// a process may end between the listing and the reading
function readQuietly(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) return ''
    throw error
  }
}
