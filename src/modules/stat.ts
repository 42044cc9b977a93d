import { z } from 'zod'
import { type Access, access } from '../facts/access.ts'
import { ALGORITHMS, type Checksum, checksum } from '../facts/checksum.ts'
import { type FileFlags, fileFlags } from '../facts/file-flags.ts'
import { type Mime, mime } from '../facts/mime.ts'
import { realpath } from '../facts/realpath.ts'
import { lstat, type Present, type Stat, stat as statFact } from '../facts/stat.ts'
import { defineModule } from '../module/define.ts'
import { bool, path } from '../module/params.ts'
import { octal } from './files/file-mode.ts'

/** The names that Ansible gives to chattr(1)'s letters. */
const FLAG_NAMES: Record<string, string> = {
  A: 'noatime',
  a: 'append',
  c: 'compressed',
  C: 'nocow',
  d: 'nodump',
  D: 'dirsync',
  e: 'extents',
  E: 'encrypted',
  h: 'blocksize',
  i: 'immutable',
  I: 'indexed',
  j: 'journalled',
  N: 'inline',
  s: 'zero',
  S: 'synchronous',
  t: 'notail',
  T: 'blockroot',
  u: 'undelete',
  X: 'compressedraw',
  Z: 'compresseddirty',
}

function permissions(mode: number): Record<string, boolean> {
  const found: Record<string, boolean> = { isuid: !!(mode & 0o4000), isgid: !!(mode & 0o2000) }
  ;['usr', 'grp', 'oth'].forEach((who, i) => {
    const bits = mode >> (6 - 3 * i)
    found[`r${who}`] = !!(bits & 4)
    found[`w${who}`] = !!(bits & 2)
    found[`x${who}`] = !!(bits & 1)
  })
  return found
}

const describeFile = (
  path: string,
  is: Present,
  may: Access,
  more: {
    sum: Checksum | undefined
    mime: Mime | undefined
    flags: FileFlags | undefined
    wantsFlags: boolean
    source: string | undefined
  },
) => ({
  exists: true,
  path,
  mode: octal(is.mode),
  isdir: is.type === 'directory',
  ischr: is.type === 'char',
  isblk: is.type === 'block',
  isreg: is.type === 'file',
  isfifo: is.type === 'fifo',
  islnk: is.type === 'link',
  issock: is.type === 'socket',
  uid: is.uid,
  gid: is.gid,
  size: is.size,
  inode: is.inode,
  dev: is.device,
  nlink: is.links,
  atime: is.atime,
  mtime: is.mtime,
  ctime: is.ctime,
  blocks: is.blocks,
  block_size: is.blockSize,
  device_type: is.deviceType,
  ...permissions(is.mode),
  readable: may.readable,
  writeable: may.writeable,
  executable: may.executable,
  ...(is.user !== 'UNKNOWN' && { pw_name: is.user }),
  ...(is.group !== 'UNKNOWN' && { gr_name: is.group }),
  ...(is.type === 'link' && { lnk_target: is.target, ...(more.source !== undefined && { lnk_source: more.source }) }),
  ...(is.type === 'file' && may.readable && more.sum?.sum !== undefined && { checksum: more.sum.sum }),
  ...(more.mime && { mimetype: more.mime.mimetype, charset: more.mime.charset }),
  ...(more.wantsFlags && {
    attr_flags: more.flags?.letters ?? '',
    attributes: [...(more.flags?.letters ?? '')].map((letter) => FLAG_NAMES[letter] ?? letter),
    version: more.flags?.version ?? null,
  }),
})

/** Ansible's stat. */
export const stat = defineModule({
  name: 'stat',
  summary: 'Tell what is at a path.',
  notes: ['`mimetype` and `charset` need file(1) on the host, `attributes` needs lsattr(1); without them they are unknown or empty.'],
  params: z.strictObject({
    path: path()
      .meta({ aliases: ['dest', 'name'] })
      .describe('The path to look at.'),
    follow: bool().default(false).describe('Look at what a symbolic link leads to instead of the link.'),
    get_checksum: bool().default(true).describe('Whether to tell the checksum of a file.'),
    checksum_algorithm: z
      .enum(ALGORITHMS)
      .default('sha1')
      .meta({ aliases: ['checksum', 'checksum_algo'] })
      .describe('Which checksum.'),
    get_mime: bool()
      .default(true)
      .meta({ aliases: ['mime', 'mime_type', 'mime-type'] })
      .describe('Whether to tell the MIME type and character set.'),
    get_attributes: bool()
      .default(true)
      .meta({ aliases: ['attr', 'attributes'] })
      .describe("Whether to tell the file system's attributes (chattr)."),
    get_selinux_context: bool().default(false).describe('Accepted for the sake of existing playbooks; no context is told.'),
  }),
  examples: [
    { title: 'Whether a file is there', params: { path: '/var/run/reboot-required' } },
    {
      title: 'Only its size and SHA-256',
      params: { path: '/srv/backup.tar', checksum_algorithm: 'sha256', get_mime: false, get_attributes: false },
    },
  ],
  returns: {
    stat: 'What is there: `exists`, `path`, `mode`, `isreg`, `isdir`, `islnk` and the other types, `uid`, `gid`, `pw_name`, `gr_name`, `size`, `inode`, `dev`, `nlink`, `atime`, `mtime`, `ctime`, `rusr` to `xoth`, `isuid`, `isgid`, `readable`, `writeable`, `executable`, `checksum`, `lnk_source`, `lnk_target`, `mimetype`, `charset`, `attributes`.',
  },
  facts: (want) => ({
    is: (want.follow ? statFact : lstat)(want.path),
    access: access(want.path),
    sum: want.get_checksum ? checksum({ path: want.path, algorithm: want.checksum_algorithm }) : undefined,
    mime: want.get_mime ? mime(want.path) : undefined,
    flags: want.get_attributes ? fileFlags(want.path) : undefined,
  }),
  more: (want, { is }) => ({ source: (is as Stat).exists && (is as Present).type === 'link' ? realpath(want.path) : undefined }),
  plan: (want, { is }) => (!is.exists && is.why === 'denied' ? { changes: [], failure: `Permission denied: ${want.path}` } : []),
  result: (want, { is, access: may, source, ...more }) => ({
    changed: false,
    stat: is.exists ? describeFile(want.path, is, may, { ...more, source, wantsFlags: want.get_attributes }) : { exists: false },
  }),
})
