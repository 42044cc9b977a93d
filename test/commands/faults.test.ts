import { createServer } from 'node:net'
import { join } from 'node:path'
import test from 'ava'
import { EXIT } from '../../src/commands/exit-code.ts'
import { folder, mhprov } from '../helpers/mhprov.ts'

test('six different faults are shown at once, each at its place, and nothing is connected to', async (t) => {
  let connections = 0
  const server = createServer((socket) => {
    connections++
    socket.destroy()
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as { port: number }
  const dir = folder({
    'inventory.yaml': `all:\n  hosts:\n    laptop: { ansible_host: 127.0.0.1, ansible_port: ${port} }\n`,
    'motd.ejs': 'Welcome to <%= hostnam %>\n',
    'site.yaml': `- hosts: all
  tasks:
    - copyy: { src: a, dest: b }
    - copy:
        content: x
        dets: /tmp/x
    - file:
        path: /tmp/y
        mode: 0644
    - command: "true"
      notify: restart apach
    - template: { src: motd.ejs, dest: /etc/motd }
  handlers:
    - name: restart apache
      command: "true"
`,
  })
  const ran = await mhprov(['apply', 'site.yaml', '--tags', 'al,nosuch'], { cwd: dir })
  server.close()
  t.is(connections, 0)
  t.is(ran.code, EXIT.input)
  t.is(
    ran.stderr,
    `error: no task has the tag "al" [unknown-tag]
  hint: this playbook has no tags

error: no task has the tag "nosuch" [unknown-tag]
  hint: this playbook has no tags

motd.ejs:1:16 error: undefined variable "hostnam" [undefined-variable]
Welcome to <%= hostnam %>
               ~~~~~~~

site.yaml:3:7 error: unknown module "copyy" [unknown-module]
    - copyy: { src: a, dest: b }
      ~~~~~
  hint: did you mean "copy"?

site.yaml:6:9 error: copy has no parameter "dets" [unknown-key]
        dets: /tmp/x
        ~~~~
  hint: did you mean "dest"?

site.yaml:9:15 error: file.mode: a mode must be quoted: write "0644" [invalid-value]
        mode: 0644
              ~~~~

site.yaml:11:15 error: no handler is called "restart apach" [unknown-handler]
      notify: restart apach
              ~~~~~~~~~~~~~
  hint: did you mean "restart apache"?

7 errors
`,
  )
})

const ends = test.macro(async (t, args: string[], files: Record<string, string>, code: number, said: RegExp) => {
  const ran = await mhprov(args, { cwd: folder(files) })
  t.is(ran.code, code, ran.stderr)
  t.regex(ran.stderr, said)
})

const LOCAL = 'all: { hosts: { here: { ansible_connection: local } } }\n'

test('no command is bad usage', ends, [], {}, EXIT.usage, /say what to do/)
test('an unknown command is bad usage, with a hint', ends, ['aply'], {}, EXIT.usage, /Did you mean apply/)
test('an unknown option is bad usage, with a hint', ends, ['apply', '--invetory', 'x'], {}, EXIT.usage, /did you mean "--inventory"/)
test('--forks wants a number', ends, ['apply', '--forks', 'many'], {}, EXIT.usage, /--forks needs a whole number/)
test(
  'an option that takes one value is refused twice',
  ends,
  ['apply', '-i', 'a', '-i', 'b'],
  {},
  EXIT.usage,
  /--inventory can be given once/,
)
test(
  'no inventory is bad input, with a way out',
  ends,
  ['apply', 'p.yaml'],
  { 'p.yaml': '[]' },
  EXIT.input,
  /there is no inventory.yaml here[\s\S]*-i FILE/,
)
test(
  'a playbook that is not there is bad input',
  ends,
  ['apply', 'gone.yaml'],
  { 'inventory.yaml': LOCAL },
  EXIT.input,
  /cannot read .*gone.yaml: there is no such file/,
)
test(
  'a limit that matches nothing is bad input',
  ends,
  ['apply', 'p.yaml', '-l', 'hre'],
  { 'inventory.yaml': LOCAL, 'p.yaml': '- hosts: all\n  tasks: []\n' },
  EXIT.input,
  /hre[\s\S]*did you mean "here"/,
)
test(
  'hosts that match nothing are bad input, at their place',
  ends,
  ['apply', 'p.yaml'],
  { 'inventory.yaml': LOCAL, 'p.yaml': '- hosts: web\n  tasks: []\n' },
  EXIT.input,
  /p.yaml:1:10 error/,
)
test(
  'a failed task is 1',
  ends,
  ['apply', 'p.yaml'],
  { 'inventory.yaml': LOCAL, 'p.yaml': '- hosts: all\n  tasks: [{ fail: { msg: no } }]\n' },
  EXIT.failed,
  /^$/,
)
test(
  'a refused port is unreachable',
  ends,
  ['apply', 'p.yaml'],
  {
    'inventory.yaml': 'all: { hosts: { here: { ansible_host: 127.0.0.1, ansible_port: 1 } } }\n',
    'p.yaml': '- hosts: all\n  tasks: [{ command: "true" }]\n',
  },
  EXIT.unreachable,
  /^$/,
)
test(
  'all well is 0',
  ends,
  ['apply', 'p.yaml'],
  { 'inventory.yaml': LOCAL, 'p.yaml': '- hosts: all\n  tasks: [{ command: "true" }]\n' },
  EXIT.ok,
  /^$/,
)

test('Ctrl-C lets the step under way finish, runs no further one, and is 130', async (t) => {
  const dir = folder({
    'inventory.yaml': LOCAL,
    'p.yaml':
      '- hosts: all\n  tasks:\n    - shell: echo begun; sleep 1; echo finished > done\n      args: { chdir: . }\n    - shell: echo never > never\n',
  })
  let pid = 0
  let sent = false
  const ran = await mhprov(['apply', 'p.yaml', '--output', 'json'], {
    cwd: dir,
    onStart: (id) => {
      pid = id
    },
    onOutput: (text) => {
      if (sent || !text.includes('"begun"')) return
      sent = true
      process.kill(pid, 'SIGINT')
    },
  })
  t.is(ran.code, EXIT.interrupted)
  const { existsSync } = await import('node:fs')
  t.true(existsSync(join(dir, 'done')))
  t.false(existsSync(join(dir, 'never')))
})
