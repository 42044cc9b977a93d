import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer as createSecureServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import test from 'ava'
import fc from 'fast-check'
import type { ModuleResult } from '../../src/module/define.ts'
import { uri } from '../../src/modules/uri.ts'
import { processList } from '../helpers/process-list.ts'
import { settle } from '../helpers/settle.ts'
import { toolPath } from '../helpers/tool-path.ts'
import { listening, routes, type Seen, type WebServer, webServer } from '../helpers/web-server.ts'

const home = mkdtempSync(join(tmpdir(), 'uri '))
mkdirSync(join(home, 'tmp'))
let web: WebServer
let secure: WebServer
test.before(async () => {
  web = await webServer()
  const [key, cert] = [join(home, 'key.pem'), join(home, 'cert.pem')]
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', cert], { stdio: 'ignore' }) // biome-ignore format: one command
  const seen: Seen[] = []
  secure = await listening(createSecureServer({ key: readFileSync(key), cert: readFileSync(cert), ca: readFileSync(cert), requestCert: true, rejectUnauthorized: false }, routes(seen)), seen, 'https') // biome-ignore format: one server
})
test.after.always(() => {
  web.close()
  secure.close()
  rmSync(home, { recursive: true })
})

const ask = async (params: object): Promise<ModuleResult> =>
  (await settle(uri, params, { prefix: ['env', `TMPDIR=${home}/tmp`, `HOME=${home}`, 'http_proxy=', 'https_proxy='] })).result
const anything = () => `${web.url}/anything`
interface Echo {
  method: string
  headers: Record<string, string>
  body: string
}
const echo = (result: ModuleResult) => result.json as Echo

test('tells everything about an answer', async (t) => {
  const { date, elapsed, ...result } = await ask({ url: `${web.url}/anything?q=1`, return_content: true })
  const content = String(result.content)
  t.deepEqual(result, {
    changed: false,
    status: 200,
    url: `${web.url}/anything?q=1`,
    redirected: false,
    msg: 'OK (unknown bytes)',
    content,
    json: JSON.parse(content),
    cookies: {},
    cookies_string: '',
    content_type: 'application/json',
    connection: 'keep-alive',
    keep_alive: 'timeout=5',
    transfer_encoding: 'chunked',
  })
  t.deepEqual([typeof date, Number.isInteger(elapsed)], ['string', true])
  t.is(echo(result).headers['user-agent'], 'ansible-httpget')
})

test('content is in the result only when asked for, or when the status is not wanted', async (t) => {
  t.false('content' in (await ask({ url: anything() })))
  t.is((await ask({ url: `${web.url}/status/404` })).content, 'said by the server')
  t.false('content' in (await ask({ url: `${web.url}/status/404`, status_code: 404 })))
  t.false('content' in (await ask({ url: 'http://127.0.0.1:1/' })))
  t.is((await ask({ url: 'http://127.0.0.1:1/', return_content: true })).content, '')
})

test('a status that is not wanted fails', async (t) => {
  const result = await ask({ url: `${web.url}/status/404` })
  t.deepEqual([result.failed, result.status, result.msg], [true, 404, 'Status code was 404 and not [200]: HTTP Error 404: Not Found'])
  t.is(
    (await ask({ url: `${web.url}/status/500`, status_code: '200, 204' })).msg,
    'Status code was 500 and not [200, 204]: HTTP Error 500: Internal Server Error',
  )
  t.is((await ask({ url: `${web.url}/status/202`, status_code: ['200', 202] })).failed, undefined)
})

test('a host that does not answer fails with status -1', async (t) => {
  const result = await ask({ url: 'http://127.0.0.1:1/x' })
  t.deepEqual([result.failed, result.status, result.url, result.redirected], [true, -1, 'http://127.0.0.1:1/x', false])
  t.regex(String(result.msg), /^Status code was -1 and not \[200\]: Request failed: curl: \(7\) /)
})

test('an answer that does not come in time fails', async (t) => {
  const result = await ask({ url: `${web.url}/slow/20000`, timeout: 1 })
  t.deepEqual([result.failed, result.status], [true, -1])
  t.regex(String(result.msg), /timed out/)
  t.is((await ask({ url: `${web.url}/slow/1500`, timeout: 10 })).status, 200)
})

