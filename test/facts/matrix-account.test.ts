import { createServer } from 'node:http'
import test from 'ava'
import { matrixAccount } from '../../src/facts/matrix-account.ts'
import { askAll } from '../helpers/scratch.ts'
import { listening } from '../helpers/web-server.ts'

test('many accounts with one curl: there, not there, hidden, there after some failures, no answer', async (t) => {
  const asked: string[] = []
  const server = await listening(
    createServer((request, response) => {
      asked.push(request.url!)
      const [, name] = /%40([a-z]+)/.exec(request.url!) ?? []
      const failing = asked.filter((url) => url === request.url).length < (name === 'eve' ? 3 : 99)
      const status = { alice: 200, bob: 404, carol: 401, dave: 403, eve: failing ? 500 : 200 }[name!]
      response.writeHead(status ?? 418).end('{"displayname":\n"x"}\n404')
    }),
    [],
  )
  t.teardown(() => server.close())
  const { port } = server
  const ids = ['alice', 'bob', 'carol', 'dave', 'eve', 'a/b=c+d'].map((name) => `@${name}:example.com`)
  const facts = [...ids.map((id) => matrixAccount({ id, port })), matrixAccount({ id: '@alice:example.com', port: 1 })]
  t.deepEqual(await askAll(facts), ['there', 'none', 'hidden', 'hidden', 'there', 'silent', 'silent'])
  t.true(asked.includes('/_matrix/client/v3/profile/%40a%2Fb%3Dc%2Bd%3Aexample.com'))
  const { kind } = facts[0]!
  t.is(kind.script(facts.map((fact) => fact.key)).text.match(/curl -q/g)?.length, 1)
  t.deepEqual(
    facts.map((fact) => fact.kind.isAbsent!('none')),
    facts.map(() => true),
  )
  t.deepEqual(kind.parse(Buffer.from(''), [facts[0]!.key]), ['unasked'])
})
