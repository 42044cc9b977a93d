import { stringify } from 'yaml'
import type { z } from 'zod'
import type { AnyModule } from './define.ts'
import { fieldMeta, fields } from './params.ts'
import { jsonSchema } from './schema.ts'

/** One module's documentation as Markdown, made from its definition alone. */
export function moduleMarkdown(module: AnyModule): string {
  const parts = [`## ${module.name}`, '', module.summary, '']
  const rows = Object.entries(fields(module.params)).map(([name, schema]) => parameterRow(name, schema, module))
  if (rows.length > 0) parts.push('| parameter | takes | |', '|---|---|---|', ...rows, '')
  if (module.freeForm) parts.push(`A bare text stands for \`${module.freeForm}\`.`, '')
  for (const note of module.notes ?? []) parts.push(`- ${note}`)
  if (module.notes?.length) parts.push('')
  const returns = Object.entries(module.returns ?? {})
  if (returns.length > 0) parts.push('Registered result:', '', ...returns.map(([key, what]) => `- \`${key}\`: ${what}`), '')
  for (const example of module.examples) parts.push('```yaml', exampleYaml(module, example), '```', '')
  return parts.join('\n')
}

/** All modules, for docs/modules.md. */
export const modulesMarkdown = (modules: Iterable<AnyModule>): string => {
  const all = [...modules]
  const contents = all.map((module) => `- [${module.name}](#${module.name}): ${module.summary}`)
  return [
    '# Modules',
    '',
    'Made from the code by `npm run docs`. Names, parameters and results are those of the Ansible modules of the same name unless a note says otherwise.',
    'Every result also holds `changed`, `failed`, `skipped`, `msg` and, under --diff, `diff`.',
    '',
    ...contents,
    '',
    ...all.map(moduleMarkdown),
  ].join('\n')
}

/** One module for a terminal: the same, without Markdown's tables. */
export function moduleText(module: AnyModule, width: number): string {
  const lines = [module.name, '', ...wrap(module.summary, width, '  '), '']
  for (const [name, schema] of Object.entries(fields(module.params))) {
    const { description = '', aliases = [] } = fieldMeta(schema)
    lines.push(
      `  ${name}${isRequired(schema) ? ' (required)' : ''}${aliases.length ? `, also ${aliases.join(', ')}` : ''}: ${takes(name, module)}`,
    )
    lines.push(...wrap(`${description}${defaultOf(schema)}`, width, '      '))
  }
  if (module.notes?.length) lines.push('', ...module.notes.flatMap((note) => wrap(`- ${note}`, width, '  ')))
  for (const example of module.examples)
    lines.push(
      '',
      ...exampleYaml(module, example)
        .split('\n')
        .map((line) => `  ${line}`),
    )
  return `${lines.join('\n')}\n`
}

function exampleYaml(module: AnyModule, example: AnyModule['examples'][number]): string {
  return stringify([{ name: example.title, [module.name]: example.params }], { lineWidth: 0 }).trimEnd()
}

function parameterRow(name: string, schema: z.ZodType, module: AnyModule): string {
  const { description = '', aliases = [] } = fieldMeta(schema)
  const names = [`\`${name}\``, ...aliases.map((alias) => `\`${alias}\``)].join(', ')
  const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
  return `| ${names}${isRequired(schema) ? ' **required**' : ''} | ${cell(takes(name, module))} | ${cell(`${description}${defaultOf(schema)}`)} |`
}

const isRequired = (schema: z.ZodType): boolean => !schema.safeParse(undefined).success

function defaultOf(schema: z.ZodType): string {
  const empty = schema.safeParse(undefined)
  return empty.success && empty.data !== undefined ? ` Default: \`${JSON.stringify(empty.data)}\`.` : ''
}

function takes(name: string, module: AnyModule): string {
  const schema = jsonSchema(fields(module.params)[name]!)
  const words = typesOf(schema)
  return [...new Set(words)].join(' or ') || 'anything'
}

function typesOf(schema: Record<string, unknown>): string[] {
  if (Array.isArray(schema.enum)) return [schema.enum.map((one) => `${one}`).join(', ')]
  if (schema.const !== undefined) return [`${schema.const}`]
  const any = (schema.anyOf ?? schema.oneOf) as Record<string, unknown>[] | undefined
  if (any) return any.flatMap(typesOf)
  const names: Record<string, string> = { string: 'text', integer: 'whole number', array: 'list', object: 'mapping' }
  return [schema.type].flat().flatMap((type) => (typeof type === 'string' ? [names[type] ?? type] : []))
}

function wrap(text: string, width: number, indent: string): string[] {
  const lines: string[] = []
  let line = indent
  for (const word of text.split(/\s+/)) {
    if (line.length + word.length + 1 > width && line.trim() !== '') {
      lines.push(line)
      line = indent
    }
    line += line === indent ? word : ` ${word}`
  }
  return line.trim() === '' ? lines : [...lines, line]
}
