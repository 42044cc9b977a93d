import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer as createSecureServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import test from 'ava'
import type { ModuleResult } from '../../src/module/define.ts'
import { getUrl } from '../../src/modules/get-url.ts'
import { processList } from '../helpers/process-list.ts'
import { settle } from '../helpers/settle.ts'
import { toolPath } from '../helpers/tool-path.ts'
import { listening, routes, type Seen, type WebServer, webServer } from '../helpers/web-server.ts'

const hash = (text: string | Buffer, algorithm = 'sha256') => createHash(algorithm).update(text).digest('hex')
const FILES: Record<string, Buffer | string> = {
  'ptux.txt': 'ptux',
  'other.txt': 'other',
  'big.bin': Buffer.alloc(300_000, 'abc\0'),
  'sums.txt': `${hash('x')}  not_target1.txt\n${hash('ptux')}  ptux.txt\n${hash('y')}  not_target2.txt\n`,
  'sums-dot.txt': `${hash('x')}  ./x\n${hash('ptux')}       ./ptux.txt\n`,
  'sums-star.txt': `${hash('x')} *x\r\n${hash('ptux')} *ptux.txt\r\n`,
  'sums-one-space.txt': `${hash('x')} x\n${hash('ptux')} ptux.txt`,
  'sums-tag.txt': `SHA256 (x) = ${hash('x')}\nSHA256 (ptux.txt) = ${hash('ptux')}\n`,
  'sums-only.txt': `${hash('ptux')}\n`,
  'sums-stop.txt': `${hash('ptux').toUpperCase()}.  ptux.txt\n`,
  'sums-none.txt': `${hash('x')}  x\n`,
  'sums-wrong.txt': `${hash('x')}  ptux.txt\n`,
}

const home = mkdtempSync(join(tmpdir(), 'get url '))
mkdirSync(join(home, 'tmp'))
let web: WebServer
let secure: WebServer
test.before(async () => {
  web = await webServer(FILES)
  const [key, cert] = [join(home, 'key.pem'), join(home, 'cert.pem')]
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-keyout', key, '-out', cert], { stdio: 'ignore' }) // biome-ignore format: one command
  const seen: Seen[] = []
  secure = await listening(createSecureServer({ key: readFileSync(key), cert: readFileSync(cert) }, routes(seen, FILES)), seen, 'https')
})
test.after.always(() => {
  web.close()
  secure.close()
  rmSync(home, { recursive: true })
})

let count = 0
const place = () => join(home, `file ${count++}`)
const url = (name: string) => `${web.url}/files/${name}`
const WGET = toolPath(...'sh mktemp rm cat sed grep head tail tr sha1sum sha256sum md5sum stat chmod chown chgrp cp mv date wget'.split(' ')) // biome-ignore format: a list
const environment = (more: string[] = []) => ({
  prefix: ['env', `TMPDIR=${home}/tmp`, `HOME=${home}`, 'http_proxy=', 'https_proxy=', ...more],
})
const get = (params: object, more: string[] = []) => settle(getUrl, params, environment(more))
const result = async (params: object, more: string[] = []): Promise<ModuleResult> => (await get(params, more)).result
const asked = (path: string) => web.seen.filter((one) => one.path === path).length

test('tells everything about a file that it downloaded', async (t) => {
  const dest = place()
  const { changes, result } = await get({ url: url('ptux.txt'), dest, mode: '0640' })
  t.regex(String(result.src), /\/tmp\/mhprov\.[^/]+\/body$/)
  const { src: _, elapsed, ...rest } = result
  t.true(Number.isInteger(elapsed))
  t.deepEqual(rest, {
    changed: true,
    url: url('ptux.txt'),
    dest,
    status_code: 200,
    msg: 'OK (unknown bytes)',
    mode: '0640',
    owner: 'root',
    group: 'root',
    uid: 0,
    gid: 0,
    size: 4,
    state: 'file',
    checksum_src: hash('ptux', 'sha1'),
    checksum_dest: hash('ptux', 'sha1'),
    md5sum: hash('ptux', 'md5'),
  })
  t.deepEqual(
    changes.map(({ summary }) => summary),
    [`download ${url('ptux.txt')} to ${dest}`],
  )
  t.is(readFileSync(dest, 'utf8'), 'ptux')
})

