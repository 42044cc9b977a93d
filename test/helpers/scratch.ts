import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { ExecutionContext } from 'ava'
import type { AnyModule, Change } from '../../src/module/define.ts'
import { type Fact, type HostFact, isRemote } from '../../src/module/fact.ts'
import { httpClient } from '../../src/transport/http.ts'
import { type Settled, settle, shell } from './settle.ts'

// what files a test makes by itself have the modes that it says
process.umask(0o022)

/** A directory of its own for one test, removed after it, with files made in it by name. */
export function scratch(t: ExecutionContext, files: Record<string, string | Buffer> = {}) {
  const root = mkdtempSync(join(tmpdir(), 'mhprov-test-'))
  t.teardown(() => rmSync(root, { recursive: true, force: true }))
  const at = (name: string) => join(root, name)
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(at(name)), { recursive: true })
    writeFileSync(at(name), content)
  }
  return {
    root,
    at,
    read: (name: string) => readFileSync(at(name), 'utf8'),
    bytes: (name: string) => readFileSync(at(name)),
    mode: (name: string) => (lstatSync(at(name)).mode & 0o7777).toString(8),
    stat: (name: string) => lstatSync(at(name)),
    link: (name: string) => readlinkSync(at(name)),
    list: (name = '.') => readdirSync(at(name)).sort(),
  }
}

/** Asks one fact of this machine. */
export async function ask<V>(fact: Fact<V>, prefix: readonly string[] = []): Promise<V> {
  if (isRemote(fact.kind)) return fact.kind.ask(fact.key, httpClient())
  const { stdout } = await shell(`export LC_ALL=C; ${fact.kind.script([fact.key]).text}`, undefined, prefix)
  return fact.kind.parse(stdout, [fact.key])[0]!
}

/** Asks many facts of one kind in one script. */
export async function askAll<V>(facts: readonly HostFact<V>[]): Promise<V[]> {
  const keys = facts.map((fact) => fact.key)
  const { stdout } = await shell(`export LC_ALL=C; ${facts[0]!.kind.script(keys).text}`)
  return facts[0]!.kind.parse(stdout, keys)
}

/**
 * Settles a task that changes something. Then asking again plans nothing, a dry run planned the same beforehand without doing
 * anything, and what the changes predicted is what is there.
 */
export async function applies(
  t: ExecutionContext,
  module: AnyModule,
  params: object,
  options: { prefix?: string[] } = {},
): Promise<Settled> {
  const check = await settle(module, params, { ...options, check: true })
  const before = await recall(check.changes, options.prefix)
  const settled = await settle(module, params, options)
  t.is(settled.plan.failure, undefined)
  t.not(settled.result.failed, true, String(settled.result.msg))
  t.true(settled.changes.length > 0, 'nothing was planned')
  t.deepEqual(
    settled.changes.map(({ summary }) => summary),
    check.changes.map(({ summary }) => summary),
  )
  t.true(settled.result.changed)
  const predicted = before.map(({ fact, value }) => ({ fact, value }))
  for (const prediction of settled.changes.flatMap((change) => change.makes ?? [])) {
    const known = predicted.find(({ fact }) => fact.id === prediction.fact.id)!
    known.value = prediction.value(known.value)
  }
  for (const { fact, value } of predicted)
    t.deepEqual(known(value), known(await ask(fact, options.prefix), value), `prediction of ${fact.id}`)
  const again = await settle(module, params, options)
  t.deepEqual(again.changes, [])
  t.false(again.result.changed)
  return settled
}

/** Settles a task for which all is as wanted. */
export async function leaves(
  t: ExecutionContext,
  module: AnyModule,
  params: object,
  options: { prefix?: string[] } = {},
): Promise<Settled> {
  const settled = await settle(module, params, options)
  t.is(settled.plan.failure, undefined)
  t.deepEqual(settled.changes, [])
  return settled
}

/** Settles a task that fails, in its plan or in a step; gives the message. */
export async function fails(t: ExecutionContext, module: AnyModule, params: object, options: { prefix?: string[] } = {}): Promise<string> {
  const settled = await settle(module, params, options)
  t.true(settled.result.failed)
  return String(settled.result.msg).trimEnd()
}

async function recall(changes: readonly Change[], prefix?: string[]): Promise<{ fact: Fact; value: unknown }[]> {
  const facts = new Map(changes.flatMap((change) => (change.makes ?? []).map(({ fact }) => [fact.id, fact] as const)))
  return Promise.all([...facts.values()].map(async (fact) => ({ fact, value: await ask(fact, prefix) })))
}

const UNKNOWN = new Set(['inode', 'device', 'links', 'atime', 'mtime', 'ctime', 'blocks', 'blockSize', 'deviceType'])

/** What a prediction may claim of a fact: times, inodes and the name or number that belongs to an owner are not known beforehand. */
function known(value: unknown, like: unknown = value): unknown {
  if (Array.isArray(value)) return value.map((one, i) => known(one, Array.isArray(like) ? like[i] : one))
  if (Buffer.isBuffer(value) || value === null || typeof value !== 'object') return value
  const model = like as Record<string, unknown>
  return Object.fromEntries(
    Object.entries(value).filter(([key]) => {
      if (UNKNOWN.has(key)) return false
      if (key === 'size' && (model.type === 'directory' || model.type === 'link')) return false
      if (key === 'uid' || key === 'gid') return model[key] !== -1
      if (key === 'user' || key === 'group') return model[key] !== ''
      return true
    }),
  )
}
