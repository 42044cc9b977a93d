import test from 'ava'
import type { Output } from '../../src/module/define.ts'
import { matrixUser } from '../../src/modules/matrix-user.ts'
import { Secret } from '../../src/secrets/secret.ts'
import { settle } from '../helpers/settle.ts'
import { freePort } from '../transport/sshd.ts'

// With a real Synapse: test/e2e/matrix.test.ts

const ALICE = { name: 'alice', password: 'pass', server_name: 'example.com', registration_shared_secret: 'secret' }
const parse = (more: object) => matrixUser.params.safeParse({ ...ALICE, ...more })

test('names are what Matrix allows', (t) => {
  for (const name of ['alice', 'a.b_c=d/e+f-9', '7']) t.true(parse({ name }).success, name)
  for (const name of ['', 'Alice', '@alice:example.com', 'al ice', 'ä', "o'k", '_bridge', 'a'.repeat(250)])
    t.false(parse({ name }).success, name)
  t.true(parse({ name: 'a'.repeat(242) }).success)
  for (const server_name of ['Example.com', 'example.com:8448', 'https://example.com', ''])
    t.false(parse({ server_name }).success, server_name)
})

test('an account that is there is left alone, one that is not is made with closed secrets', (t) => {
  const want = matrixUser.params.parse({ ...ALICE, admin: true })
  t.deepEqual(matrixUser.plan(want, { is: 'there' }, {}), [])
  for (const is of ['none', 'unasked'] as const) {
    const plan = matrixUser.plan(want, { is }, {})
    const [change] = 'changes' in plan ? plan.changes : plan
    t.is(change?.summary, 'create @alice:example.com (admin)')
    const [step] = change!.steps
    t.is(step?.do, 'program')
    t.notRegex(JSON.stringify(step), /"pass"|"secret":"secret"/)
    t.true(step?.do === 'program' && (step.input as { password: unknown }).password instanceof Secret)
  }
  t.regex((matrixUser.plan(want, { is: 'hidden' }, {}) as { failure: string }).failure, /cannot be told/)
})

test('without a server the way out is named', async (t) => {
  const port = await freePort()
  const { result, changes } = await settle(matrixUser, { ...ALICE, http_port: port })
  t.deepEqual(changes, [])
  t.true(result.failed)
  t.regex(result.msg!, new RegExp(`Synapse does not answer on port ${port} of the host; is it running\\?$`))
})

test('a server of another name is told by what it made', (t) => {
  const want = matrixUser.params.parse(ALICE)
  const output = (json: unknown) => ({ stdout: Buffer.from(JSON.stringify(json)) }) as Output
  t.like(matrixUser.result!(want, { is: 'there' }, [output({ ok: true, user_id: '@alice:other.example' })], {}), {
    failed: true,
    msg: 'Synapse has another server_name: it made @alice:other.example, not @alice:example.com',
  })
  t.deepEqual(matrixUser.result!(want, { is: 'there' }, [output({ ok: true, user_id: '@alice:example.com' })], {}), {
    user_id: '@alice:example.com',
  })
})