test('body formats', async (t) => {
  const post = async (more: object) => echo(await ask({ url: anything(), method: 'post', ...more }))
  const sent = async (more: object) => {
    const { body, headers, method } = await post(more)
    return [method, headers['content-type'], body]
  }
  t.deepEqual(await sent({ body: { foo: 'bär', n: [1, true] }, body_format: 'json' }), [
    'POST',
    'application/json',
    '{"foo":"bär","n":[1,true]}',
  ])
  t.deepEqual(await sent({ body: '{"a": 1}', body_format: 'json' }), ['POST', 'application/json', '{"a": 1}'])
  t.deepEqual(await sent({ body: { a: 1 }, body_format: 'json', headers: { 'content-type': 'text/json' } }), [
    'POST',
    'text/json',
    '{"a":1}',
  ])
  const form = 'user=foo&password=bar%21%23%40+%7C%2682%24M&list=1&list=2'
  t.deepEqual(await sent({ body: { user: 'foo', password: 'bar!#@ |&82$M', list: [1, 2] }, body_format: 'form-urlencoded' }), [
    'POST',
    'application/x-www-form-urlencoded',
    form,
  ])
  t.deepEqual(await sent({ body: [['user', 'foo'], ['password', 'bar!#@ |&82$M'], ['list', [1, 2]]], body_format: 'form-urlencoded' }), ['POST', 'application/x-www-form-urlencoded', form]) // biome-ignore format: a pair a line says less
  t.deepEqual(await sent({ body: 'a=b c', body_format: 'form-urlencoded' }), ['POST', 'application/x-www-form-urlencoded', 'a=b c'])
  t.deepEqual(await sent({ body: '@/etc/passwd' }), ['POST', 'application/x-www-form-urlencoded', '@/etc/passwd'])
  t.deepEqual(await sent({ method: 'PUT', body: 'foo=bar' }), ['PUT', 'application/x-www-form-urlencoded', 'foo=bar'])
  t.deepEqual(await sent({ method: 'GET', body: 'x' }), ['GET', 'application/x-www-form-urlencoded', 'x'])
  t.is((await post({})).headers['content-length'], '0')
})

test('any text arrives as it is, in a body and in a header', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: fc.constantFrom(...'\'"\\$`%@\n\r\t #\u00e9🦀a=;') }),
      fc.string({ unit: fc.constantFrom(...'\'"\\$`%@#a=;:') }),
      async (body, value) => {
        const { json } = await ask({ url: anything(), method: 'POST', body, headers: { 'X-Value': `<${value}>` } })
        t.deepEqual([(json as Echo).body, (json as Echo).headers['x-value']], [body, `<${value}>`])
      },
    ),
    { numRuns: 25 },
  )
})

test('a form with files', async (t) => {
  writeFileSync(join(home, 'formdata.bin'), Buffer.from([0, 255, 13, 10]))
  await ask({
    url: `${web.url}/anything/multipart`,
    method: 'POST',
    body_format: 'form-multipart',
    body: {
      file1: { filename: join(home, 'formdata.bin') },
      file2: { content: 'text based', filename: 'fake "1".txt', mime_type: 'text/plain' },
      field1: 'value1',
      field2: { content: 'value2', mime_type: 'text/plain', multipart_encoding: 'base64' },
    },
  })
  const { headers, body } = web.seen.find((one) => one.path === '/anything/multipart')!
  const boundary = /^multipart\/form-data; boundary=(mhprov-[0-9a-f]{32})$/.exec(String(headers['content-type']))?.[1]
  t.is(
    body.toString('latin1'),
    [
      `--${boundary}`,
      'Content-Disposition: form-data; name="file1"; filename="formdata.bin"',
      'Content-Type: application/octet-stream',
      '',
      '\0\xff\r\n',
      `--${boundary}`,
      'Content-Disposition: form-data; name="file2"; filename="fake %221%22.txt"',
      'Content-Type: text/plain',
      '',
      'text based',
      `--${boundary}`,
      'Content-Disposition: form-data; name="field1"',
      '',
      'value1',
      `--${boundary}`,
      'Content-Disposition: form-data; name="field2"',
      'Content-Type: text/plain',
      'Content-Transfer-Encoding: base64',
      '',
      Buffer.from('value2').toString('base64'),
      `--${boundary}--`,
      '',
    ].join('\r\n'),
  )
})

