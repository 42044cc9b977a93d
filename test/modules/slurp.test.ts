import { readFileSync } from 'node:fs'
import test from 'ava'
import { slurp } from '../../src/modules/slurp.ts'
import { fails, leaves, scratch } from '../helpers/scratch.ts'

test('gives the content in base64', async (t) => {
  const here = scratch(t, { f: Buffer.from([0, 255, 10]) })
  const { result } = await leaves(t, slurp, { src: here.at('f') })
  t.deepEqual(result, { changed: false, content: 'AP8K', encoding: 'base64', source: here.at('f') })
})

test('reads what the kernel makes up', async (t) => {
  const { result } = await leaves(t, slurp, { src: '/proc/version' })
  t.is(Buffer.from(String(result.content), 'base64').toString(), readFileSync('/proc/version', 'utf8'))
})

test('what cannot be read is a failure', async (t) => {
  const here = scratch(t)
  t.is(await fails(t, slurp, { src: here.at('no') }), `File not found: ${here.at('no')}`)
  t.is(await fails(t, slurp, { src: here.root }), `source is a directory and must be a file: ${here.root}`)
  t.is(await fails(t, slurp, { src: '/dev/null' }), 'unable to slurp file: /dev/null is not a regular file')
})

test('every example passes its own schema', (t) => {
  for (const { params } of slurp.examples) t.true(slurp.params.safeParse(params).success)
})
