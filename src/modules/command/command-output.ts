import { NOT_STARTED } from '../../module/command-script.ts'
import type { ModuleResult, Output } from '../../module/define.ts'
import { pythonDateTime, pythonDelta } from './python-time.ts'

/** Lines as Python's str.splitlines() has them (docs.python.org, library/stdtypes). */
export function textLines(text: string): string[] {
  const lines = text.split(/\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/)
  if (lines.at(-1) === '') lines.pop()
  return lines
}

/** The keys of a result that tell what a command wrote; bytes that are no UTF-8 become U+FFFD. */
export function outputKeys(output: Pick<Output, 'stdout' | 'stderr'>, strip: boolean) {
  const text = (bytes: Buffer) => (strip ? bytes.toString().replace(/[\r\n]+$/, '') : bytes.toString())
  const stdout = text(output.stdout)
  const stderr = text(output.stderr)
  return { stdout, stderr, stdout_lines: textLines(stdout), stderr_lines: textLines(stderr) }
}

/** The result of a step made by `commandScript`, named and written as Ansible's command module does. */
export function commandOutput(cmd: string | readonly string[], output: Output, strip: boolean): ModuleResult {
  const first = output.stderr.toString()
  if (first.startsWith(NOT_STARTED) && output.stdout.length === 0) {
    const [, why = first, chdir] = /^mhprov: (\[Errno \d+\] [\s\S]*?)(: chdir)?\n$/.exec(first) ?? []
    const msg = chdir ? `Unable to change directory before execution: ${why}` : why
    const nothing = { stdout: '', stderr: '', stdout_lines: [], stderr_lines: [] }
    return { changed: false, failed: true, cmd, rc: chdir ? null : output.code, msg, ...nothing }
  }
  return {
    changed: true,
    cmd,
    rc: output.code,
    ...outputKeys(output, strip),
    start: pythonDateTime(output.start),
    end: pythonDateTime(output.end),
    delta: pythonDelta(output.end - output.start),
    ...(output.code === 0 ? { msg: '' } : { failed: true, msg: 'non-zero return code' }),
  }
}
