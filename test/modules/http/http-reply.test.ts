import test from 'ava'
import { cookieJar, finalUrl, header, httpReply } from '../../../src/modules/http/http-reply.ts'

const HEADS =
  'HTTP/1.1 302 Found\r\nLocation: ../two?x\r\nSet-Cookie: a=1\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nX-Folded: one\r\n two\r\nset-cookie: b=2\r\n\r\n'

test('the last answer counts, the cookies of all', (t) => {
  const reply = httpReply(0, 'http://x/two', HEADS, ' \n')
  t.deepEqual(reply, {
    rc: 0,
    status: 200,
    reason: 'OK',
    url: 'http://x/two',
    headers: [
      ['X-Folded', 'one two'],
      ['set-cookie', 'b=2'],
    ],
    cookies: ['a=1', 'b=2'],
    error: '',
  })
  t.is(header(reply, 'x-folded'), 'one two')
})

test('without an answer the status is -1', (t) => {
  t.is(httpReply(7, 'http://x/', '', 'refused').status, -1)
  t.is(httpReply(18, 'http://x/', HEADS, 'cut off').status, -1)
})

test('where redirects lead', (t) => {
  t.is(finalUrl(HEADS, 'http://x/a/b/one'), 'http://x/a/two?x')
  t.is(finalUrl('HTTP/1.1 201 Created\nLocation: /elsewhere\n\n', 'http://x/'), 'http://x/')
})

test('cookies: later ones replace earlier, expired ones go, longer paths come first', (t) => {
  const now = Date.parse('2026-01-01T00:00:00Z')
  t.deepEqual(
    cookieJar(
      [
        'a=1',
        'b=2; Path=/deep/er',
        'a=3; HttpOnly',
        'c=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT',
        'd=4; Max-Age=10; Expires=Thu, 01 Jan 1970 00:00:00 GMT',
        'junk',
      ],
      now,
    ),
    { cookies: { b: '2', a: '3', d: '4' }, text: 'b=2; d=4; a=3' },
  )
})