test('a new file has the mode the umask leaves, an old one keeps its own and its owner', async (t) => {
  const dest = place()
  await get({ url: url('ptux.txt'), dest }, ['sh', '-c', 'umask 027; exec "$@"', 'sh'])
  t.is(statSync(dest).mode & 0o777, 0o640)
  chmodSync(dest, 0o604)
  chownSync(dest, 12345, 54321)
  t.is((await result({ url: url('other.txt'), dest, force: true })).changed, true)
  const { mode, uid, gid } = statSync(dest)
  t.deepEqual([mode & 0o777, uid, gid], [0o604, 12345, 54321])
})

test('a file that is there is kept without a request', async (t) => {
  const dest = place()
  writeFileSync(dest, 'mine')
  const { changes, plan, result } = await get({ url: `${web.url}/files/kept`, dest })
  t.deepEqual([changes, plan.message, result.msg, result.changed], [[], 'file already exists', 'file already exists', false])
  t.is(asked('/files/kept'), 0)
  t.is(readFileSync(dest, 'utf8'), 'mine')
})

test('its attributes are set all the same', async (t) => {
  const dest = place()
  writeFileSync(dest, 'mine', { mode: 0o644 })
  const params = { url: `${web.url}/files/attributes`, dest, mode: 'u=rwx,go=', owner: 'daemon', group: 1 }
  const first = await get(params)
  const { changed, mode, owner, gid, msg } = first.result
  t.deepEqual({ changed, mode, owner, gid, msg }, { changed: true, mode: '0700', owner: 'daemon', gid: 1, msg: 'file already exists' })
  t.deepEqual((await get(params)).changes, [])
  t.is(asked('/files/attributes'), 0)
})

test('force downloads every time and replaces what differs', async (t) => {
  const dest = place()
  writeFileSync(dest, 'ptux')
  const params = { url: url('ptux.txt'), dest, force: true }
  t.is((await result(params)).changed, false)
  writeFileSync(dest, 'old')
  const inode = statSync(dest).ino
  t.is((await result(params)).changed, true)
  t.is(readFileSync(dest, 'utf8'), 'ptux')
  t.not(statSync(dest).ino, inode)
})

test('a right checksum keeps the file, a wrong one has it replaced', async (t) => {
  const dest = place()
  const params = { url: url('ptux.txt'), dest, checksum: `sha256:${hash('ptux').toUpperCase()}.` }
  t.is((await result(params)).changed, true)
  const again = await get(params)
  t.deepEqual([again.changes, again.result.msg], [[], 'file already exists'])
  writeFileSync(dest, 'tampered')
  t.is((await result(params)).changed, true)
  t.is(readFileSync(dest, 'utf8'), 'ptux')
})

test('a download that has not the checksum leaves the old file', async (t) => {
  const dest = place()
  const params = { url: url('ptux.txt'), dest, checksum: `md5:${hash('x', 'md5')}` }
  const fresh = await result(params)
  t.deepEqual([fresh.failed, fresh.changed, fresh.status_code], [true, false, 200])
  t.is(fresh.msg, `The checksum for ${url('ptux.txt')} did not match ${hash('x', 'md5')}; it was ${hash('ptux', 'md5')}.`)
  t.false(existsSync(dest))
  writeFileSync(dest, 'old')
  t.is((await result(params)).failed, true)
  t.is(readFileSync(dest, 'utf8'), 'old')
})

for (const name of ['sums.txt', 'sums-dot.txt', 'sums-star.txt', 'sums-one-space.txt', 'sums-tag.txt', 'sums-only.txt', 'sums-stop.txt'])
  test(`a checksum from ${name}`, async (t) => {
    const dest = place()
    const path = `/files/ptux.txt?${name}`
    const params = { url: `${web.url}${path}`, dest, checksum: `sha256:${url(name)}` }
    t.like(await result(params), { changed: true, checksum_dest: hash('ptux', 'sha1') })
    t.like(await result(params), { changed: false, msg: 'file already exists', dest })
    t.is(asked(path), 1)
    writeFileSync(dest, 'tampered')
    t.is((await result(params)).changed, true)
  })

