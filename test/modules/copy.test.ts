import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, chownSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import test from 'ava'
import { copy } from '../../src/modules/copy.ts'
import { applies, fails, leaves, scratch } from '../helpers/scratch.ts'
import { settle } from '../helpers/settle.ts'

const NOBODY = { prefix: ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--'] }
const sha1 = (text: string | Buffer) => createHash('sha1').update(text).digest('hex')
const md5 = (text: string | Buffer) => createHash('md5').update(text).digest('hex')

// content
test('writes a content', async (t) => {
  const here = scratch(t)
  const { result, changes } = await applies(t, copy, { content: 'a\n', dest: here.at('f') })
  t.is(here.read('f'), 'a\n')
  t.deepEqual(result, {
    changed: true,
    dest: here.at('f'),
    checksum: sha1('a\n'),
    md5sum: md5('a\n'),
    mode: '0644',
    owner: 'root',
    group: 'root',
    uid: 0,
    gid: 0,
    size: 2,
    state: 'file',
  })
  t.is(changes.length, 1)
  t.is(changes[0]!.steps.length, 1)
  t.deepEqual(changes[0]!.diff, { before: '', after: 'a\n', before_header: here.at('f'), after_header: here.at('f') })
  t.deepEqual(here.list(), ['f'])
})

for (const [shown, content, written] of [
  ['an empty text', '', ''],
  ['a number', 42, '42'],
  ['a mapping', { a: 1, b: ['x', null, true], é: {} }, '{"a": 1, "b": ["x", null, true], "\\u00e9": {}}'],
  ['a list', ['a', 'b'], '["a", "b"]'],
  ['quotes and dollars', `'"$HOME\`id\`\\n`, `'"$HOME\`id\`\\n`],
] as const)
  test(`content may be ${shown}`, async (t) => {
    const here = scratch(t)
    await applies(t, copy, { content, dest: here.at('f') })
    t.is(here.read('f'), written)
  })

test('content cannot go into a directory', async (t) => {
  const here = scratch(t)
  t.is(await fails(t, copy, { content: 'a', dest: here.root }), 'can not use content with a dir as dest')
  t.is(copy.params.safeParse({ content: 'a', dest: '/x/' }).error?.issues[0]?.message, 'can not use content with a dir as dest')
})

test('exactly one of src and content is needed', (t) => {
  const message = (params: object) => copy.params.safeParse({ dest: '/x', ...params }).error?.issues.map((issue) => issue.message)
  t.deepEqual(message({}), ['src (or content) is required'])
  t.deepEqual(message({ src: 'a', content: '' }), ['src and content are mutually exclusive'])
  t.is(message({ src: 'a', validate: 'true' })?.[0], 'validate must contain %s, and close its quotes')
})

// a file
test('copies a file to a path, into a directory, and into one that is missing', async (t) => {
  const here = scratch(t, { 'src/foo.txt': 'foo\n' })
  mkdirSync(here.at('d'))
  const src = here.at('src/foo.txt')
  const { result } = await applies(t, copy, { src, dest: here.at('f'), mode: '0444' })
  t.like(result, { src, dest: here.at('f'), mode: '0444' })
  const into = await applies(t, copy, { src, dest: here.at('d'), mode: '0500' })
  t.is(into.result.dest, here.at('d/foo.txt'))
  t.is(here.mode('d/foo.txt'), '500')
  await applies(t, copy, { src, dest: here.at('new/deep/'), directory_mode: '0700' })
  t.is(here.read('new/deep/foo.txt'), 'foo\n')
  t.deepEqual([here.mode('new'), here.mode('new/deep'), here.mode('new/deep/foo.txt')], ['700', '700', '644'])
  await leaves(t, copy, { src, dest: here.at('new/deep') })
})

test('a missing directory is a failure without a slash at the end', async (t) => {
  const here = scratch(t, { f: '' })
  t.is(await fails(t, copy, { src: here.at('f'), dest: here.at('a/b') }), `Destination directory ${here.at('a')} does not exist`)
  t.is(await fails(t, copy, { src: here.at('f'), dest: here.at('f/b') }), `Destination directory ${here.at('f')} does not exist`)
  t.is(await fails(t, copy, { src: here.at('f'), dest: `${here.at('f')}/` }), `Destination ${here.at('f')} is not a directory`)
})

test('a directory of the same name in the directory is a failure', async (t) => {
  const here = scratch(t, { 'src/foo': '', 'd/foo/x': '' })
  t.is(await fails(t, copy, { src: here.at('src/foo'), dest: here.at('d') }), `Destination ${here.at('d/foo')} is a directory`)
})

test('bytes of all kinds are copied', async (t) => {
  const bytes = Buffer.from(Array.from({ length: 3000 }, (_, i) => (i * 7) % 256))
  const here = scratch(t, { src: bytes })
  const { changes } = await applies(t, copy, { src: here.at('src'), dest: here.at('f') })
  t.deepEqual(here.bytes('f'), bytes)
  t.is(changes[0]!.diff!.after, '(3000 bytes that are not text)\n')
})

test('a large file is streamed', async (t) => {
  const here = scratch(t, { src: Buffer.alloc(3_000_000, 'large ') })
  const { changes, result } = await applies(t, copy, { src: here.at('src'), dest: here.at('f'), mode: '0600' })
  t.deepEqual(changes[0]!.steps[0], { ...changes[0]!.steps[0]!, stdin: { file: here.at('src'), size: 3_000_000 } } as never)
  t.is(result.checksum, sha1(here.bytes('src')))
  t.true(here.bytes('f').equals(here.bytes('src')))
})

test('replaces what differs, and shows how', async (t) => {
  const here = scratch(t, { f: 'old\n' })
  const { changes } = await applies(t, copy, { content: 'new\n', dest: here.at('f') })
  t.deepEqual(changes[0]!.diff, { before: 'old\n', after: 'new\n', before_header: here.at('f'), after_header: here.at('f') })
  t.is(changes[0]!.summary, 'replace content')
})

test('a replaced file keeps its mode, owner and group', async (t) => {
  const here = scratch(t, { f: 'old\n' })
  chownSync(here.at('f'), 1234, 1235)
  chmodSync(here.at('f'), 0o640)
  await applies(t, copy, { content: 'new\n', dest: here.at('f') })
  t.is(here.mode('f'), '640')
  t.like(here.stat('f'), { uid: 1234, gid: 1235 })
  await applies(t, copy, { content: 'newer\n', dest: here.at('f'), group: '42' })
  t.like(here.stat('f'), { uid: 1234, gid: 42 })
})

test('attributes alone change when the content is equal', async (t) => {
  const here = scratch(t, { f: 'a' })
  const { changes } = await applies(t, copy, { content: 'a', dest: here.at('f'), mode: 'u=rwx,go=', owner: 'nobody' })
  t.is(changes[0]!.summary, 'mode 0644 → 0700, owner root → nobody')
  t.is(here.mode('f'), '700')
})

test('symbolic modes of a new file start from what the umask leaves', async (t) => {
  const here = scratch(t)
  await applies(t, copy, { content: 'a', dest: here.at('f'), mode: 'u+x,g-r' })
  t.is(here.mode('f'), '704')
})

test('mode preserve takes that of the source', async (t) => {
  const here = scratch(t, { src: 'x' })
  chmodSync(here.at('src'), 0o547)
  const { result } = await applies(t, copy, { src: here.at('src'), dest: here.at('f'), mode: 'preserve' })
  t.is(result.mode, '0547')
})

test('force: no leaves a file that is there', async (t) => {
  const here = scratch(t, { f: 'old' })
  const { plan } = await leaves(t, copy, { content: 'new', dest: here.at('f'), force: false, mode: '0600' })
  t.is(plan.message, 'file already exists')
  await applies(t, copy, { content: 'new', dest: here.at('g'), force: false })
})

test('a backup holds the old content', async (t) => {
  const here = scratch(t, { f: 'old' })
  const { result } = await applies(t, copy, { content: 'new', dest: here.at('f'), backup: true })
  const name = here.list().find((one) => one !== 'f')!
  t.regex(name, /^f\.\d+\.\d{4}-\d\d-\d\d@\d\d:\d\d:\d\d~$/)
  t.is(result.backup_file, here.at(name))
  t.is(here.read(name), 'old')
  const fresh = await applies(t, copy, { content: 'new', dest: here.at('g'), backup: true })
  t.false('backup_file' in fresh.result)
})

test('a content that does not validate leaves everything as it was', async (t) => {
  const here = scratch(t, { f: 'old' })
  const want = { content: 'new', dest: here.at('f'), validate: `sh -c 'echo "bad file" >&2; grep -q good "$1"' sh %s` }
  t.is(await fails(t, copy, want), 'bad file\nfailed to validate: rc:1')
  t.is(here.read('f'), 'old')
  t.deepEqual(here.list(), ['f'])
  await applies(t, copy, { ...want, content: 'good' })
  t.is(
    await fails(t, copy, { content: 'x', dest: here.at('n'), validate: 'no-such-command %s' }).then((message) =>
      message.split('\n').at(-1),
    ),
    'failed to validate: rc:127',
  )
  t.deepEqual(here.list(), ['f'])
})

test('validate does not expand anything', async (t) => {
  const here = scratch(t)
  await applies(t, copy, { content: 'x', dest: here.at('f'), validate: `test -n %s -a '$HOME' = "\\$HOME" -a 100%% = 100%` })
})

test('a checksum must match', async (t) => {
  const here = scratch(t)
  const want = { content: 'a', dest: here.at('f') }
  t.is(
    await fails(t, copy, { ...want, checksum: sha1('b') }),
    `Copied file does not match the expected checksum. Transfer failed. It has ${sha1('a')}, ${sha1('b')} was expected.`,
  )
  await applies(t, copy, { ...want, checksum: sha1('a') })
})

test('a link at the destination is replaced, or written through', async (t) => {
  const here = scratch(t, { real: 'old' })
  symlinkSync('real', here.at('ln'))
  const { result } = await applies(t, copy, { content: 'new', dest: here.at('ln'), follow: true })
  t.is(here.link('ln'), 'real')
  t.is(here.read('real'), 'new')
  t.is(result.dest, here.at('real'))
  await applies(t, copy, { content: 'new', dest: here.at('ln'), follow: false, backup: true })
  t.true(here.stat('ln').isFile())
  t.is(here.read('real'), 'new')
  symlinkSync('gone', here.at('broken'))
  await applies(t, copy, { content: 'x', dest: here.at('broken'), follow: true })
  t.is(here.read('gone'), 'x')
  symlinkSync('nowhere', here.at('broken2'))
  await applies(t, copy, { content: 'x', dest: here.at('broken2') })
  t.true(here.stat('broken2').isFile())
})

test('a link to a directory is a directory', async (t) => {
  const here = scratch(t, { src: 'x' })
  mkdirSync(here.at('d'))
  symlinkSync('d', here.at('ln'))
  await applies(t, copy, { src: here.at('src'), dest: here.at('ln') })
  t.is(here.read('d/src'), 'x')
})

test('another name of a replaced file keeps the old content', async (t) => {
  const here = scratch(t, { f: 'old' })
  linkSync(here.at('f'), here.at('g'))
  await applies(t, copy, { content: 'new', dest: here.at('f') })
  t.is(here.read('g'), 'old')
})

test('devices and pipes are not replaced', async (t) => {
  const here = scratch(t)
  execFileSync('mkfifo', [here.at('p')])
  t.is(await fails(t, copy, { content: 'x', dest: here.at('p') }), `Destination ${here.at('p')} is not a regular file`)
})

test('a user without privileges replaces what he may', async (t) => {
  const here = scratch(t, { 'd/f': 'old', 'd/mine': 'old', 'no/f': 'old' })
  chmodSync(here.root, 0o755)
  chmodSync(here.at('d'), 0o777)
  chmodSync(here.at('d/f'), 0o666)
  chownSync(here.at('d/mine'), 65534, 65534)
  await applies(t, copy, { content: 'new', dest: here.at('d/f') }, NOBODY)
  t.is(here.read('d/f'), 'new')
  t.is(here.mode('d/f'), '666')
  await applies(t, copy, { content: 'new', dest: here.at('d/mine'), mode: '0600' }, NOBODY)
  t.is(
    await fails(t, copy, { content: 'new', dest: here.at('no/f') }, NOBODY).then((message) => message.split('\n').at(-1)),
    `cannot write into ${here.at('no')}`,
  )
  t.regex(
    await fails(t, copy, { content: 'new', dest: here.at('d/g'), owner: 'root' }, NOBODY),
    /^chown failed: .*Operation not permitted$/,
  )
  t.deepEqual(here.list('d'), ['f', 'mine'])
  chmodSync(here.at('no/f'), 0o600)
  t.is(await fails(t, copy, { content: 'new', dest: here.at('no/f') }, NOBODY), `Destination ${here.at('no/f')} not readable`)
  chmodSync(here.at('no'), 0o700)
  t.is(
    await fails(t, copy, { content: 'new', dest: here.at('no/f') }, NOBODY),
    `Destination ${here.at('no/f')} not accessible: permission denied`,
  )
})

test('a full disk leaves the old file and nothing besides', async (t) => {
  const here = scratch(t)
  mkdirSync(here.at('disk'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', here.at('disk')], { stdio: 'ignore' })
  } catch {
    t.pass('no file system can be mounted here')
    return
  }
  t.teardown(() => execFileSync('umount', [here.at('disk')]))
  writeFileSync(here.at('disk/f'), 'old')
  const message = await fails(t, copy, { content: 'x'.repeat(100_000), dest: here.at('disk/f') })
  t.is(message.split('\n').at(-1), `cannot write ${here.at('disk/f')}: it was left as it was`)
  t.is(here.read('disk/f'), 'old')
  t.deepEqual(here.list('disk'), ['f'])
})

test('a file that is mounted on its own needs unsafe_writes', async (t) => {
  const here = scratch(t, { f: 'old', g: 'other' })
  try {
    execFileSync('mount', ['--bind', here.at('g'), here.at('f')], { stdio: 'ignore' })
  } catch {
    t.pass('nothing can be mounted here')
    return
  }
  t.teardown(() => execFileSync('umount', [here.at('f')]))
  t.is(
    await fails(t, copy, { content: 'new', dest: here.at('f') }).then((message) => message.split('\n').at(-1)),
    `cannot replace ${here.at('f')}`,
  )
  await applies(t, copy, { content: 'new', dest: here.at('f'), unsafe_writes: true })
  t.is(here.read('g'), 'new')
  t.deepEqual(here.list(), ['f', 'g'])
})

for (const name of ['with space', "quote's", '-dash', 'new\nline', 'trailing\n', 'ünïcode', '$(id)', 'back\\slash', '*'])
  test(`a path may be called ${JSON.stringify(name)}`, async (t) => {
    const here = scratch(t, { [`src/${name}`]: 'x' })
    await applies(t, copy, { src: here.at(`src/${name}`), dest: here.at(`${name}/`) })
    t.is(here.read(`${name}/${name}`), 'x')
    await applies(t, copy, { content: 'y', dest: here.at(`${name}/${name}`), backup: true, validate: 'test -f %s' })
    t.is(here.list(name).length, 2)
  })

// a directory
const TREE = { 'src/a/f': '1', 'src/a/b/g': '2', 'src/h': '3' }

test('copies a directory, or what is in it', async (t) => {
  const here = scratch(t, TREE)
  mkdirSync(here.at('src/empty'))
  mkdirSync(here.at('d'))
  const { result } = await applies(t, copy, { src: here.at('src'), dest: here.at('d'), directory_mode: '0700', mode: '0600' })
  t.deepEqual(result, { changed: true, dest: here.at('d'), src: here.at('src') })
  t.deepEqual(here.list('d'), ['src'])
  t.deepEqual(here.list('d/src'), ['a', 'empty', 'h'])
  t.is(here.read('d/src/a/b/g'), '2')
  t.deepEqual(['d', 'd/src', 'd/src/a', 'd/src/a/b', 'd/src/empty', 'd/src/h'].map(here.mode), ['755', '700', '700', '700', '700', '600'])
  await applies(t, copy, { src: here.at('src/'), dest: here.at('n/m') })
  t.deepEqual(here.list('n/m'), ['a', 'empty', 'h'])
  t.is(here.mode('n/m/a'), '755')
})

test('of a directory, what else is there stays', async (t) => {
  const here = scratch(t, { ...TREE, 'd/a/other': 'x', 'd/h': 'old' })
  chmodSync(here.at('d/a'), 0o711)
  const { changes } = await applies(t, copy, { src: here.at('src/'), dest: here.at('d'), directory_mode: '0700' })
  t.deepEqual(here.list('d/a'), ['b', 'f', 'other'])
  t.is(here.mode('d/a'), '711')
  t.is(here.mode('d/a/b'), '700')
  t.is(here.read('d/h'), '3')
  t.deepEqual(
    changes.map(({ summary }) => summary),
    [
      `create directory ${here.at('d/a/b')}`,
      `create ${here.at('d/a/b/g')}, mode 0644`,
      `create ${here.at('d/a/f')}, mode 0644`,
      `replace content of ${here.at('d/h')}`,
    ],
  )
  t.deepEqual(changes[3]!.diff, { before: 'old', after: '3', before_header: here.at('d/h'), after_header: here.at('src/') })
  writeFileSync(here.at('d/h'), 'mine')
  await leaves(t, copy, { src: here.at('src/'), dest: here.at('d'), force: false })
})

test('owner and group go to the directories and files that were copied', async (t) => {
  const here = scratch(t, { ...TREE, 'd/a/other': 'x' })
  await applies(t, copy, { src: here.at('src/'), dest: here.at('d'), owner: '1234', group: '42' })
  t.deepEqual(
    ['d', 'd/a', 'd/a/b', 'd/a/f', 'd/a/other'].map((name) => here.stat(name).uid),
    [0, 1234, 1234, 1234, 0],
  )
})

test('mode preserve goes to the files of a directory', async (t) => {
  const here = scratch(t, TREE)
  chmodSync(here.at('src/h'), 0o751)
  await applies(t, copy, { src: here.at('src/'), dest: here.at('d'), mode: 'preserve' })
  t.is(here.mode('d/h'), '751')
})

test('links in a directory are copied as what they lead to, or as links', async (t) => {
  const here = scratch(t, TREE)
  symlinkSync('../h', here.at('src/a/file'))
  symlinkSync('a/b', here.at('src/dir'))
  symlinkSync('..', here.at('src/a/circle'))
  symlinkSync('gone', here.at('src/broken'))
  symlinkSync(here.at('src/h'), here.at('src/abs'))
  await applies(t, copy, { src: here.at('src'), dest: here.at('d'), local_follow: false })
  t.deepEqual(
    ['a/file', 'dir', 'a/circle', 'broken', 'abs'].map((name) => here.link(`d/src/${name}`)),
    ['../h', 'a/b', '..', 'gone', here.at('src/h')],
  )
  await applies(t, copy, { src: here.at('src'), dest: here.at('e') })
  t.deepEqual(here.list('e/src'), ['a', 'abs', 'broken', 'dir', 'h'])
  t.is(here.read('e/src/a/file'), '3')
  t.true(here.stat('e/src/a/file').isFile())
  t.is(here.read('e/src/dir/g'), '2')
  t.true(here.stat('e/src/dir').isDirectory())
  t.true(here.stat('e/src/abs').isFile())
  t.is(here.link('e/src/a/circle'), '..')
  t.is(here.link('e/src/broken'), 'gone')
})

test('a link out of the directory is not followed', async (t) => {
  const here = scratch(t, { 'src/f': '', out: '' })
  symlinkSync('../out', here.at('src/ln'))
  t.is(
    await fails(t, copy, { src: here.at('src'), dest: here.at('d') }),
    `${here.at('src')}: the link ln leads out of the directory, to ../out: set local_follow: false to copy the link itself`,
  )
})

test('what stands in the way of a directory is a failure', async (t) => {
  const here = scratch(t, { ...TREE, f: '', 'd/a': '', 'e/h/x': '' })
  t.is(
    await fails(t, copy, { src: here.at('src'), dest: here.at('f') }),
    `cannot copy a directory into ${here.at('f')}: it is not a directory`,
  )
  t.is(await fails(t, copy, { src: here.at('src/'), dest: here.at('d') }), `cannot copy a directory to ${here.at('d/a')}: it is a file`)
  t.is(await fails(t, copy, { src: here.at('src/'), dest: here.at('e') }), `Destination ${here.at('e/h')} is a directory`)
})

// remote_src
test('copies a file of the host', async (t) => {
  const here = scratch(t, { src: 'x' })
  mkdirSync(here.at('d'))
  chmodSync(here.at('src'), 0o751)
  const want = { src: here.at('src'), remote_src: true }
  const { result } = await applies(t, copy, { ...want, dest: here.at('f') })
  t.like(result, { dest: here.at('f'), src: here.at('src'), checksum: sha1('x'), mode: '0644', state: 'file' })
  await applies(t, copy, { ...want, dest: here.at('d'), mode: 'preserve' })
  t.is(here.mode('d/src'), '751')
  await applies(t, copy, { ...want, dest: here.at('n/') })
  writeFileSync(here.at('f'), 'old')
  await applies(t, copy, { ...want, dest: here.at('f'), backup: true })
  t.is(here.read('f'), 'x')
  await leaves(t, copy, { ...want, dest: here.at('f'), force: false })
})

test('a source of the host must be there and readable', async (t) => {
  const here = scratch(t, { 'd/f': '', g: '' })
  chmodSync(here.root, 0o777)
  chmodSync(here.at('g'), 0o600)
  chmodSync(here.at('d'), 0o700)
  const want = { dest: here.at('x'), remote_src: true }
  t.is(await fails(t, copy, { ...want, src: here.at('no') }), `Source ${here.at('no')} not found`)
  t.is(await fails(t, copy, { ...want, src: here.at('g') }, NOBODY), `Source ${here.at('g')} not readable`)
  t.is(await fails(t, copy, { ...want, src: here.at('d/f') }, NOBODY), `Source ${here.at('d/f')} not readable`)
})

test('copies a directory of the host with its modes', async (t) => {
  const here = scratch(t, TREE)
  chmodSync(here.at('src/a'), 0o750)
  chmodSync(here.at('src/h'), 0o600)
  symlinkSync('../h', here.at('src/a/ln'))
  mkdirSync(here.at('src/empty'))
  const want = { src: here.at('src'), remote_src: true }
  await applies(t, copy, { ...want, dest: here.at('d') })
  t.deepEqual(['d/src/a', 'd/src/h', 'd/src/a/f'].map(here.mode), ['750', '600', '644'])
  t.true(here.stat('d/src/a/ln').isFile())
  t.is(here.read('d/src/a/ln'), '3')
  t.deepEqual(here.list('d/src'), ['a', 'empty', 'h'])
  await applies(t, copy, { ...want, src: here.at('src/'), dest: here.at('e'), local_follow: false, mode: '0640', directory_mode: '0711' })
  t.is(here.link('e/a/ln'), '../h')
  t.deepEqual(['e', 'e/a', 'e/h'].map(here.mode), ['711', '711', '640'])
  writeFileSync(here.at('e/h'), 'changed')
  const { changes } = await applies(t, copy, { ...want, src: here.at('src/'), dest: here.at('e'), local_follow: false })
  t.is(changes.length, 1)
})

test('a dry run does nothing', async (t) => {
  const here = scratch(t, TREE)
  for (const params of [
    { content: 'x', dest: here.at('f') },
    { src: here.at('src'), dest: here.at('d') },
  ]) {
    const { changes } = await settle(copy, params, { check: true })
    t.true(changes.length > 0)
  }
  t.deepEqual(here.list(), ['src'])
})

test('every example passes its own schema', (t) => {
  for (const { params } of copy.examples) t.true(copy.params.safeParse(params).success)
})
