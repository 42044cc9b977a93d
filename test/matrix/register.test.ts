import { createServer } from 'node:http'
import test from 'ava'
import { makeAccount, registrationMac } from '../../src/matrix/register.ts'
import { Secret } from '../../src/secrets/secret.ts'
import { dial, serving } from './server.ts'

test('the message authentication code of a registration, as Synapse’s own tests have it', (t) => {
  const account = { name: 'pepper_roni', password: 'pizza', admin: true }
  t.is(registrationMac('shared_secret', 'thisisanonce', account), '48715842ad67d5dc9a9ee938a3bda4fcfae8d7c7')
  t.not(
    registrationMac('shared_secret', 'thisisanonce', { ...account, admin: false }),
    registrationMac('shared_secret', 'thisisanonce', account),
  )
})

test('a Synapse that fails inside is asked again: its connections to a PostgreSQL that was restarted are dead, one by one', async (t) => {
  let fails = 3
  const port = await serving(
    t,
    createServer((request, response) => {
      const answer = (status: number, json: unknown) =>
        response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(json))
      if (request.method === 'GET') return answer(200, { nonce: 'n' })
      if (fails-- > 0) return answer(500, { errcode: 'M_UNKNOWN', error: 'Internal server error' })
      return answer(200, { user_id: '@alice:example.com', access_token: 't' })
    }),
  )
  const [secret, password] = [new Secret('secret'), new Secret('password')]
  const want = { serverName: 'example.com', httpPort: port, secret, name: 'alice', password, admin: false }
  const context = { dial, signal: new AbortController().signal, say: () => undefined }
  t.deepEqual(await makeAccount(want, context), { ok: true, user_id: '@alice:example.com' })
  t.true(fails < 0)
})