test('a checksum file that does not help', async (t) => {
  const dest = place()
  const failing = async (checksum: string) => {
    const { failed, msg, response, url } = await result({ url: `${web.url}/files/ptux.txt`, dest, checksum })
    return [failed, msg, response, url].filter((one) => one !== undefined)
  }
  t.deepEqual(await failing(`sha256:${url('sums-none.txt')}`), [
    true,
    `Unable to find a checksum for file 'ptux.txt' in '${url('sums-none.txt')}'`,
    url('ptux.txt'),
  ])
  t.deepEqual(await failing(`sha256:${url('absent')}`), [
    true,
    'Request failed for the checksum file',
    'HTTP Error 404: Not Found',
    url('absent'),
  ])
  t.regex(String((await failing(`sha256:${url('sums-wrong.txt')}`))[1]), / did not match /)
  t.false(existsSync(dest))
})

test('a checksum file beside the playbook’s other files', async (t) => {
  writeFileSync(join(home, 'local sums'), FILES['sums.txt']!)
  t.is(
    (await result({ url: url('ptux.txt'), dest: place(), checksum: `sha256:file://${home.replace(/ /g, '%20')}/local%20sums` })).changed,
    true,
  )
})

test('a directory gets the file under its name in the URL, or what the server says', async (t) => {
  const dir = join(home, 'dir')
  mkdirSync(dir)
  const dest = async (address: string, to = dir) => (await result({ url: address, dest: to })).dest
  t.is(await dest(`${url('ptux.txt')}?v=1#part`), join(dir, 'ptux.txt'))
  t.is(await dest(`${web.url}/anything/`, `${dir}/`), join(dir, 'index.html'))
  for (const value of [
    'attachment; filename="named.json"',
    'inline; filename=named.json',
    'attachment; filename="../../named.json"; size=3',
  ])
    t.is(await dest(`${web.url}/disposition?value=${encodeURIComponent(value)}`), join(dir, 'named.json'))
  const again = { url: url('ptux.txt'), dest: dir }
  t.is((await result(again)).changed, false)
  writeFileSync(join(dir, 'ptux.txt'), 'old')
  t.is((await result(again)).changed, true)
  t.deepEqual((await get({ ...again, checksum: `sha1:${hash('ptux', 'sha1')}` })).changes, [])
})

test('the name a server says does not count for a file', async (t) => {
  const dest = place()
  t.is((await result({ url: `${web.url}/disposition?value=attachment%3B+filename%3Dx`, dest })).dest, dest)
})

test('a backup is the old file, made only when it is replaced', async (t) => {
  const dest = place()
  const params = { url: url('ptux.txt'), dest, force: true, backup: true }
  t.is((await result(params)).backup_file, undefined)
  t.is((await result(params)).backup_file, undefined)
  writeFileSync(dest, 'old', { mode: 0o600 })
  const { backup_file } = await result(params)
  t.regex(String(backup_file), /\/file \d+\.\d+\.\d{4}-\d\d-\d\d@\d\d:\d\d:\d\d~$/)
  t.is(readFileSync(String(backup_file), 'utf8'), 'old')
})

test('failures tell their reason and leave nothing', async (t) => {
  const dest = place()
  const { elapsed: _, ...absent } = await result({ url: url('absent'), dest })
  t.deepEqual(absent, {
    url: url('absent'),
    dest,
    changed: false,
    failed: true,
    status_code: 404,
    msg: 'Request failed',
    response: 'HTTP Error 404: Not Found',
  })
  const refused = await result({ url: 'http://127.0.0.1:1/x', dest })
  t.deepEqual([refused.failed, refused.status_code], [true, -1])
  t.regex(String(refused.msg), /^Request failed: curl: \(7\)/)
  t.regex(String((await result({ url: `${web.url}/incomplete`, dest })).msg), /^Incomplete read: /)
  t.regex(String((await result({ url: `${web.url}/slow/20000`, dest, timeout: 1 })).msg), /timed out/)
  t.is((await result({ url: url('ptux.txt'), dest: join(home, 'no/such/file') })).msg, `Destination ${home}/no/such does not exist`)
  t.is((await result({ url: url('ptux.txt'), dest, owner: 'no-such-user' })).msg, 'chown failed: failed to look up user no-such-user')
  t.false(existsSync(dest))
  t.deepEqual(
    readdirSync(home).filter((name) => name.startsWith('.mhprov')),
    [],
  )
})