test('a file as the body, of the controller and of the host', async (t) => {
  const [text, binary] = [join(home, 'body.json'), join(home, 'body bin')]
  writeFileSync(text, '["from a file"]\n')
  writeFileSync(binary, Buffer.from([0, 1, 2, 255]))
  t.is(echo(await ask({ url: anything(), method: 'POST', src: text, body_format: 'json' })).body, '["from a file"]\n')
  const remote = echo(await ask({ url: anything(), method: 'POST', src: text, remote_src: true, body_format: 'json' }))
  t.deepEqual([remote.body, remote.headers['content-type']], ['["from a file"]\n', 'application/json'])
  for (const remote_src of [true, false]) {
    await ask({ url: `${web.url}/anything/${remote_src}`, method: 'PUT', src: binary, remote_src })
    t.deepEqual(web.seen.find((one) => one.path === `/anything/${remote_src}`)?.body, Buffer.from([0, 1, 2, 255]))
  }
  t.is((await ask({ url: anything(), method: 'PUT', src: '/no/such', remote_src: true })).msg, 'Unable to open source file /no/such')
})

const to = (status: number, path = '/anything') => `${web.url}/redirect-to?status_code=${status}&url=${web.url}${path}`
const REASONS: Record<number, string> = {
  301: 'Moved Permanently',
  302: 'Found',
  303: 'See Other',
  307: 'Temporary Redirect',
  308: 'Permanent Redirect',
}

for (const [policy, method, followed] of [
  ['none', 'GET', {}],
  ['none', 'HEAD', {}],
  ['none', 'POST', {}],
  ['no', 'GET', {}],
  ['safe', 'GET', { 301: 'GET', 302: 'GET', 303: 'GET', 307: 'GET', 308: 'GET' }],
  ['safe', 'HEAD', { 301: 'HEAD', 302: 'HEAD', 303: 'HEAD', 307: 'HEAD', 308: 'HEAD' }],
  ['safe', 'POST', {}],
  ['urllib2', 'GET', { 301: 'GET', 302: 'GET', 303: 'GET', 307: 'GET', 308: 'GET' }],
  ['urllib2', 'POST', { 301: 'GET', 302: 'GET', 303: 'GET' }],
  ['urllib2', 'PUT', {}],
  ['all', 'GET', { 301: 'GET', 302: 'GET', 303: 'GET', 307: 'GET', 308: 'GET' }],
  ['all', 'HEAD', { 301: 'HEAD', 302: 'HEAD', 303: 'HEAD', 307: 'HEAD', 308: 'HEAD' }],
  ['all', 'POST', { 301: 'GET', 302: 'GET', 303: 'GET', 307: 'POST', 308: 'POST' }],
  ['yes', 'POST', { 301: 'GET', 302: 'GET', 303: 'GET', 307: 'POST', 308: 'POST' }],
  ['all', 'PUT', { 301: 'PUT', 302: 'GET', 303: 'GET', 307: 'PUT', 308: 'PUT' }],
] as [string, string, Record<number, string>][])
  test(`follow_redirects ${policy} after ${method}`, async (t) => {
    for (const status of [301, 302, 303, 307, 308]) {
      const path = `/anything/${policy}/${method}/${status}`
      const body = method === 'POST' || method === 'PUT' ? { body: '{"foo":"bar"}', body_format: 'json' } : {}
      const result = await ask({ url: to(status, path), method, follow_redirects: policy, ...body })
      const asked = web.seen.find((one) => one.path === path)
      t.is(asked?.method, followed[status])
      if (followed[status]) {
        t.deepEqual([result.failed, result.status, result.redirected, result.url], [undefined, 200, true, `${web.url}${path}`])
        const kept = status >= 307 && 'body' in body
        t.deepEqual(
          [asked?.body.toString(), asked?.headers['content-type']],
          kept ? ['{"foo":"bar"}', 'application/json'] : ['', undefined],
        )
      } else {
        t.deepEqual([result.failed, result.status, result.redirected, result.location], [true, status, false, `${web.url}${path}`])
        t.is(result.msg, `Status code was ${status} and not [200]: HTTP Error ${status}: ${REASONS[status]}`)
        t.false('json' in result)
      }
    }
  })

