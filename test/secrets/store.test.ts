import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import type { Result } from '../../src/diagnostic.ts'
import { ageKeyFile } from '../../src/secrets/age-key.ts'
import { ALPHABETS, generate } from '../../src/secrets/generate.ts'
import { readStore, type Store } from '../../src/secrets/store.ts'
import { folder } from '../helpers/mhprov.ts'

const must = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(result.problems.map((one) => one.message).join('; '))
  return result.value
}
const messages = (result: Result<unknown>) => (result.ok ? [] : result.problems.map((one) => one.message))

function place() {
  const dir = folder({})
  const [file, key] = [join(dir, 'secrets.yaml'), join(dir, 'config', 'age.key')]
  return { dir, file, key, open: (): Store => must(readStore(file, key)) }
}

test('what is saved is encrypted, reads back, and both files are for their owner alone', async (t) => {
  const { file, key, open } = place()
  t.deepEqual([...open().names], [])
  t.true(must(await open().save(new Map([['db', 'first-secret']]))).madeKey)
  t.false(must(await open().save(new Map([['multi.line', 'a\n  b: "c"\n#d']]))).madeKey)
  t.false(readFileSync(file, 'utf8').includes('first-secret'))
  t.deepEqual(
    [file, key].map((path) => statSync(path).mode & 0o777),
    [0o600, 0o600],
  )
  t.deepEqual(
    [...must(await open().open(['db', 'multi.line']))],
    [
      ['db', 'first-secret'],
      ['multi.line', 'a\n  b: "c"\n#d'],
    ],
  )
})

test('saving keeps the other secrets and comments, and takes away what is undefined', async (t) => {
  const { file, open } = place()
  must(
    await open().save(
      new Map([
        ['a', 'aaaaaaaa'],
        ['b', 'bbbbbbbb'],
        ['c', 'cccccccc'],
      ]),
    ),
  )
  writeFileSync(file, readFileSync(file, 'utf8').replace('b: |', '# keep me\nb: |'))
  must(
    await open().save(
      new Map([
        ['a', undefined],
        ['c', 'CCCCCCCC'],
      ]),
    ),
  )
  t.true(readFileSync(file, 'utf8').includes('# keep me'))
  t.deepEqual(
    [...must(await open().open(['b', 'c']))],
    [
      ['b', 'bbbbbbbb'],
      ['c', 'CCCCCCCC'],
    ],
  )
  t.false(open().has('a'))
})

test('two that save at once both find their secret afterwards', async (t) => {
  const { dir, file, open } = place()
  must(await open().save(new Map([['a', 'aaaaaaaa']])))
  await Promise.all(['b', 'c', 'd', 'e'].map(async (name) => must(await open().save(new Map([[name, name.repeat(8)]])))))
  t.deepEqual([...open().names].sort(), ['a', 'b', 'c', 'd', 'e'])
  writeFileSync(`${file}.lock`, '4194303')
  t.true((await open().save(new Map([['f', 'ffffffff']]))).ok, 'the lock of a process that is gone does not count')
  t.deepEqual(execFileSync('ls', [dir], { encoding: 'utf8' }), 'config\nsecrets.yaml\n')
})

test('a key that is gone, another one, or one that others can read is told, and nothing is written', async (t) => {
  const { file, key, open } = place()
  must(await open().save(new Map([['a', 'aaaaaaaa']])))
  const before = readFileSync(file, 'utf8')
  const own = readFileSync(key, 'utf8')
  chmodSync(key, 0o644)
  t.regex(messages(await open().open(['a']))[0]!, /can be read by others/)
  rmSync(key)
  t.regex(messages(await open().open(['a']))[0]!, /is not there/)
  t.regex(messages(await open().save(new Map([['b', 'bbbbbbbb']])))[0]!, /is not there/)
  t.false(existsSync(key), 'no second key is made beside secrets of the first')
  const other = place()
  must(await other.open().save(new Map([['x', 'xxxxxxxx']])))
  writeFileSync(key, readFileSync(other.key), { mode: 0o600 })
  t.regex(messages(await open().open(['a']))[0]!, /encrypted for another key/)
  t.regex(messages(await open().save(new Map([['b', 'bbbbbbbb']])))[0]!, /encrypted for another key/)
  t.is(readFileSync(file, 'utf8'), before)
  writeFileSync(key, own, { mode: 0o600 })
  t.is(must(await open().open(['a'])).get('a'), 'aaaaaaaa')
})

test('plain text in the store is refused with its place', (t) => {
  const { file, key } = place()
  writeFileSync(file, 'db: hunter22\n')
  const read = readStore(file, key)
  t.deepEqual(messages(read), [`${file}:1: db is not encrypted`])
  t.is(read.ok ? 0 : read.problems[0]!.at, undefined, 'a frame would show the line')
})

test('the key is where the environment says', (t) => {
  t.is(ageKeyFile({ MHPROV_AGE_KEY_FILE: '/k' }), '/k')
  t.is(ageKeyFile({ XDG_CONFIG_HOME: '/c' }), '/c/mhprov/age.key')
})

test('generated texts have the asked length, use the whole alphabet and do not repeat', (t) => {
  for (const alphabet of Object.values(ALPHABETS)) {
    const text = generate(2000, alphabet)
    t.is(text.length, 2000)
    t.deepEqual([...new Set(text)].sort(), [...alphabet].sort())
    t.not(generate(20, alphabet), generate(20, alphabet))
  }
})

test('of two that make the same secret at once, both go on with the first', async (t) => {
  const { open } = place()
  const made = new Set(['a'])
  const saved = await Promise.all(['one-value', 'other-value'].map((value) => open().save(new Map([['a', value]]), made)))
  const kept = must(await open().open(['a'])).get('a')!
  t.deepEqual(
    saved.flatMap((one) => [...must(one).kept.values()]),
    [kept],
  )
})