test('tmp_dest must be a directory that is there', async (t) => {
  const dest = place()
  mkdirSync(join(home, 'tmp dest'))
  const { src, changed } = await result({ url: url('ptux.txt'), dest, tmp_dest: join(home, 'tmp dest') })
  t.true(changed)
  t.true(String(src).startsWith(join(home, 'tmp dest', 'mhprov.')))
  t.deepEqual(readdirSync(join(home, 'tmp dest')), [])
  t.is((await result({ url: url('ptux.txt'), dest: place(), tmp_dest: '/no/such' })).msg, '/no/such directory does not exist.')
  t.is(
    (await result({ url: url('ptux.txt'), dest: place(), tmp_dest: '/etc/passwd' })).msg,
    '/etc/passwd is a file but should be a directory.',
  )
})

test('file:// needs no tool', async (t) => {
  const dest = place()
  writeFileSync(join(home, 'a source'), 'foobar')
  const source = `file://${home.replace(/ /g, '%20')}/a%20source`
  const without = [`PATH=${toolPath(...'sh mktemp rm cat sed grep head tail tr sha1sum md5sum stat chmod mv'.split(' '))}`]
  t.like(await result({ url: source, dest }, without), { changed: true, msg: 'OK (6 bytes)', status_code: null })
  t.is(readFileSync(dest, 'utf8'), 'foobar')
  const absent = await result({ url: `${source}NOFILE`, dest: place() })
  t.deepEqual([absent.failed, absent.status_code], [true, -1])
  t.regex(String(absent.msg), /^Request failed: .*[Nn]o such file/)
})

test('headers, agent, login and compressed answers', async (t) => {
  const dest = place()
  const fetched = async (params: object) => {
    await get({ dest, force: true, ...params })
    return JSON.parse(readFileSync(dest, 'utf8')) as { headers: Record<string, string>; user: string; gzipped: boolean }
  }
  const { headers } = await fetched({ url: `${web.url}/anything`, headers: { Foo: 'bar', Baz: 'qux "%"', Empty: '' }, http_agent: 'me' })
  const { foo, baz, empty, 'user-agent': agent } = headers
  t.deepEqual({ foo, baz, empty, agent }, { foo: 'bar', baz: 'qux "%"', empty: '', agent: 'me' })
  t.is((await fetched({ url: `${web.url}/basic-auth/user/passwd`, url_username: 'user', url_password: 'passwd' })).user, 'user')
  t.is(
    (
      await fetched({
        url: `${web.url}/hidden-basic-auth/user/passwd`,
        url_username: 'user',
        url_password: 'passwd',
        force_basic_auth: true,
      })
    ).user,
    'user',
  )
  t.true((await fetched({ url: `${web.url}/gzip` })).gzipped)
  await get({ url: `${web.url}/gzip`, dest, force: true, decompress: false })
  t.is(execFileSync('gunzip', ['-c'], { input: readFileSync(dest), encoding: 'utf8' }), '{"gzipped": true}')
})

test('redirects are followed; certificates are checked', async (t) => {
  const dest = place()
  t.like(await result({ url: `${web.url}/redirect-to?status_code=302&url=/files/ptux.txt`, dest }), { changed: true, status_code: 200 })
  const insecure = `${secure.url}/files/ptux.txt`
  const refused = await result({ url: insecure, dest: place() })
  t.regex(String(refused.msg), /^Failed to validate the SSL certificate for 127\.0\.0\.1:\d+: certificate verify failed/)
  t.is((await result({ url: insecure, dest: place(), validate_certs: false })).changed, true)
})

