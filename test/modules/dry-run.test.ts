import { mkdirSync, symlinkSync } from 'node:fs'
import test from 'ava'
import type { AnyModule, Change, ModuleResult, Questions } from '../../src/module/define.ts'
import type { Fact } from '../../src/module/fact.ts'
import { blockinfile } from '../../src/modules/blockinfile.ts'
import { copy } from '../../src/modules/copy.ts'
import { file } from '../../src/modules/file.ts'
import { lineinfile } from '../../src/modules/lineinfile.ts'
import { replace } from '../../src/modules/replace.ts'
import { stat } from '../../src/modules/stat.ts'
import { ask, scratch } from '../helpers/scratch.ts'
import { settle } from '../helpers/settle.ts'

type Task = readonly [AnyModule, object]

/** Plans tasks one after another, each believing what those before it predict; nothing is done. */
async function rehearse(tasks: readonly Task[]) {
  const world = new Map<string, unknown>()
  const know = async (fact: Fact) => {
    if (!world.has(fact.id)) world.set(fact.id, await ask(fact))
    return world.get(fact.id)
  }
  const answers = async (questions: Questions) =>
    Object.fromEntries(
      await Promise.all(
        Object.entries(questions).map(async ([name, question]) => [
          name,
          Array.isArray(question) ? await Promise.all(question.map(know)) : question && (await know(question as Fact)),
        ]),
      ),
    ) as Record<string, unknown>
  const planned: { changes: readonly Change[]; failure?: string; result: () => ModuleResult }[] = []
  for (const [module, params] of tasks) {
    const want = module.params.parse(params)
    const first = await answers(module.facts?.(want, {}) ?? {})
    const is = { ...first, ...(await answers(module.more?.(want, first, {}) ?? {})) }
    const plan = module.plan(want, is, {})
    const { changes, failure } = Array.isArray(plan) ? { changes: plan as Change[] } : (plan as { changes: Change[]; failure?: string })
    for (const { fact, value } of changes.flatMap((change) => change.makes ?? [])) world.set(fact.id, value(await know(fact)))
    planned.push({ changes, ...(failure !== undefined && { failure }), result: () => module.result?.(want, is, [], {}) ?? {} })
  }
  return planned
}

const brief = ({ changes, failure }: { changes: readonly Change[]; failure?: string }) =>
  failure ?? changes.map(({ summary, diff }) => `${summary}|${diff?.before}|${diff?.after}`)

const agrees = test.macro({
  title: (title) => title!,
  async exec(t, tasks: (at: (name: string) => string) => readonly Task[]) {
    const here = scratch(t)
    const list = tasks(here.at)
    const dry = await rehearse(list)
    t.deepEqual(here.list(), [])
    const real: unknown[] = []
    for (const [module, params] of list) {
      const { changes, plan } = await settle(module, params)
      real.push(brief({ changes, ...(plan.failure !== undefined && { failure: plan.failure }) }))
    }
    t.deepEqual(dry.map(brief), real)
  },
})

test('a directory, a file in it, and a line in that', agrees, (at) => [
  [file, { path: at('a/b'), state: 'directory', mode: '0750' }],
  [copy, { dest: at('a/b/c'), content: 'x=1\n', mode: '0600' }],
  [lineinfile, { path: at('a/b/c'), regexp: '^x=', line: 'x=2' }],
  [lineinfile, { path: at('a/b/c'), line: 'y' }],
  [blockinfile, { path: at('a/b/c'), block: 'z' }],
  [replace, { path: at('a/b/c'), regexp: 'z', replace: 'w' }],
  [file, { path: at('a/b/c'), mode: 'g+r' }],
  [copy, { src: at('a/b/c'), dest: at('d/'), remote_src: true }],
  [lineinfile, { path: at('d/c'), line: 'y' }],
  [file, { path: at('a/b/c'), state: 'absent' }],
  [lineinfile, { path: at('a/b/c'), line: 'y' }],
])

test('links, touched files and other names', agrees, (at) => [
  [file, { path: at('f'), state: 'touch', access_time: 'preserve', modification_time: 'preserve' }],
  [lineinfile, { path: at('f'), line: 'x' }],
  [file, { path: at('ln'), src: 'f', state: 'link' }],
  [file, { path: at('ln'), src: 'f', state: 'link' }],
  [file, { path: at('f'), owner: '1234' }],
  [file, { path: at('f'), owner: '1234', group: 'root' }],
  [copy, { dest: at('no/way'), content: '' }],
  [file, { path: at('ln'), state: 'absent' }],
  [file, { path: at('ln'), state: 'directory' }],
  [copy, { dest: at('ln/x'), content: 'a' }],
])

test('what a dry run would make can be looked at', async (t) => {
  const here = scratch(t)
  const planned = await rehearse([
    [copy, { dest: here.at('f'), content: 'x', mode: '0700' }],
    [stat, { path: here.at('f') }],
  ])
  t.deepEqual(
    planned.map(({ failure }) => failure),
    [undefined, undefined],
  )
  const told = planned[1]!.result().stat as Record<string, unknown>
  t.like(told, { exists: true, readable: true, executable: true, mode: '0700', checksum: '11f6ad8ec52a2984abaafd7c3b516503785c2072' })
})

test('nothing further is asked of a host that is as wanted', async (t) => {
  const here = scratch(t, { f: 'x\n' })
  mkdirSync(here.at('d'))
  symlinkSync('f', here.at('ln'))
  for (const [module, params] of [
    [file, { path: here.at('f'), mode: '0644' }],
    [file, { path: here.at('d'), state: 'directory' }],
    [copy, { dest: here.at('f'), content: 'x\n' }],
    [lineinfile, { path: here.at('f'), line: 'x' }],
    [blockinfile, { path: here.at('f'), state: 'absent' }],
    [replace, { path: here.at('f'), regexp: 'y' }],
    [stat, { path: here.at('f') }],
  ] as const) {
    const want = module.params.parse(params)
    const questions = (module as AnyModule).facts?.(want, {}) as Record<string, Fact | Fact[] | undefined>
    const is: Record<string, unknown> = {}
    for (const [name, question] of Object.entries(questions))
      is[name] = Array.isArray(question) ? await Promise.all(question.map((one) => ask(one))) : question && (await ask(question))
    const more = (module as AnyModule).more?.(want, is, {}) ?? {}
    t.deepEqual(
      Object.values(more)
        .flat()
        .filter((question) => question !== undefined),
      [],
      module.name,
    )
  }
})
