import { z } from 'zod'
import type { AnyModule } from './define.ts'
import { fieldMeta, fields, isStrict } from './params.ts'

type Json = Record<string, unknown>

/** JSON Schema (draft 2020-12) of what a parameter takes in YAML. */
export function jsonSchema(schema: z.ZodType): Json {
  const { json } = fieldMeta(schema)
  if (json) return json as Json
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Json
  const clean = JSON.parse(
    JSON.stringify(rest, (key, value) => (['hostPath', 'aliases', 'expression', 'secret', 'json'].includes(key) ? undefined : value)),
  )
  return clean as Json
}

const TEMPLATE = { type: 'string', pattern: '<%' }

/** The parameters of a module: each by all its names, each also as a template. */
function parameters(module: AnyModule): Json {
  const properties: Json = {}
  for (const [name, schema] of Object.entries(fields(module.params))) {
    const { description, aliases = [] } = fieldMeta(schema)
    const one = { ...(description && { description }), anyOf: [jsonSchema(schema), TEMPLATE] }
    for (const word of [name, ...aliases]) properties[word] = one
  }
  const form: Json = { type: ['object', 'null'], properties, ...(isStrict(module.params) && { additionalProperties: false }) }
  return { description: module.summary, anyOf: [form, ...(module.freeForm ? [{ type: 'string' }] : []), TEMPLATE] }
}

const described = (words: Readonly<Record<string, string>>): Json =>
  Object.fromEntries(Object.entries(words).map(([word, description]) => [word, { description }]))

/** The schema of a playbook file, for editors (`# yaml-language-server: $schema=…`). */
export function playbookSchema(
  modules: Iterable<AnyModule>,
  keywords: { play: Readonly<Record<string, string>>; block: Readonly<Record<string, string>>; task: Readonly<Record<string, string>> },
): Json {
  const list = { type: 'array', items: { $ref: '#/$defs/task' } }
  const lists = Object.fromEntries(
    ['tasks', 'pre_tasks', 'post_tasks', 'handlers'].map((name) => [name, { description: keywords.play[name], ...list }]),
  )
  const blocks = Object.fromEntries(['block', 'rescue', 'always'].map((name) => [name, { description: keywords.block[name], ...list }]))
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'mhprov playbook',
    type: 'array',
    items: {
      type: 'object',
      anyOf: [{ required: ['hosts'] }, { required: ['import_playbook'] }],
      properties: { ...described(keywords.play), ...lists, when: {}, import_playbook: { description: 'Another playbook, by its path.' } },
      additionalProperties: false,
    },
    $defs: {
      task: {
        type: 'object',
        properties: {
          ...described(keywords.task),
          ...blocks,
          import_tasks: { description: 'A file of tasks, by its path.' },
          import_role: { description: 'A role, by its name.' },
          ...Object.fromEntries([...modules].map((module) => [module.name, parameters(module)])),
        },
        additionalProperties: false,
      },
    },
  }
}
