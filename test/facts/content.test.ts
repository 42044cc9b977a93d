import { execFileSync } from 'node:child_process'
import { chmodSync, linkSync, readFileSync, symlinkSync } from 'node:fs'
import test from 'ava'
import { content } from '../../src/facts/content.ts'
import { ask, askAll, scratch } from '../helpers/scratch.ts'

test('reads any bytes of many files at once', async (t) => {
  const bytes = Buffer.from(Array.from({ length: 1500 }, (_, i) => (i * 7) % 256))
  const long = 'n'.repeat(120)
  const here = scratch(t, {
    a: bytes,
    empty: '',
    b: 'text\n',
    [`${long}/${long}`]: 'long',
    'back\\nslash': 'x',
    'new\nline': 'y',
    'd/x': '',
  })
  linkSync(here.at('b'), here.at('hard'))
  symlinkSync('b', here.at('soft'))
  symlinkSync('nowhere', here.at('broken'))
  execFileSync('mkfifo', [here.at('p')])
  const names = ['a', 'no', 'empty', 'b', 'hard', 'soft', 'broken', `${long}/${long}`, 'p', 'd', 'back\\nslash', 'new\nline']
  t.deepEqual(
    (await askAll(names.map((name) => content(here.at(name))))).map((one) => one.bytes ?? one.why),
    [
      bytes,
      'no file',
      Buffer.alloc(0),
      Buffer.from('text\n'),
      Buffer.from('text\n'),
      Buffer.from('text\n'),
      'no file',
      Buffer.from('long'),
      'no file',
      'no file',
      Buffer.from('x'),
      Buffer.from('y'),
    ],
  )
})

test('reads what the kernel makes up', async (t) => {
  const [version, plain, none] = await askAll([content('/proc/version'), content('/etc/passwd'), content('/proc/nothing')])
  t.deepEqual(version, { bytes: readFileSync('/proc/version') })
  t.deepEqual(plain, { bytes: readFileSync('/etc/passwd') })
  t.deepEqual(none, { why: 'no file' })
})

test('tells that a file may not be read', async (t) => {
  const here = scratch(t, { f: 'x', g: 'y' })
  chmodSync(here.root, 0o755)
  chmodSync(here.at('f'), 0o600)
  t.deepEqual(await ask(content(here.at('f')), ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--']), { why: 'denied' })
})

test('leaves out a file that is too large', async (t) => {
  const here = scratch(t, { a: 'a', b: 'b' })
  execFileSync('truncate', ['-s', '64M', here.at('most')])
  execFileSync('truncate', ['-s', '67108865', here.at('large')])
  const [a, large, b] = await askAll([content(here.at('a')), content(here.at('large')), content(here.at('b'))])
  t.deepEqual([a, large, b], [{ bytes: Buffer.from('a') }, { why: 'too large' }, { bytes: Buffer.from('b') }])
  t.is((await ask(content(here.at('most')))).bytes?.length, 67108864)
})