test('redirects without end are given up, and a relative one is resolved', async (t) => {
  const loop = `${web.url}/redirect-to?status_code=302&url=`
  const relative = await ask({ url: `${loop}anything`, follow_redirects: 'none', status_code: 302 })
  t.is(relative.location, anything())
  t.is((await ask({ url: `${loop}/anything` })).url, anything())
  let url = `${web.url}/anything`
  for (let i = 0; i < 11; i++) url = `${loop}${encodeURIComponent(url)}`
  const result = await ask({ url })
  t.deepEqual([result.failed, result.status], [true, -1])
  t.regex(String(result.msg), /too many redirects/)
  t.regex(String((await ask({ url: `${loop}file:///etc/passwd` })).msg), /^Status code was -1 and not \[200\]: Request failed/)
})

test('logins: basic when asked for it, basic at once, digest, and by the URL', async (t) => {
  const user = { url_username: 'user', url_password: 'pass:"wd' }
  const status = async (path: string, more: object) => (await ask({ url: `${web.url}${path}`, ...more })).status
  t.is(await status('/basic-auth/user/pass:"wd', user), 200)
  t.is(await status('/basic-auth/user/passwd', user), 401)
  t.is(await status('/hidden-basic-auth/user/pass:"wd', user), 404)
  t.is(await status('/hidden-basic-auth/user/pass:"wd', { ...user, force_basic_auth: true }), 200)
  t.is(await status('/digest-auth/user/passwd', { url_username: 'user', url_password: 'passwd' }), 200)
  const within = `${web.url.replace('//', '//user:p%40ss@')}/hidden-basic-auth/user/p%40ss`
  const { status: code, url, redirected } = await ask({ url: within })
  t.deepEqual([code, url, redirected], [200, within.replace('user:p%40ss@', ''), false])
})

test('the login may come from a netrc file, unless told not to', async (t) => {
  writeFileSync(join(home, 'netrc'), 'machine 127.0.0.1 login foo password bar\n', { mode: 0o600 })
  const asked = async (more: object) =>
    (await settle(uri, { url: `${web.url}/basic-auth/foo/bar`, ...more }, { prefix: ['env', `NETRC=${home}/netrc`] })).result.status
  t.is(await asked({}), 200)
  t.is(await asked({ use_netrc: false }), 401)
})

test('a login and its headers do not go on to another host, nor unredirected headers anywhere', async (t) => {
  const other = await webServer({}, { host: '127.0.0.1' })
  t.teardown(() => other.close())
  const headers = { Authorization: 'Bearer tok', 'X-Plain': 'p', 'X-Once': 'o', Cookie: 'c=1' }
  const sent = async (url: string, more: object = {}) => {
    const got = echo(await ask({ url, headers, unredirected_headers: ['x-once'], ...more })).headers
    return [got.authorization, got.cookie, got['x-plain'], got['x-once']]
  }
  t.deepEqual(await sent(anything()), ['Bearer tok', 'c=1', 'p', 'o'])
  t.deepEqual(await sent(to(302)), ['Bearer tok', 'c=1', 'p', undefined])
  const away = `${web.url}/redirect-to?status_code=302&url=${other.url}/anything`
  t.deepEqual(await sent(away), [undefined, undefined, 'p', undefined])
  const named = {
    url: `${web.url}/redirect-to?status_code=301&url=/basic-auth/user/passwd`,
    url_username: 'user',
    url_password: 'passwd',
    force_basic_auth: true,
  }
  const redirected = await ask(named)
  t.deepEqual([redirected.status, redirected.url], [200, `${web.url}/basic-auth/user/passwd`])
  t.is((await ask({ ...named, unredirected_headers: ['authorization'] })).status, 401)
})

