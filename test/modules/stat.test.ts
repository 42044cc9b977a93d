import { chmodSync, symlinkSync, utimesSync } from 'node:fs'
import test from 'ava'
import { stat } from '../../src/modules/stat.ts'
import { fails, leaves, scratch } from '../helpers/scratch.ts'

const tell = async (t: Parameters<typeof leaves>[0], params: object) =>
  (await leaves(t, stat, params)).result.stat as Record<string, unknown>

test('tells all of a file', async (t) => {
  const here = scratch(t, { f: 'foo.txt\n' })
  chmodSync(here.at('f'), 0o4754)
  utimesSync(here.at('f'), 1000000000.5, 1000000001.25)
  const { ino, dev, ctimeMs, blocks } = here.stat('f')
  const told = await tell(t, { path: here.at('f') })
  t.deepEqual(
    { ...told, ctime: Math.round(Number(told.ctime)), attr_flags: '', attributes: [], version: '' },
    {
      exists: true,
      path: here.at('f'),
      mode: '04754',
      isdir: false,
      ischr: false,
      isblk: false,
      isreg: true,
      isfifo: false,
      islnk: false,
      issock: false,
      uid: 0,
      gid: 0,
      size: 8,
      inode: ino,
      dev,
      nlink: 1,
      atime: 1000000000.5,
      mtime: 1000000001.25,
      ctime: Math.round(ctimeMs / 1000),
      blocks,
      block_size: 4096,
      device_type: 0,
      isuid: true,
      isgid: false,
      rusr: true,
      wusr: true,
      xusr: true,
      rgrp: true,
      wgrp: false,
      xgrp: true,
      roth: true,
      woth: false,
      xoth: false,
      readable: true,
      writeable: true,
      executable: true,
      pw_name: 'root',
      gr_name: 'root',
      checksum: 'c79a6506c1c948be0d456ab5104d5e753ab2f3e6',
      mimetype: 'text/plain',
      charset: 'us-ascii',
      attr_flags: '',
      attributes: [],
      version: '',
    },
  )
})

test('tells the checksum that is asked for', async (t) => {
  const here = scratch(t, { f: 'foo.txt\n' })
  const sum = async (checksum_algorithm?: string) =>
    (await tell(t, { path: here.at('f'), ...(checksum_algorithm && { checksum_algorithm }) })).checksum
  t.is(await sum(), 'c79a6506c1c948be0d456ab5104d5e753ab2f3e6')
  t.is(await sum('md5'), 'c47397529fe81ab62ba3f85e9f4c71f2')
  t.is(
    await sum('sha512'),
    '49781c1f2d9ae22b50528c31def3bac458725c694007bdd3e3e7241c5953c43ad577322e80ca902802f7b618552e6259f9fa2c5a20017e0a9bcfc7da9f0f3dd1',
  )
  t.false('checksum' in (await tell(t, { path: here.at('f'), get_checksum: false })))
})

test('leaves out what is not asked for', async (t) => {
  const here = scratch(t, { f: '' })
  const told = await tell(t, { path: here.at('f'), get_mime: false, get_attributes: false })
  for (const key of ['mimetype', 'charset', 'attr_flags', 'attributes', 'version']) t.false(key in told)
})

test('tells of a link, or of what it leads to', async (t) => {
  const here = scratch(t, { f: 'x' })
  symlinkSync('f', here.at('ln'))
  symlinkSync('gone', here.at('broken'))
  const link = await tell(t, { path: here.at('ln') })
  t.like(link, { islnk: true, isreg: false, lnk_target: 'f', lnk_source: here.at('f'), size: 1, mode: '0777' })
  t.false('checksum' in link)
  t.like(await tell(t, { path: here.at('ln'), follow: true }), {
    islnk: false,
    isreg: true,
    size: 1,
    checksum: '11f6ad8ec52a2984abaafd7c3b516503785c2072',
  })
  t.like(await tell(t, { path: here.at('broken') }), { exists: true, islnk: true, lnk_target: 'gone' })
  t.deepEqual(await tell(t, { path: here.at('broken'), follow: true }), { exists: false })
})

test('tells of a directory and of a device', async (t) => {
  const here = scratch(t)
  t.like(await tell(t, { path: here.root }), { isdir: true, isreg: false, executable: true, mimetype: 'inode/directory' })
  t.like(await tell(t, { path: '/dev/null' }), { ischr: true, isreg: false, device_type: 259, mode: '0666' })
})

test('tells that nothing is there', async (t) => {
  const here = scratch(t)
  t.deepEqual(await tell(t, { path: here.at('no') }), { exists: false })
})

test('what may not be looked at is a failure, what may not be read is told', async (t) => {
  const here = scratch(t, { 'd/f': 'x', g: 'x' })
  chmodSync(here.root, 0o755)
  chmodSync(here.at('d'), 0o700)
  chmodSync(here.at('g'), 0o600)
  const nobody = { prefix: ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--'] }
  t.is(await fails(t, stat, { path: here.at('d/f') }, nobody), `Permission denied: ${here.at('d/f')}`)
  const { result } = await leaves(t, stat, { path: here.at('g') }, nobody)
  t.like(result.stat, { exists: true, readable: false, writeable: false })
  t.false('checksum' in (result.stat as object))
})

test('every example passes its own schema', (t) => {
  for (const { params } of stat.examples) t.true(stat.params.safeParse(params).success)
})
