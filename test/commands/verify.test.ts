import { join } from 'node:path'
import test from 'ava'
import { EXIT } from '../../src/commands/exit-code.ts'
import { folder, mhprov } from '../helpers/mhprov.ts'
import { freePort } from '../transport/sshd.ts'

// With a real server to prove something of: test/e2e/matrix.test.ts

const task = (port: number) => `
    - name: proof
      tags: verify
      matrix_verify: { server_name: example.com, matrix_host: matrix.example.com, registration_shared_secret: s3cret-s3cret, http_port: ${port} }`

const verify = (play: string, inventory: string, ...args: string[]) => {
  const dir = folder({ 'play.yaml': play, 'inventory.yaml': inventory })
  return mhprov(['verify', join(dir, 'play.yaml'), '-i', join(dir, 'inventory.yaml'), ...args])
}

test('a playbook without a task to verify is told so, before anything connects', async (t) => {
  const ran = await verify(
    '- hosts: all\n  tasks:\n    - debug: { msg: hello }\n',
    'all: { hosts: { here: { ansible_connection: local } } }\n',
  )
  t.is(ran.code, EXIT.input)
  t.regex(ran.stderr, /no task has the tag "verify"/)
})

test('only what is tagged runs; hosts without such a task do not count; one that is not reached does', async (t) => {
  const port = await freePort()
  const play = `
- hosts: [here, there]
  gather_facts: false
  tasks:
    - debug: { msg: not this }${task(port)}
- hosts: other
  gather_facts: false
  tasks:
    - debug: { msg: nor this }
`
  const local = 'ansible_connection: local'
  const inventory = `all: { hosts: { here: { ${local} }, other: { ${local} }, there: { ansible_host: 127.0.0.1, ansible_port: ${port} } } }\n`
  const ran = await verify(play, inventory, '-o', 'json')
  t.is(ran.code, EXIT.failed, ran.stderr)
  const found = JSON.parse(ran.stdout)
  t.deepEqual(Object.keys(found).sort(), ['here', 'there'])
  t.like(found.here, { ok: false, checks: [{ id: 'health', ok: false }] })
  t.like(found.there, { ok: false, checks: [] })
  t.regex(found.there.failure, /refused the connection/)
  t.notRegex(ran.stdout, /s3cret/)
  const lines = await verify(play.replace('[here, there]', 'here'), inventory, '-o', 'lines')
  t.notRegex(lines.stdout, /not this|nor this/)
  t.regex(lines.stdout, /0 of 13 checks passed, 2 failed, 11 not reached/)
})