test('cookies are told, and sent on', async (t) => {
  const result = await ask({ url: `${web.url}/cookies?set=Foo%3Dbar&set=Baz%3Dqux%3B+Path%3D/&set=Gone%3Dx%3B+Max-Age%3D0` })
  t.deepEqual(result.cookies, { Foo: 'bar', Baz: 'qux' })
  t.is(result.set_cookie, 'Foo=bar, Baz=qux; Path=/, Gone=x; Max-Age=0')
  t.is(result.cookies_string, 'Baz=qux; Foo=bar')
  const plain = await ask({ url: `${web.url}/cookies?set=Foo%3Dbar&set=Baz%3Dqux` })
  t.is(plain.cookies_string, 'Baz=qux; Foo=bar')
})

test('JSON is parsed by its type, other text is not', async (t) => {
  const typed = async (type: string, body: string) =>
    ask({ url: `${web.url}/typed?type=${encodeURIComponent(type)}`, method: 'POST', body, return_content: true })
  t.deepEqual((await typed('application/vnd.api+json', '{"a": 1}')).json, { a: 1 })
  t.deepEqual((await typed('text/javascript', '[]')).json, [])
  t.deepEqual((await typed('application/json; charset=utf-8', '\ufeff{"bom": true}')).json, { bom: true })
  t.false('json' in (await typed('application/json', '{broken')))
  t.false('json' in (await typed('text/plain', '{"a": 1}')))
  await ask({ url: anything() })
  writeFileSync(join(home, 'latin1'), Buffer.from('caf\xe9', 'latin1'))
  const latin = await ask({
    url: `${web.url}/typed?type=text/plain;charset=iso-8859-1`,
    method: 'POST',
    src: join(home, 'latin1'),
    return_content: true,
  })
  t.is(latin.content, 'café')
})

test('compressed answers are unpacked unless told not to', async (t) => {
  t.is((await ask({ url: `${web.url}/gzip`, return_content: true })).content, '{"gzipped": true}')
  t.not((await ask({ url: `${web.url}/gzip`, return_content: true, decompress: false })).content, '{"gzipped": true}')
})

test('dest: the answer becomes a file, changed only when it differs, and none of it when the request fails', async (t) => {
  const dest = join(home, 'answer.json')
  const params = { url: `${web.url}/gzip`, dest, mode: '0640' }
  const first = await ask(params)
  const { changed, path, mode, state, size } = first
  t.deepEqual({ changed, path, mode, state, size }, { changed: true, path: dest, mode: '0640', state: 'file', size: 17 })
  t.is(readFileSync(dest, 'utf8'), '{"gzipped": true}')
  t.is((await ask(params)).changed, false)
  t.is((await ask({ ...params, mode: 'u=rw,go=' })).changed, true)
  t.is(statSync(dest).mode & 0o777, 0o600)
  t.is((await ask({ ...params, url: `${web.url}/status/500` })).failed, true)
  t.is((await ask({ ...params, url: 'http://127.0.0.1:1/' })).failed, true)
  t.is(readFileSync(dest, 'utf8'), '{"gzipped": true}')
  t.is((await ask({ ...params, dest: home })).path, join(home, 'gzip'))
  t.regex(
    String((await ask({ ...params, dest: join(home, 'non/existent/path') })).msg),
    /^Could not replace file: Destination .*\/non\/existent does not exist$/,
  )
})

test('creates and removes', async (t) => {
  const asked = web.seen.length
  t.deepEqual(await ask({ url: `${web.url}/never`, creates: '/etc' }), {
    changed: false,
    msg: "skipped, since '/etc' exists",
    stdout: "skipped, since '/etc' exists",
  })
  t.is((await ask({ url: `${web.url}/never`, removes: '/no/such' })).msg, "skipped, since '/no/such' does not exist")
  t.false(web.seen.slice(asked).some((one) => one.path === '/never'))
  t.is((await ask({ url: anything(), creates: '/etc*', removes: '/etc' })).status, 200)
})

test('a unix socket', async (t) => {
  const local = await webServer({}, { path: join(home, 'sock') })
  t.teardown(() => local.close())
  t.is(echo(await ask({ url: 'http://localhost/anything', unix_socket: join(home, 'sock') })).headers.host, 'localhost')
})