test('wget does it when there is no curl', async (t) => {
  const wget = [`PATH=${WGET}`]
  const dest = place()
  const plain = await result({ url: url('big.bin'), dest, checksum: `sha256:${hash(FILES['big.bin']!)}` }, wget)
  t.like(plain, { changed: true, status_code: 200, size: 300_000, dest })
  const sums = { url: url('ptux.txt'), dest: place(), checksum: `sha256:${url('sums.txt')}` }
  t.is((await result(sums, wget)).changed, true)
  t.is((await result(sums, wget)).changed, false)
  t.like(await result({ url: url('absent'), dest: place() }, wget), {
    failed: true,
    status_code: 404,
    msg: 'Request failed',
    response: 'HTTP Error 404: Not Found',
  })
  t.like(await result({ url: 'http://127.0.0.1:1/x', dest: place() }, wget), { failed: true, status_code: -1 })
  t.regex(String((await result({ url: `${web.url}/incomplete`, dest: place() }, wget)).msg), /^Incomplete read: /)
  t.regex(String((await result({ url: `${web.url}/slow/20000`, dest: place(), timeout: 1 }, wget)).msg), /timed out/)
  t.regex(
    String((await result({ url: `${secure.url}/files/ptux.txt`, dest: place() }, wget)).msg),
    /^Failed to validate the SSL certificate/,
  )
  const moved = {
    url: `${web.url}/redirect-to?status_code=302&url=/disposition?value=attachment%253B%2520filename%253Dnamed`,
    dest: join(home, 'wget'),
  }
  mkdirSync(moved.dest)
  t.is((await result(moved, wget)).dest, join(home, 'wget/named'))
  const headers = { Foo: 'bar "x"', 'X-Y': 'z' }
  await get({ url: `${web.url}/anything`, dest, force: true, headers, http_agent: 'me' }, wget)
  const got = (JSON.parse(readFileSync(dest, 'utf8')) as { headers: Record<string, string> }).headers
  t.deepEqual([got.foo, got['x-y'], got['user-agent']], ['bar "x"', 'z', 'me'])
  for (const force_basic_auth of [true, false]) {
    const path = force_basic_auth ? 'hidden-basic-auth' : 'basic-auth'
    t.is((await result({ url: `${web.url}/${path}/user/p"a s`.replace(/ /, '%20').replace('"', '%22'), dest: place(), url_username: 'user', url_password: 'p"a s', force_basic_auth }, wget)).status_code, 200) // biome-ignore format: one line
  }
  t.is((await result({ url: `${web.url}/gzip`, dest: place() }, wget)).size, 17)
})

test('without a tool it says what is needed', async (t) => {
  const { failed, msg } = await result({ url: url('ptux.txt'), dest: place() }, [`PATH=${toolPath('sh', 'grep', 'cat')}`])
  t.deepEqual([failed, msg], [true, 'curl or wget (GNU) is needed on the host to download: install one'])
})

test('what cannot be downloaded is refused beforehand', async (t) => {
  const refusal = async (params: object) => (await get({ url: url('x'), dest: place(), ...params })).plan.failure
  t.is(await refusal({ checksum: 'abc' }), 'The checksum parameter has to be in format <algorithm>:<checksum>')
  t.is(await refusal({ checksum: 'sha256:nothex' }), 'The checksum format is invalid')
  t.is(
    await refusal({ checksum: 'crc:00' }),
    'the checksum algorithm "crc" is not known, expected one of md5, sha1, sha224, sha256, sha384, sha512',
  )
  t.is(await refusal({ url: 'gopher://x/' }), 'unknown url type: gopher, expected http, https, ftp, file')
  t.is(await refusal({ mode: 'preserve' }), 'mode: preserve has no meaning here: there is no file to take it from')
})

test('a dry run asks nothing', async (t) => {
  const { result, outputs } = await settle(getUrl, { url: `${web.url}/dry`, dest: place() }, { check: true })
  t.deepEqual([result.changed, outputs.length, asked('/dry')], [true, 0, 0])
})

for (const [tool, more] of [
  ['curl', []],
  ['wget', [`PATH=${WGET}`]],
] as const)
  test(`no secret can be seen by other users while ${tool} runs, and nothing is left of it`, async (t) => {
    const secret = `S3cr3t-${tool}-x`
    const tmp = join(home, `own tmp ${tool}`)
    mkdirSync(tmp)
    let seen = ''
    const params = {
      url: `${web.url}/slow/1500?token=${secret}-url`,
      dest: place(),
      headers: { 'X-Token': `${secret}-header` },
      url_username: `${secret}-user`,
      url_password: `${secret}-password`,
      force_basic_auth: true,
    }
    const getting = get(params, [...more, `TMPDIR=${tmp}`])
    for (let i = 0; i < 12; i++) {
      await wait(100)
      seen += processList()
    }
    t.is((await getting).result.status_code, 200)
    t.true(seen.includes(tool === 'curl' ? 'curl\0-q\0' : 'wget\0--config='))
    t.false(seen.includes(secret))
    t.is(web.seen.find((one) => one.path.includes(`${secret}-url`))?.headers['x-token'], `${secret}-header`)
    t.deepEqual(readdirSync(tmp), [])
  })
