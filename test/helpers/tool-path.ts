import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A directory with these tools of the machine and no others, to be the PATH of a host that lacks some. Gone when the process ends. */
export function toolPath(...names: string[]): string {
  const dir = mkdtempSync(join(tmpdir(), 'tools-'))
  process.on('exit', () => rmSync(dir, { recursive: true }))
  for (const name of names) symlinkSync(execFileSync('which', [name], { encoding: 'utf8' }).trim(), join(dir, name))
  return dir
}
