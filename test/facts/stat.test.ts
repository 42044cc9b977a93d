import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, symlinkSync } from 'node:fs'
import test from 'ava'
import { lstat, type Present, stat } from '../../src/facts/stat.ts'
import { ask, askAll, scratch } from '../helpers/scratch.ts'
import { shell } from '../helpers/settle.ts'

test('tells type, mode, owner, size and links of many paths at once', async (t) => {
  const here = scratch(t, { f: '12345', 'd/x': '' })
  chmodSync(here.at('f'), 0o4640)
  chownSync(here.at('f'), 1234, 0)
  chmodSync(here.at('f'), 0o4640)
  chmodSync(here.at('d'), 0o1777)
  symlinkSync('f', here.at('ln'))
  symlinkSync('nowhere', here.at('broken'))
  execFileSync('mkfifo', [here.at('p')])
  const paths = ['no', 'f', 'f/below', 'd', 'ln', 'broken', 'p', 'no/way'].map(here.at)
  const brief = (one: Awaited<ReturnType<typeof ask<Present>>>) => (one.exists ? [one.type, one.mode, one.uid, one.size, one.target] : one)
  const shown = (all: unknown[]) => all.map((one) => brief(one as Present))
  const directory = here.stat('d').size
  t.deepEqual(shown(await askAll(paths.map(lstat))), [
    { exists: false, why: 'absent' },
    ['file', 0o4640, 1234, 5, undefined],
    { exists: false, why: 'absent' },
    ['directory', 0o1777, 0, directory, undefined],
    ['link', 0o777, 0, 1, 'f'],
    ['link', 0o777, 0, 7, 'nowhere'],
    ['fifo', 0o644, 0, 0, undefined],
    { exists: false, why: 'absent' },
  ])
  t.deepEqual(shown(await askAll(paths.map(stat))), [
    { exists: false, why: 'absent' },
    ['file', 0o4640, 1234, 5, undefined],
    { exists: false, why: 'absent' },
    ['directory', 0o1777, 0, directory, undefined],
    ['file', 0o4640, 1234, 5, undefined],
    { exists: false, why: 'broken' },
    ['fifo', 0o644, 0, 0, undefined],
    { exists: false, why: 'absent' },
  ])
  const f = (await ask(lstat(here.at('f')))) as Present
  t.is(f.user, 'UNKNOWN')
  t.is(f.group, 'root')
  t.is(f.inode, here.stat('f').ino)
  t.is(Math.round(f.mtime), Math.round(here.stat('f').mtimeMs / 1000))
  t.is(((await ask(stat('/dev/null'))) as Present).type, 'char')
  t.is(((await ask(stat('/dev/null'))) as Present).deviceType, 259)
})

test('names with newlines, arrows, quotes and dashes are kept apart', async (t) => {
  const names = ['a', 'a -> b', 'a\nb', "q'q", '-x', 'ü', 'tab\t', '*', 'a -> b -> c']
  const here = scratch(t, Object.fromEntries(names.map((name) => [name, name])))
  symlinkSync('to\n -> there', here.at('ln -> x'))
  const found = await askAll([...names, 'gone', 'ln -> x', 'a '].map((name) => lstat(here.at(name))))
  t.deepEqual(
    found.map((one) => (one.exists ? (one.target ?? one.size) : one.why)),
    [...names.map((name) => Buffer.byteLength(name)), 'absent', 'to\n -> there', 'absent'],
  )
})

test('a relative path is not taken for an option', async (t) => {
  t.deepEqual(await askAll([lstat('-f'), lstat('-')]), [
    { exists: false, why: 'absent' },
    { exists: false, why: 'absent' },
  ])
})

test('what may not be looked at is not absent', async (t) => {
  const here = scratch(t, { 'd/f': '' })
  chmodSync(here.root, 0o755)
  chmodSync(here.at('d'), 0o700)
  const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--']
  t.deepEqual(await ask(lstat(here.at('d/f')), nobody), { exists: false, why: 'denied' })
  t.deepEqual(await ask(stat(here.at('d/x/y')), nobody), { exists: false, why: 'denied' })
  t.deepEqual(await ask(stat(here.at('x/y')), nobody), { exists: false, why: 'absent' })
})

test('a thousand paths take two processes', async (t) => {
  const here = scratch(t)
  for (let i = 0; i < 1000; i += 2) mkdirSync(here.at(`d${i}`))
  const facts = Array.from({ length: 1000 }, (_, i) => lstat(here.at(`d${i}`)))
  const found = await askAll(facts)
  t.deepEqual(
    found.map((one) => one.exists),
    facts.map((_, i) => i % 2 === 0),
  )
  const script = facts[0]!.kind.script(facts.map((fact) => fact.key)).text
  t.is(script.match(/stat --printf/g)!.length, 1)
  t.is((await shell(`stat() { echo called; }; ${script}`)).stdout.toString().match(/called/g)!.length, 1)
})
