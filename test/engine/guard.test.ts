import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { play } from '../helpers/play.ts'

const secrets = { token: "s3cret'with quote" }
const one = (task: string) => `- hosts: here\n  gather_facts: false\n  tasks:\n    - name: it\n      ${task}\n`

for (const [what, task] of [
  ['a command line', 'command: echo "<%= token %>"'],
  ['a shell line', `shell: "printf %s '<%= token %>' >/dev/null"`],
  ['a file name', 'file: { path: "/tmp/<%= token %>", state: touch }'],
  ['a base64 copy of it', 'command: echo <%= Buffer.from(token).toString("base64") %>'],
] as const)
  test(`a secret on ${what} is refused, in a dry run too, and not shown`, async (t) => {
    for (const check of [true, false]) {
      const played = await play(
        one(task.replace('Buffer.from(token).toString("base64")', `"${Buffer.from(secrets.token).toString('base64')}"`)),
        { secrets, check },
      )
      t.deepEqual(played.ends, ['here it failed'])
      t.regex(String(played.results.it!.msg), /a secret would stand on a command line/)
      t.false(JSON.stringify(played.events).includes('s3cret'))
    }
  })

test('a secret in the environment of a process is refused', async (t) => {
  const played = await play(one('command: env\n      environment: { TOKEN: "<%= token %>" }'), { secrets })
  t.regex(String(played.results.it!.msg), /in the environment of a process/)
})

test('a secret on stdin is fine', async (t) => {
  const played = await play(one('command: { cmd: wc -c, stdin: "<%= token %>", stdin_add_newline: false }'), { secrets })
  t.is(played.results.it!.stdout, String(secrets.token.length))
})

test('a secret goes into no file that everybody may read', async (t) => {
  const copy = (mode: string) => one(`copy: { dest: "<%= playbook_dir %>/f", mode: "${mode}", content: "<%= token %>" }`)
  for (const check of [true, false]) {
    const open = await play(copy('0644'), { secrets, check })
    t.regex(String(open.results.it!.msg), /would be put into .*\/f, which every user of the host may read: set mode: "0600"/)
  }
  const closed = await play(copy('0640'), { secrets })
  t.deepEqual(closed.ends, ['here it changed'])
  t.is(readFileSync(join(closed.dir, 'f'), 'utf8'), secrets.token)
})

test('a secret in what is only asked is refused too, and not asked ahead', async (t) => {
  for (const check of [true, false]) {
    const played = await play(
      `- hosts: here
  gather_facts: false
  tasks:
    - { name: first, command: "true" }
    - { name: it, command: { cmd: "true", unless: "printf %s \\"<%= token %>\\" >/dev/null; sleep 0.1" } }
`,
      { secrets, check },
    )
    t.deepEqual(played.ends, ['here first changed', 'here it failed'])
    t.regex(String(played.results.it!.msg), /a secret would stand on a command line/)
  }
})

test('the old value of a secret is not shown in a diff', async (t) => {
  const task = one('copy: { dest: "<%= playbook_dir %>/f", mode: "0600", content: "user: a\\npassword: <%= token %>\\nhost: b\\n" }')
  const first = await play(task, { secrets })
  const { writeFileSync } = await import('node:fs')
  writeFileSync(join(first.dir, 'f'), 'user: a\npassword: the-old-one\nhost: c\n')
  const second = await play(task, { secrets, dir: first.dir, diff: true, check: true })
  const shown = JSON.stringify(second.events)
  t.false(shown.includes('the-old-one'))
  t.true(shown.includes('host: c'), 'what is no secret is shown')
})

test('a short value of a parameter made for secrets does not mask ordinary words', async (t) => {
  const { secretsIn } = await import('../../src/engine/guard.ts')
  const { Secret } = await import('../../src/secrets/secret.ts')
  t.deepEqual(secretsIn({ env: { MODE: new Secret('host'), KEY: new Secret('long-enough') } }), ['long-enough'])
})