test('certificates are checked, unless told not to, against those that are to be trusted', async (t) => {
  const url = `https://localhost:${secure.port}/anything`
  const refused = await ask({ url })
  t.deepEqual([refused.failed, refused.status, refused.url], [true, -1, url])
  t.regex(String(refused.msg), /Failed to validate the SSL certificate for localhost:\d+: certificate verify failed/)
  t.is((await ask({ url, validate_certs: false })).status, 200)
  t.is((await ask({ url, ca_path: join(home, 'cert.pem') })).status, 200)
  t.is((await ask({ url: url.replace('localhost', '127.0.0.1'), ca_path: join(home, 'cert.pem') })).status, -1)
  t.is(
    (await ask({ url, ca_path: join(home, 'cert.pem'), client_cert: join(home, 'cert.pem'), client_key: join(home, 'key.pem') })).status,
    200,
  )
})

test('what cannot be asked is refused beforehand', async (t) => {
  const refusal = async (params: object) => (await settle(uri, params)).plan.failure
  t.is(await refusal({ url: 'file:///etc/passwd' }), 'unknown url type: file, expected http, https')
  t.is(await refusal({ url: 'example.com' }), "unknown url type: 'example.com': it must begin with http:// or https://")
  t.is(await refusal({ url: 'http://x/', headers: { A: 'b\r\nC: d' } }), 'the value of the header A has a line break in it')
  t.is(await refusal({ url: 'http://x/', headers: { 'A: b': 'c' } }), '"A: b" cannot be the name of a header')
  t.is(await refusal({ url: 'http://x/ y' }), 'the URL has a space or a control character in it: write it percent-encoded')
  t.is(await refusal({ url: 'http://x/', body: 'a', src: '/etc/passwd' }), 'parameters are mutually exclusive: body|src')
  t.is(
    await refusal({ url: 'http://x/', body: ['foo', { bar: 'baz' }], body_format: 'form-urlencoded' }),
    'failed to parse body as form_urlencoded: too many values to unpack',
  )
})

test('without curl it says what is needed', async (t) => {
  const { result } = await settle(uri, { url: anything() }, { prefix: ['env', `PATH=${toolPath('sh')}`] })
  t.deepEqual([result.failed, result.status, result.msg], [true, -1, 'curl is needed on the host to make a request: install it'])
})

test('a dry run asks nothing; a request is no change, a dest is one', async (t) => {
  const before = web.seen.length
  const plain = await settle(uri, { url: `${web.url.replace('//', '//u:p@')}/dry` }, { check: true })
  t.deepEqual(
    plain.changes.map(({ summary, reads }) => [summary, reads]),
    [[`GET ${web.url}/dry`, true]],
  )
  t.deepEqual(plain.result, { changed: false, url: `${web.url}/dry`, redirected: false, elapsed: 0 })
  t.is((await settle(uri, { url: `${web.url}/dry`, dest: '/tmp/x' }, { check: true })).result.changed, true)
  t.false(web.seen.slice(before).some((one) => one.path === '/dry'))
})

test('no secret can be seen by other users while it runs, and nothing is left of it', async (t) => {
  const secret = 'S3cr3t-hunter2'
  let seen = ''
  const tmp = join(home, 'own tmp')
  mkdirSync(tmp)
  const params = {
    url: `${web.url}/slow/1500?token=${secret}-url`,
    method: 'POST',
    body: `${secret}-body`,
    headers: { 'X-Token': `${secret}-header` },
    url_username: `${secret}-user`,
    url_password: `${secret}-password`,
    force_basic_auth: true,
  }
  const asking = settle(uri, params, { prefix: ['env', `TMPDIR=${tmp}`] })
  for (let i = 0; i < 12; i++) {
    await wait(100)
    seen += processList()
  }
  t.is((await asking).result.status, 200)
  t.true(seen.includes('curl\0-q\0-sS\0-K\0-\0'))
  t.false(seen.includes(secret))
  const last = web.seen.find((one) => one.path.includes(`${secret}-url`))!
  t.is(last.headers['x-token'], `${secret}-header`)
  t.is(last.body.toString(), `${secret}-body`)
  t.deepEqual(readdirSync(tmp), [])
})
