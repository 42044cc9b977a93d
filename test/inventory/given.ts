import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { ExecutionContext } from 'ava'
import type { Diagnostic, Result } from '../../src/diagnostic.ts'
import { type Inventory, loadInventory } from '../../src/inventory/load.ts'
import { printDiagnostics } from '../../src/report/frame.ts'
import type { Value } from '../../src/yaml.ts'

/** Files by path, or the text of the one file inventory.yaml, in a folder of their own. */
export type Files = string | Record<string, string>

/** Writes the files; a first line that is empty is for the eye only. Gives the folder. */
export function given(t: ExecutionContext, files: Files): string {
  const dir = mkdtempSync(join(tmpdir(), 'mhprov-inventory-'))
  t.teardown(() => rmSync(dir, { recursive: true }))
  for (const [path, text] of Object.entries(typeof files === 'string' ? { 'inventory.yaml': files } : files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true })
    writeFileSync(join(dir, path), text.replace(/^\n/, ''))
  }
  return dir
}

export function load(t: ExecutionContext, files: Files, name = 'inventory.yaml'): Inventory {
  const loaded = loadInventory(join(given(t, files), name))
  if (!loaded.ok) throw new Error(print(loaded.problems))
  return loaded.value
}

export const print = (problems: readonly Diagnostic[] = [], cwd = ''): string =>
  printDiagnostics(problems, { colour: false, cwd }).replaceAll(cwd === '' ? '\0' : `${cwd}/`, '')

/** What is wrong with a result, whole, without the folder's name. */
export const complaint = (result: Result<unknown>, cwd = ''): string => print(result.ok ? result.warnings : result.problems, cwd)

/** Titles are claims; the files are refused with exactly this text. */
export function rejects(t: ExecutionContext, files: Files, expected: string): void {
  const dir = given(t, files)
  const loaded = loadInventory(join(dir, 'inventory.yaml'))
  t.false(loaded.ok)
  t.is(complaint(loaded, dir), expected.replace(/^\n/, ''))
}

/** The files are accepted, with exactly these warnings. */
export function warns(t: ExecutionContext, files: Files, expected: string): void {
  const dir = given(t, files)
  const loaded = loadInventory(join(dir, 'inventory.yaml'))
  t.true(loaded.ok, complaint(loaded, dir))
  t.is(complaint(loaded, dir), expected.replace(/^\n/, ''))
}

const plain = (value: Value): unknown => {
  if (value.kind === 'scalar') return value.value
  if (value.kind === 'list') return value.items.map(plain)
  return Object.fromEntries(value.entries.map((one) => [one.key, plain(one.value)]))
}

/** A host's merged variables as data. */
export const varsOf = (inventory: Inventory, name: string): Record<string, unknown> =>
  Object.fromEntries([...(inventory.hosts.get(name)?.vars ?? [])].map(([key, one]) => [key, plain(one.value)]))
