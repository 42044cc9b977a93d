import type { SourceFile } from '../diagnostic.ts'
import { type Draft, fault } from './draft.ts'

/** The first line that says something: neither blank nor a comment. */
function opening(text: string): { line: string; start: number } {
  let start = 0
  for (const line of text.split('\n')) {
    if (/^\s*[^\s#;]/.test(line) && !/^---\s*$/.test(line))
      return { line: line.trimEnd(), start: start + (line.length - line.trimStart().length) }
    start += line.length + 1
  }
  return { line: '', start: 0 }
}

/** Ansible's INI inventory: it opens with a `[section]`, or with a bare host that `name=value` pairs may follow. */
export const isIni = (text: string): boolean => {
  const { line } = opening(text)
  return /^\s*\[[^[\],"'{}]+\](\s*[#;].*)?$/.test(line) || /^\s*[^\s:="'{}[\]]+(:\d+)?(\s+\w+=\S.*)?$/.test(line)
}

/** One error for a file that is an inventory of another kind (INI, a script, a plugin's settings, a script's JSON), with the way out. */
export function refuseForeign(draft: Draft, file: SourceFile): void {
  const { line, start } = file.text.startsWith('#!') ? { line: file.text.split('\n')[0] ?? '', start: 0 } : opening(file.text)
  const what = file.text.startsWith('#!') ? 'script' : isIni(file.text) ? 'INI' : 'plugin'
  fault(
    draft,
    'syntax',
    what === 'INI' ? 'this is an INI inventory: mhprov reads YAML' : `this is the inventory of a ${what}: mhprov reads YAML files`,
    { file, start, end: start + line.trim().length },
    `convert it once with: ansible-inventory -i ${file.path} --list --yaml`,
  )
}
