import { execFileSync } from 'node:child_process'
import { chmodSync, symlinkSync } from 'node:fs'
import test from 'ava'
import { ALGORITHMS, checksum, sha1 } from '../../src/facts/checksum.ts'
import { ask, askAll, scratch } from '../helpers/scratch.ts'

test('sums many files, and those alone that can be', async (t) => {
  const here = scratch(t, { a: 'a', 'new\nline\\': 'b', 'd/x': '' })
  symlinkSync('a', here.at('ln'))
  execFileSync('mkfifo', [here.at('p')])
  t.deepEqual(await askAll(['no', 'a', 'd', 'new\nline\\', 'ln', 'p'].map((name) => sha1(here.at(name)))), [
    { why: 'no file' },
    { sum: '86f7e437faa5a7fce15d1ddcb9eaeaea377667b8' },
    { why: 'no file' },
    { sum: 'e9d71f5ee7c92d6dc9e92ffdad17b8bd49418f98' },
    { sum: '86f7e437faa5a7fce15d1ddcb9eaeaea377667b8' },
    { why: 'no file' },
  ])
})

test('knows all algorithms at once', async (t) => {
  const here = scratch(t, { a: 'a' })
  const sums = await askAll(ALGORITHMS.map((algorithm) => checksum({ path: here.at('a'), algorithm })))
  t.deepEqual(
    sums.map((one) => one.sum?.length),
    [32, 40, 56, 64, 96, 128],
  )
  t.is(sums[0]!.sum, '0cc175b9c0f1b6a831c399e269772661')
})

test('tells that a file may not be read', async (t) => {
  const here = scratch(t, { f: 'x' })
  chmodSync(here.root, 0o755)
  chmodSync(here.at('f'), 0o600)
  t.deepEqual(await ask(sha1(here.at('f')), ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--']), { why: 'denied' })
})
