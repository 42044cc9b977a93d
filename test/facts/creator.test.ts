import { symlinkSync } from 'node:fs'
import test from 'ava'
import { creator } from '../../src/facts/creator.ts'
import { epoch } from '../../src/facts/epoch.ts'
import { realpath } from '../../src/facts/realpath.ts'
import { ask, askAll, scratch } from '../helpers/scratch.ts'
import { shell } from '../helpers/settle.ts'

test('creator tells the umask and the ids of whom a new file belongs to', async (t) => {
  const { stdout } = await shell(`umask 027; ${creator('').kind.script(['']).text}`)
  t.deepEqual(creator('').kind.parse(stdout, ['']), [{ umask: 0o27, uid: 0, user: 'root', gid: 0, group: 'root' }])
  const nobody = await ask(creator(''), ['setpriv', '--reuid=65534', '--regid=42', '--clear-groups', '--'])
  t.deepEqual({ ...nobody, umask: 0 }, { umask: 0, uid: 65534, user: 'nobody', gid: 42, group: 'shadow' })
})

test('realpath follows every link, and keeps a circle', async (t) => {
  const here = scratch(t, { f: '' })
  symlinkSync('f', here.at('a'))
  symlinkSync('gone/x', here.at('b'))
  symlinkSync('c', here.at('c'))
  t.deepEqual(await askAll(['a', 'b'].map((name) => realpath(here.at(name)))), [here.at('f'), here.at('gone/x')])
  t.deepEqual(await askAll(['a', 'c', 'b'].map((name) => realpath(here.at(name)))), [here.at('f'), here.at('c'), here.at('gone/x')])
})

test('epoch reads a local time of the host', async (t) => {
  const [known, none] = await askAll([epoch('2022-02-08 14:14:00'), epoch('2022-02-31 00:00:00')])
  t.is(known, new Date(2022, 1, 8, 14, 14).getTime() / 1000)
  t.is(none, undefined)
})
