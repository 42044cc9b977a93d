import { existsSync, readFileSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { type Diagnostic, problem, type Source, type SourceFile } from '../diagnostic.ts'
import type { AnyModule } from '../module/define.ts'
import { type LocalFile, loadLocal, textFile } from '../module/local-file.ts'
import type { Scope } from './scope.ts'
import { compileTemplate, type Template, type TemplateFault } from './template.ts'
import type { Task } from './tree.ts'

/** A controller's file that a task names, found where Ansible looks: `files/` or `templates/` of the role, then of the playbook, then beside it. */
export function findInput(task: Task, path: string, kind: 'file' | 'template'): { found?: string; looked: string[] } {
  const folder = kind === 'template' ? 'templates' : 'files'
  const looked = isAbsolute(path) ? [path] : task.dirs.flatMap((dir) => [join(dir, folder, path), join(dir, path)])
  // join() drops the trailing slash by which `copy` means "what is in it"; it is not part of the place
  const found = looked.map((one) => one.replace(/(.)\/+$/, '$1')).find((one) => existsSync(one))
  return { ...(found && { found }), looked }
}

/** The inputs that a module's parameters name. */
export const inputsOf = (module: AnyModule, want: unknown): { name: string; path: string; as: 'file' | 'template' }[] =>
  Object.entries(module.inputs?.(want) ?? {}).flatMap(([name, input]) =>
    input ? [{ name, ...(input as { path: string; as: 'file' | 'template' }) }] : [],
  )

/** An input that is nowhere where Ansible would look. */
export const missingInput = ({ path, as }: { path: string; as: string }, looked: readonly string[], at: Source): Diagnostic =>
  problem('missing-file', `there is no ${as} "${path}"`, at, `looked for ${looked.slice(0, 4).join(', ')}`)

export interface TemplateFile {
  readonly file: SourceFile
  readonly template: Template | TemplateFault
}

const templates = new Map<string, TemplateFile>()

/** A template file, read and compiled once per run of the process. */
export function templateFile(path: string): TemplateFile {
  const known = templates.get(path)
  if (known) return known
  const text = readFileSync(path, 'utf8')
  const made = { file: { path, text }, template: compileTemplate(text, path) }
  templates.set(path, made)
  return made
}

/** A rendered template file as the module sees it. Throws what rendering throws. */
export function renderInput(path: string, scope: Scope): LocalFile[] {
  const { template } = templateFile(path)
  if (!('render' in template)) throw new Error(template.message)
  const text = template.render(scope)
  return [textFile(typeof text === 'string' ? text : JSON.stringify(text), path)]
}

export const readInput = (path: string): Promise<LocalFile[]> => loadLocal(path)
