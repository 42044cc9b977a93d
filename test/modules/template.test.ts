import test from 'ava'
import { template } from '../../src/modules/template.ts'
import { applies, fails, leaves, scratch } from '../helpers/scratch.ts'

// settle() gives a template as it stands; rendering is the engine's.
test('writes a rendered template', async (t) => {
  const here = scratch(t, { 'a.ejs': 'x = 1\n' })
  const { result } = await applies(t, template, { src: here.at('a.ejs'), dest: here.at('f'), mode: '0640' })
  t.is(here.read('f'), 'x = 1\n')
  t.like(result, {
    dest: here.at('f'),
    src: here.at('a.ejs'),
    checksum: 'e139f73e34322031189110afc1939eb1877a8954',
    mode: '0640',
    state: 'file',
  })
})

test('goes into a directory under its own name', async (t) => {
  const here = scratch(t, { 'a.ejs': 'x' })
  const { result } = await applies(t, template, { src: here.at('a.ejs'), dest: here.at('d/') })
  t.is(result.dest, here.at('d/a.ejs'))
})

for (const [sequence, written] of [
  ['\n', 'a\nb\n'],
  ['\r\n', 'a\r\nb\r\n'],
  ['\\r\\n', 'a\r\nb\r\n'],
  ['\r', 'a\rb\r'],
] as const)
  test(`makes all newlines ${JSON.stringify(sequence)}`, async (t) => {
    const here = scratch(t, { src: 'a\r\nb\n' })
    await applies(t, template, { src: here.at('src'), dest: here.at('f'), newline_sequence: sequence })
    t.is(here.read('f'), written)
  })

test('writes another character set', async (t) => {
  const here = scratch(t, { src: 'é\n' })
  await applies(t, template, { src: here.at('src'), dest: here.at('f'), output_encoding: 'latin-1' })
  t.deepEqual(here.bytes('f'), Buffer.from([0xe9, 0x0a]))
})

test('takes what copy takes', async (t) => {
  const here = scratch(t, { src: 'new', f: 'old' })
  const want = { src: here.at('src'), dest: here.at('f') }
  await leaves(t, template, { ...want, force: false })
  t.is(await fails(t, template, { ...want, validate: '/bin/false %s' }), 'failed to validate: rc:1')
  const { result } = await applies(t, template, {
    ...want,
    backup: true,
    validate: 'grep -q new %s',
    trim_blocks: false,
    lstrip_blocks: true,
  })
  t.is(here.read(String(result.backup_file).slice(here.root.length + 1)), 'old')
  t.is(await fails(t, template, { ...want, dest: here.at('no/f') }), `Destination directory ${here.at('no')} does not exist`)
})

test('every example passes its own schema', (t) => {
  for (const { params } of template.examples) t.true(template.params.safeParse(params).success)
})
