import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, linkSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import test from 'ava'
import { file } from '../../src/modules/file.ts'
import { applies, fails, leaves, scratch } from '../helpers/scratch.ts'
import { settle } from '../helpers/settle.ts'

const NOBODY = { prefix: ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--'] }

// state: file, and none
test('a file that is there is left as it is', async (t) => {
  const here = scratch(t, { f: 'x' })
  const { result } = await leaves(t, file, { path: here.at('f'), state: 'file' })
  t.deepEqual(result, {
    changed: false,
    path: here.at('f'),
    dest: here.at('f'),
    mode: '0644',
    owner: 'root',
    group: 'root',
    uid: 0,
    gid: 0,
    size: 1,
    state: 'file',
  })
})

test('a missing file is a failure, with and without a state', async (t) => {
  const here = scratch(t)
  const message = `file (${here.at('f')}) is absent, cannot continue`
  t.is(await fails(t, file, { path: here.at('f'), state: 'file' }), message)
  t.is(await fails(t, file, { path: here.at('f'), mode: '0600' }), message)
})

test('a directory is no file', async (t) => {
  const here = scratch(t)
  t.is(await fails(t, file, { path: here.root, state: 'file' }), `file (${here.root}) is directory, cannot continue`)
})

for (const [wanted, start, settled] of [
  ['0600', 0o644, '600'],
  ['600', 0o644, '600'],
  ['01777', 0o644, '1777'],
  ['04755', 0o644, '4755'],
  ['u=rwx,g=rwx,o=rwx', 0o644, '777'],
  ['a=r', 0o777, '444'],
  ['u+w', 0o444, '644'],
  ['o-wx', 0o777, '774'],
  ['g+s', 0o444, '2444'],
  ['u-s', 0o4444, '444'],
  ['o+t', 0o444, '1444'],
  ['u=rwX,g=rX', 0o4600, '640'],
  ['a+X', 0o700, '711'],
] as const)
  test(`a file of ${start.toString(8)} with mode ${wanted}`, async (t) => {
    const here = scratch(t, { f: '' })
    chmodSync(here.at('f'), start)
    const { result, changes } = await applies(t, file, { path: here.at('f'), mode: wanted })
    t.is(here.mode('f'), settled)
    t.is(result.mode, `0${settled.padStart(3, '0')}`)
    t.is(changes.length, 1)
  })

test('octal digits take setgid away from a directory, symbolic ones do not', async (t) => {
  const here = scratch(t)
  mkdirSync(here.at('d'))
  chmodSync(here.at('d'), 0o2755)
  await applies(t, file, { path: here.at('d'), mode: 'u=rwx,g=rx,o=' })
  t.is(here.mode('d'), '2750')
  await applies(t, file, { path: here.at('d'), mode: '0750' })
  t.is(here.mode('d'), '750')
})

test('owner and group by name and by number', async (t) => {
  const here = scratch(t, { f: '' })
  await applies(t, file, { path: here.at('f'), owner: 'nobody', group: 'nogroup' })
  t.is(here.stat('f').uid, 65534)
  await leaves(t, file, { path: here.at('f'), owner: '65534', group: '65534' })
  await leaves(t, file, { path: here.at('f'), owner: 65534 })
  const { result } = await applies(t, file, { path: here.at('f'), owner: '1234', group: 1235 })
  t.like(result, { uid: 1234, gid: 1235 })
})

test('setuid outlives a new owner', async (t) => {
  const here = scratch(t, { f: '' })
  chmodSync(here.at('f'), 0o4755)
  await applies(t, file, { path: here.at('f'), owner: '1234', mode: '4755' })
  t.is(here.mode('f'), '4755')
})

test('an unknown owner or group is a failure before anything is done', async (t) => {
  const here = scratch(t, { f: '' })
  t.is(await fails(t, file, { path: here.at('f'), owner: 'no-such', mode: '0600' }), 'chown failed: failed to look up user no-such')
  t.is(await fails(t, file, { path: here.at('f'), group: 'no-such', mode: '0600' }), 'chgrp failed: failed to look up group no-such')
  t.is(here.mode('f'), '644')
})

test('a followed link leads to what is changed; the link itself has no mode', async (t) => {
  const here = scratch(t, { f: '' })
  symlinkSync('f', here.at('ln'))
  await applies(t, file, { path: here.at('ln'), mode: '0600' })
  t.is(here.mode('f'), '600')
  t.is(here.link('ln'), 'f')
  await applies(t, file, { path: here.at('ln'), state: 'file', mode: '0640' })
  t.is(await fails(t, file, { path: here.at('ln'), state: 'file', follow: false }), `file (${here.at('ln')}) is link, cannot continue`)
  await leaves(t, file, { path: here.at('ln'), mode: '0777', follow: false })
  await applies(t, file, { path: here.at('ln'), owner: '1234', follow: false })
  t.is(here.stat('ln').uid, 1234)
  t.is(here.stat('f').uid, 0)
})

test('a pipe is a file, and so is a file with several names', async (t) => {
  const here = scratch(t, { f: '' })
  execFileSync('mkfifo', [here.at('p')])
  linkSync(here.at('f'), here.at('g'))
  await applies(t, file, { path: here.at('p'), mode: '0600' })
  const { result } = await applies(t, file, { path: here.at('g'), mode: '0701' })
  t.is(result.state, 'hard')
  t.is(here.mode('f'), '701')
})

// state: directory
test('makes a directory with those above it, all with the wanted attributes', async (t) => {
  const here = scratch(t)
  mkdirSync(here.at('a'))
  const { result, changes } = await applies(t, file, { path: here.at('a/b/c'), state: 'directory', mode: '0750', owner: '1234' })
  t.deepEqual([here.mode('a'), here.mode('a/b'), here.mode('a/b/c')], ['755', '750', '750'])
  t.deepEqual([here.stat('a').uid, here.stat('a/b').uid, here.stat('a/b/c').uid], [0, 1234, 1234])
  t.like(result, { state: 'directory', mode: '0750', uid: 1234, path: here.at('a/b/c') })
  t.is(changes[0]!.steps.length, 1)
})

test('a new directory without mode gets what the umask leaves, and the group of one with setgid', async (t) => {
  const here = scratch(t)
  mkdirSync(here.at('s'))
  chownSync(here.at('s'), 0, 42)
  chmodSync(here.at('s'), 0o2775)
  await applies(t, file, { path: here.at('s/a/b'), state: 'directory' })
  t.is(here.mode('s/a/b'), '2755')
  t.is(here.stat('s/a/b').gid, 42)
  await applies(t, file, { path: here.at('plain'), state: 'directory', mode: 'g+w' })
  t.is(here.mode('plain'), '775')
})

test('a slash at the end means nothing', async (t) => {
  const here = scratch(t)
  const { result } = await applies(t, file, { path: here.at('d/e/'), state: 'directory' })
  t.is(result.path, here.at('d/e/'))
  await leaves(t, file, { path: here.at('d/e'), state: 'directory' })
  await applies(t, file, { path: here.at('d/'), state: 'absent' })
})

test('a file in the way of a directory is a failure', async (t) => {
  const here = scratch(t, { f: '' })
  t.is(await fails(t, file, { path: here.at('f'), state: 'directory' }), `${here.at('f')} already exists as a file`)
  t.is(
    await fails(t, file, { path: here.at('f/d'), state: 'directory' }),
    `There was an issue creating ${here.at('f/d')} as requested: [Errno 20] Not a directory: '${here.at('f')}'`,
  )
  symlinkSync('.', here.at('ln'))
  t.is(await fails(t, file, { path: here.at('ln'), state: 'directory', follow: false }), `${here.at('ln')} already exists as a link`)
  await applies(t, file, { path: here.at('ln'), state: 'directory', mode: '0711' })
  t.is(here.mode('.'), '711')
})

test('makes the directory that a link leads to in vain', async (t) => {
  const here = scratch(t)
  symlinkSync('target', here.at('ln'))
  await applies(t, file, { path: here.at('ln'), state: 'directory', mode: '0700' })
  t.is(here.mode('target'), '700')
  t.is(here.link('ln'), 'target')
})

// recurse
test('recurse sets what is below, X only where someone may execute', async (t) => {
  const here = scratch(t, { 'd/s/f': '', 'd/run': '' })
  chmodSync(here.at('d/run'), 0o700)
  chmodSync(here.at('d/s'), 0o700)
  const { changes } = await applies(t, file, { path: here.at('d'), state: 'directory', recurse: true, mode: 'u=rwX,g=rX,o=' })
  t.deepEqual(['d', 'd/s', 'd/s/f', 'd/run'].map(here.mode), ['750', '750', '640', '750'])
  t.is(changes.length, 2)
})

test('recurse sets owner and group of everything, a link itself included', async (t) => {
  const here = scratch(t, { 'd/s/f': '', out: '' })
  symlinkSync('../out', here.at('d/ln'))
  await applies(t, file, { path: here.at('d'), recurse: true, owner: '1234', group: '42', follow: false })
  t.deepEqual(
    ['d', 'd/s', 'd/s/f', 'd/ln', 'out'].map((name) => here.stat(name).uid),
    [1234, 1234, 1234, 1234, 0],
  )
})

test('recurse follows links out of the directory unless told not to', async (t) => {
  const here = scratch(t, { 'd/f': '', 'o/foo': '', t: '' })
  for (const name of ['o', 'o/foo', 't']) chmodSync(here.at(name), 0o700)
  symlinkSync('../t', here.at('d/link'))
  symlinkSync('../o', here.at('d/dir'))
  symlinkSync('gone', here.at('d/broken'))
  await applies(t, file, { path: here.at('d'), follow: false, mode: 'a-x', recurse: true })
  t.deepEqual(['t', 'o', 'o/foo'].map(here.mode), ['700', '700', '700'])
  chmodSync(here.at('d'), 0o755)
  await applies(t, file, { path: here.at('d'), follow: true, mode: 'a-x', recurse: true })
  t.deepEqual(['t', 'o', 'o/foo'].map(here.mode), ['600', '600', '600'])
})

test('recurse makes a directory that is missing', async (t) => {
  const here = scratch(t)
  await applies(t, file, { path: here.at('d'), recurse: true, mode: '0700' })
  t.is(here.mode('d'), '700')
})

test('recurse is for directories', async (t) => {
  const here = scratch(t, { f: '' })
  t.is(await fails(t, file, { path: here.at('f'), recurse: true }), "recurse option requires state to be 'directory'")
  t.is(
    file.params.safeParse({ path: '/x', state: 'touch', recurse: true }).error?.issues[0]?.message,
    "recurse option requires state to be 'directory'",
  )
  t.true(file.params.safeParse({ path: '/x', state: 'absent', recurse: true }).success)
})

test('recurse with names of all kinds', async (t) => {
  const names = ['-x', 'a b', "q'", 'n\nl', 'ü', '*']
  const here = scratch(t, Object.fromEntries(names.map((name) => [`d/${name}`, ''])))
  await applies(t, file, { path: here.at('d'), recurse: true, mode: 'go=' })
  t.deepEqual(
    names.map((name) => here.mode(`d/${name}`)),
    names.map(() => '600'),
  )
})

test('recurse works for a user without privileges who takes x away', async (t) => {
  const here = scratch(t, { 'd/s/f': '' })
  chmodSync(here.root, 0o755)
  execFileSync('chown', ['-R', '65534:65534', here.at('d')])
  await settle(file, { path: here.at('d'), recurse: true, mode: 'u-x' }, NOBODY)
  t.deepEqual(['d', 'd/s', 'd/s/f'].map(here.mode), ['655', '655', '644'])
})

// state: link
test('makes a link, absolute or relative', async (t) => {
  const here = scratch(t, { f: '', 's/x': '' })
  const { result } = await applies(t, file, { path: here.at('abs'), src: here.at('f'), state: 'link' })
  t.is(here.link('abs'), here.at('f'))
  t.like(result, { state: 'link', src: here.at('f'), dest: here.at('abs') })
  await applies(t, file, { path: here.at('abs'), src: 'f', state: 'link' })
  t.is(here.link('abs'), 'f')
  await applies(t, file, { path: here.at('s/up'), src: '../f', state: 'link' })
  t.is(here.link('s/up'), '../f')
  await applies(t, file, { path: here.at('dir'), src: 's', state: 'link' })
  await applies(t, file, { path: here.at('dir'), src: 'f', state: 'link' })
  t.deepEqual(here.list('s'), ['up', 'x'])
  t.is(here.link('dir'), 'f')
})

test('a link to nothing needs force', async (t) => {
  const here = scratch(t)
  const want = { path: here.at('ln'), src: 'gone', state: 'link' }
  t.is(await fails(t, file, want), `src file does not exist, use "force=yes" if you really want to create the link: ${here.at('gone')}`)
  await applies(t, file, { ...want, force: true })
  t.is(here.link('ln'), 'gone')
})

test('a link does not replace a file or an empty directory without force, and never a full one', async (t) => {
  const here = scratch(t, { f: '', g: '', 'full/x': '' })
  mkdirSync(here.at('empty'))
  linkSync(here.at('g'), here.at('g2'))
  const link = (name: string) => ({ path: here.at(name), src: here.at('f'), state: 'link' })
  writeFileSync(here.at('one'), '')
  t.is(await fails(t, file, link('one')), `refusing to convert from file to symlink for ${here.at('one')}`)
  t.is(await fails(t, file, link('g')), `refusing to convert from hard to symlink for ${here.at('g')}`)
  t.is(await fails(t, file, link('empty')), `refusing to convert from directory to symlink for ${here.at('empty')}`)
  t.is(await fails(t, file, { ...link('full'), force: true }), `the directory ${here.at('full')} is not empty, refusing to convert it`)
  for (const name of ['one', 'g', 'empty']) {
    await applies(t, file, { ...link(name), force: true })
    t.is(here.link(name), here.at('f'))
  }
  t.deepEqual(here.list(), ['empty', 'f', 'full', 'g', 'g2', 'one'])
})

test('a link needs a target', async (t) => {
  const here = scratch(t, { f: '' })
  t.is(await fails(t, file, { path: here.at('ln'), state: 'link' }), 'src is required for creating new symlinks')
  symlinkSync('f', here.at('ln'))
  await leaves(t, file, { path: here.at('ln'), state: 'link' })
})

test('the mode of a link is that of what it leads to', async (t) => {
  const here = scratch(t, { f: '' })
  await applies(t, file, { path: here.at('ln'), src: 'f', state: 'link', mode: '0600' })
  t.is(here.mode('f'), '600')
  await leaves(t, file, { path: here.at('ln'), src: 'f', state: 'link', mode: '0644', follow: false })
  await applies(t, file, { path: here.at('ln2'), src: 'gone', state: 'link', mode: '0640', owner: '1234', force: true, follow: false })
  t.is(here.stat('ln2').uid, 1234)
  await leaves(t, file, { path: here.at('ln2'), src: 'gone', state: 'link', mode: '0640', force: true })
})

test('a link target may be anything', async (t) => {
  const here = scratch(t)
  for (const src of ['-n', 'a b', "q'", 'n\nl', 'a -> b', '$(id)']) {
    await applies(t, file, { path: here.at('ln'), src, state: 'link', force: true })
    t.is(here.link('ln'), src)
  }
})

// state: hard
test('makes another name of a file', async (t) => {
  const here = scratch(t, { f: '', g: '' })
  const hard = { path: here.at('h'), src: here.at('f'), state: 'hard' }
  const { result } = await applies(t, file, hard)
  t.is(here.stat('h').ino, here.stat('f').ino)
  t.like(result, { state: 'hard', src: here.at('f') })
  t.is(await fails(t, file, { ...hard, src: here.at('g') }), 'Cannot link, different hard link exists at destination')
  await applies(t, file, { ...hard, src: here.at('g'), force: true })
  t.is(here.stat('h').ino, here.stat('g').ino)
  writeFileSync(here.at('other'), '')
  t.is(await fails(t, file, { ...hard, path: here.at('other') }), 'Cannot link, file exists at destination')
  t.is(await fails(t, file, { ...hard, src: here.at('gone') }), 'src does not exist')
  t.is(await fails(t, file, { path: here.at('new'), state: 'hard' }), 'src is required for creating new hardlinks')
  t.is(await fails(t, file, { ...hard, path: here.root }), 'Cannot link, directory exists at destination')
})

test('a hard link to a link is one to what it leads to, and replaces a link', async (t) => {
  const here = scratch(t, { f: '' })
  symlinkSync('f', here.at('soft'))
  symlinkSync('f', here.at('old'))
  await applies(t, file, { path: here.at('hard'), src: here.at('soft'), state: 'hard' })
  t.is(here.stat('hard').ino, here.stat('f').ino)
  await applies(t, file, { path: here.at('old'), src: here.at('f'), state: 'hard' })
  t.is(here.stat('old').ino, here.stat('f').ino)
})

test('src is for links', (t) => {
  t.deepEqual(
    file.params.safeParse({ path: '/x', src: '/y' }).error?.issues.map(({ message }) => message),
    ["src option requires state to be 'link' or 'hard'"],
  )
})

// state: touch
const touched = async (t: Parameters<typeof leaves>[0], params: object) => {
  const settled = await settle(file, { state: 'touch', ...params })
  t.is(settled.result.failed, undefined)
  t.true(settled.result.changed)
  return settled
}

test('touch makes an empty file', async (t) => {
  const here = scratch(t)
  const { result } = await touched(t, { path: here.at('f'), mode: 'u=rw,go=', owner: '1234' })
  t.is(here.read('f'), '')
  t.is(here.mode('f'), '600')
  t.like(result, { state: 'file', mode: '0600', uid: 1234, dest: here.at('f') })
  await touched(t, { path: here.at('g') })
  t.is(here.mode('g'), '644')
})

test('touch sets the times of what is there, and is always a change', async (t) => {
  const here = scratch(t, { f: 'x' })
  mkdirSync(here.at('d'))
  for (const name of ['f', 'd']) {
    utimesSync(here.at(name), 1000, 1000)
    await touched(t, { path: here.at(name) })
    t.true(here.stat(name).mtimeMs > 1e12)
    t.true(here.stat(name).atimeMs > 1e12)
  }
  t.is(here.read('f'), 'x')
})

test('touch with preserved times is a change only where something is', async (t) => {
  const here = scratch(t)
  const want = { path: here.at('f'), state: 'touch', access_time: 'preserve', modification_time: 'preserve' }
  await applies(t, file, want)
  utimesSync(here.at('f'), 1000, 1000)
  await leaves(t, file, want)
  await applies(t, file, { ...want, mode: '0600' })
  t.is(here.stat('f').mtimeMs, 1000_000)
})

test('given times are set and then left', async (t) => {
  const here = scratch(t, { f: '' })
  await applies(t, file, { path: here.at('f'), modification_time: '202202081414.00', access_time: '202103040506.07' })
  t.is(here.stat('f').mtimeMs, new Date(2022, 1, 8, 14, 14).getTime())
  t.is(here.stat('f').atimeMs, new Date(2021, 2, 4, 5, 6, 7).getTime())
  await applies(t, file, { path: here.at('f'), modification_time: '2020-1-31', modification_time_format: '%Y-%m-%d' })
  t.is(here.stat('f').mtimeMs, new Date(2020, 0, 31).getTime())
  await applies(t, file, { path: here.at('n'), state: 'touch', modification_time: '202202081414.00', access_time: 'preserve' })
  t.is(here.stat('n').mtimeMs, new Date(2022, 1, 8, 14, 14).getTime())
  t.is(
    file.params.safeParse({ path: '/x', modification_time: 'yesterday' }).error?.issues[0]?.message,
    'Error while obtaining timestamp for time yesterday using format %Y%m%d%H%M.%S',
  )
})

test('a new directory gets given times', async (t) => {
  const here = scratch(t)
  await applies(t, file, { path: here.at('-d/e'), state: 'directory', modification_time: '202202081414.00' })
  t.is(here.stat('-d/e').mtimeMs, new Date(2022, 1, 8, 14, 14).getTime())
})

test('one time can be set alone', async (t) => {
  const here = scratch(t, { f: '' })
  utimesSync(here.at('f'), 1000, 1000)
  await settle(file, { path: here.at('f'), access_time: 'now' })
  t.is(here.stat('f').mtimeMs, 1000_000)
  t.true(here.stat('f').atimeMs > 1e12)
})

test('touch needs a directory', async (t) => {
  const here = scratch(t)
  t.is(
    await fails(t, file, { path: here.at('d/f'), state: 'touch' }),
    `Error, could not touch target: the directory ${here.at('d')} does not exist`,
  )
})

test('a file that cannot get its owner is not made', async (t) => {
  const here = scratch(t)
  chmodSync(here.root, 0o1777)
  const message = await fails(t, file, { path: here.at('f'), state: 'touch', owner: 'root' }, NOBODY)
  t.regex(message, /^chown failed: .*Operation not permitted$/)
  t.deepEqual(here.list(), [])
})

// state: absent
test('removes files, links and directories with all in them', async (t) => {
  const here = scratch(t, { f: '', 'd/s/x': '', '-rf': '', keep: '' })
  symlinkSync('keep', here.at('ln'))
  symlinkSync('gone', here.at('broken'))
  for (const name of ['f', 'd', 'ln', 'broken', '-rf']) {
    const { result } = await applies(t, file, { path: here.at(name), state: 'absent' })
    t.deepEqual(result, { changed: true, path: here.at(name), dest: here.at(name), state: 'absent' })
  }
  t.deepEqual(here.list(), ['keep'])
  await leaves(t, file, { path: here.at('no/way'), state: 'absent' })
})

test('a link with a slash at its end is removed, not what it leads to', async (t) => {
  const here = scratch(t, { 'd/x': '' })
  symlinkSync('d', here.at('ln'))
  await applies(t, file, { path: here.at('ln/'), state: 'absent' })
  t.deepEqual(here.list(), ['d'])
  t.deepEqual(here.list('d'), ['x'])
})

test('the root is not removed', async (t) => {
  t.is(await fails(t, file, { path: '/', state: 'absent' }), 'refusing to remove /')
  t.is(await fails(t, file, { path: '/tmp/..', state: 'absent' }), 'refusing to remove /tmp/..')
})

test('what may not be looked at is a failure', async (t) => {
  const here = scratch(t, { 'd/f': '' })
  chmodSync(here.root, 0o755)
  chmodSync(here.at('d'), 0)
  for (const state of ['file', 'absent', 'touch', 'directory'])
    t.is(await fails(t, file, { path: here.at('d/f'), state }, NOBODY), `Cannot access ${here.at('d/f')}: permission denied`)
})

// all
for (const name of ['with space', "quote's", '-dash', 'new\nline', 'trailing\n', 'ünïcode', '$(id)', 'back\\slash', '*'])
  test(`a path may be called ${JSON.stringify(name)}`, async (t) => {
    const here = scratch(t)
    await applies(t, file, { path: here.at(`${name}/${name}`), state: 'directory', mode: '0700' })
    await applies(t, file, { path: here.at(`${name}/f${name}`), state: 'touch', access_time: 'preserve', modification_time: 'preserve' })
    await applies(t, file, { path: here.at(`${name}/ln${name}`), src: name, state: 'link' })
    await applies(t, file, { path: here.at(`${name}/h${name}`), src: here.at(`${name}/f${name}`), state: 'hard' })
    t.deepEqual(here.list(name), [name, `f${name}`, `h${name}`, `ln${name}`].sort())
    await applies(t, file, { path: here.at(name), state: 'absent' })
  })

test('a dry run changes nothing and shows what would be', async (t) => {
  const here = scratch(t, { f: '' })
  const { changes } = await settle(file, { path: here.at('f'), mode: '0600', owner: 'nobody' }, { check: true })
  t.is(changes[0]!.summary, 'mode 0644 → 0600, owner root → nobody')
  t.deepEqual(changes[0]!.diff, {
    before: 'mode: 0644\nowner: root\n',
    after: 'mode: 0600\nowner: nobody\n',
    before_header: here.at('f'),
    after_header: here.at('f'),
  })
  const made = await settle(file, { path: here.at('d'), state: 'directory' }, { check: true })
  t.deepEqual(made.changes[0]!.diff, {
    before: `path: ${here.at('d')}\nstate: absent\n`,
    after: `path: ${here.at('d')}\nstate: directory\n`,
    before_header: here.at('d'),
    after_header: here.at('d'),
  })
  t.is(here.mode('f'), '644')
  t.deepEqual(here.list(), ['f'])
})

test('every example passes its own schema', (t) => {
  for (const { params } of file.examples) t.true(file.params.safeParse(params).success)
})
