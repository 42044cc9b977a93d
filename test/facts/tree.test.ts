import { symlinkSync } from 'node:fs'
import test from 'ava'
import { followedTree, tree, treeSums } from '../../src/facts/tree.ts'
import { ask, askAll, scratch } from '../helpers/scratch.ts'

const brief = (entries: readonly { path: string; type: string; target: string }[]) =>
  entries.map(({ path, type, target }) => [path, type, ...(target ? [target] : [])].join(' '))

test('lists what is below directories, and what links lead to on demand', async (t) => {
  const here = scratch(t, { 'd/a/f': '1', 'd/new\nline': '2', 'o/x': '3', 'd/z': '' })
  symlinkSync('../o', here.at('d/ln'))
  symlinkSync('nowhere', here.at('d/broken'))
  symlinkSync('.', here.at('d/circle'))
  const [d, none, o] = await askAll([tree(here.at('d')), tree(here.at('none')), tree(here.at('o'))])
  t.deepEqual(brief(d!), ['a directory', 'a/f file', 'broken link nowhere', 'circle link .', 'ln link ../o', 'new\nline file', 'z file'])
  t.deepEqual(none, [])
  t.deepEqual(brief(o!), ['x file'])
  t.deepEqual(brief(await ask(followedTree(here.at('d')))), [
    'a directory',
    'a/f file',
    'broken link nowhere',
    'ln directory',
    'ln/x file',
    'new\nline file',
    'z file',
  ])
  t.deepEqual([...(await ask(treeSums({ path: here.at('d'), follow: false }))).keys()].sort(), ['a/f', 'new\nline', 'z'])
  t.deepEqual([...(await ask(treeSums({ path: here.at('d'), follow: true }))).keys()].sort(), ['a/f', 'ln/x', 'new\nline', 'z'])
})
