import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { generated } from '../src/commands/generated.ts'
import { fieldMeta, fields } from '../src/module/params.ts'
import { modules } from '../src/modules/index.ts'
import { loadPlaybook } from '../src/playbook/load.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const filesBelow = (dir: string): string[] =>
  readdirSync(join(ROOT, dir), { withFileTypes: true }).flatMap((one) =>
    one.isDirectory() ? filesBelow(join(dir, one.name)) : [join(dir, one.name)],
  )
const SOURCES = filesBelow('src').filter((path) => path.endsWith('.ts'))

test('every module is listed, sorted by name', (t) => {
  const names = [...modules.keys()]
  t.deepEqual(names, [...names].sort())
  const files = readdirSync(join(ROOT, 'src/modules')).filter((file) => file.endsWith('.ts') && file !== 'index.ts')
  t.deepEqual(files.map((file) => file.replace('.ts', '').replaceAll('-', '_')).sort(), names)
})

for (const [name, module] of modules) {
  test(`${name} has a test, a summary that is a sentence, described parameters and examples that fit`, (t) => {
    t.true(existsSync(join(ROOT, `test/modules/${name.replaceAll('_', '-')}.test.ts`)))
    t.regex(module.summary, /^[A-Z].*\.$/)
    t.true(module.examples.length > 0)
    for (const [field, schema] of Object.entries(fields(module.params))) t.truthy(fieldMeta(schema).description, `${name}.${field}`)
    for (const example of module.examples) {
      const given =
        typeof example.params === 'object' ? (example.params as Record<string, unknown>) : { [module.freeForm ?? '']: example.params }
      const ready = Object.fromEntries(Object.entries(given ?? {}).filter(([, value]) => !JSON.stringify(value).includes('<%')))
      const parsed = module.params.safeParse(evaluated(module.params, ready))
      t.true(parsed.success || Object.keys(ready).length !== Object.keys(given ?? {}).length, `${example.title}: ${parsed.error?.message}`)
    }
  })
}

/** Expressions reach a module evaluated, under the parameter's own name. */
function evaluated(params: Parameters<typeof fields>[0], given: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(given).map(([key, value]) => {
      const [field, schema] = Object.entries(fields(params)).find(
        ([name, one]) => name === key || fieldMeta(one).aliases?.includes(key),
      ) ?? [key]
      const kind = schema && fieldMeta(schema).expression
      const one = (expression: unknown) => ({ expression: String(expression), value: true })
      return [field, kind === 'cel' ? [value].flat().map(one) : kind === 'js' ? one(value) : value]
    }),
  )
}

test('files made from the code are current (npm run docs makes them anew)', (t) => {
  for (const { path, text } of generated()) t.is(readFileSync(path, 'utf8'), text)
})

test('every playbook of the repository loads without a fault', (t) => {
  for (const file of filesBelow('playbooks').filter((path) => dirname(path) === 'playbooks'))
    t.deepEqual(loadPlaybook(join(ROOT, file), modules).problems, [], file)
})

// What a folder may import besides itself; `src/*.ts` at the top is open to all.
const MAY: Record<string, string[]> = {
  commands: ['playbook', 'inventory', 'engine', 'report', 'transport', 'secrets', 'lab', 'module', 'modules', 'facts', 'matrix'],
  playbook: ['inventory', 'module', 'secrets'],
  inventory: ['secrets', 'transport', 'module'],
  engine: ['playbook', 'inventory', 'module', 'transport', 'secrets'],
  modules: ['module', 'facts', 'secrets', 'matrix'],
  matrix: ['module', 'secrets'],
  facts: ['module', 'secrets'],
  module: ['secrets'],
  transport: ['module', 'secrets', 'inventory'],
  report: ['engine'],
  lab: [],
  secrets: [],
}

test('imports point downwards', (t) => {
  const wrong: string[] = []
  for (const file of SOURCES) {
    const from = file.split('/')[1]!
    if (!(from in MAY)) continue
    for (const [, target] of readFileSync(join(ROOT, file), 'utf8').matchAll(/^(?:import|export)[^'\n]*? from '(\.[^']+)'/gm)) {
      const to = relative(join(ROOT, 'src'), resolve(ROOT, dirname(file), target!)).split('/')
      if (to.length > 1 && to[0] !== from && !MAY[from]!.includes(to[0]!)) wrong.push(`${file} imports ${to.join('/')}`)
    }
  }
  t.deepEqual(wrong, [])
})

test('the engine prints nothing and knows no terminal library', (t) => {
  for (const file of SOURCES.filter((path) => path.startsWith('src/engine')))
    t.notRegex(readFileSync(join(ROOT, file), 'utf8'), /console\.|process\.std|listr2/)
})

const LIBRARIES: Record<string, RegExp> = {
  'node-ssh': /^src\/transport\//,
  ssh2: /^src\/transport\//,
  listr2: /^src\/report\//,
  yargs: /^src\/cli\.ts$/,
  ejs: /^src\/playbook\/template\.ts$/,
  '@marcbachmann/cel-js': /^src\/playbook\/condition\.ts$/,
  yaml: /^src\/(yaml|modules\/yaml\/.*|module\/docs|commands\/run-module)\.ts$/,
}

test('each library lives behind one file or folder', (t) => {
  for (const file of SOURCES)
    for (const [, name] of readFileSync(join(ROOT, file), 'utf8').matchAll(/from '((?:@[^/']+\/)?[^./'][^/']*)/g))
      if (name! in LIBRARIES) t.regex(file, LIBRARIES[name!]!, `${file} imports ${name}`)
})

test('no source file is longer than 250 lines', (t) => {
  const long = SOURCES.map((file) => ({ file, lines: readFileSync(join(ROOT, file), 'utf8').split('\n').length })).filter(
    (one) => one.lines > 251,
  )
  t.deepEqual(long, [])
})
