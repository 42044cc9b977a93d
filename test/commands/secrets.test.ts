import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { EXIT } from '../../src/commands/exit-code.ts'
import { eventsOf, folder, LOCAL, mhprov } from '../helpers/mhprov.ts'

const PLAY = `- hosts: here
  gather_facts: false
  vars: { people: [alice, bob] }
  secrets:
    db_password: { generate: { length: 24, alphabet: hex } }
    api_token: { env: API_TOKEN, description: see the dashboard }
    from_tool: { command: "echo from-the-tool" }
    person: { generate: { length: 20 }, each: "<%= people %>" }
    maybe_token: { ask: A token, optional: true }
  tasks:
    - name: Write
      copy:
        dest: <%= playbook_dir %>/out
        mode: "0600"
        content: |
          db=<%= db_password %> x<%= 'y' + db_password %> tool=<%= from_tool %>
          alice=<%= person.alice %> bob=<%= person['bob'] %> maybe=<%= vars.maybe_token ?? 'none' %>
      tags: write
    - name: Token
      copy: { dest: "<%= playbook_dir %>/token", mode: "0600", content: "<%= api_token %>" }
      tags: token
`

function place(play = PLAY) {
  const dir = folder({ 'inventory.yaml': LOCAL, 'play.yaml': play })
  const env = { MHPROV_AGE_KEY_FILE: join(dir, 'age.key') }
  const run = (...args: string[]) => mhprov(args, { cwd: dir, env })
  return { dir, env, run, read: (name: string) => readFileSync(join(dir, name), 'utf8') }
}

test('secrets are made once, kept encrypted, and never printed', async (t) => {
  const { dir, run, read } = place()
  const check = await run('check', 'play.yaml', '-t', 'write', '-D', '-vvv')
  t.is(check.code, EXIT.ok, check.stdout + check.stderr)
  t.false(existsSync(join(dir, 'secrets.yaml')), 'a dry run keeps nothing')

  const apply = await run('apply', 'play.yaml', '-t', 'write', '-D', '-vvv', '-o', 'json')
  t.is(apply.code, EXIT.ok, apply.stdout + apply.stderr)
  t.regex(apply.stderr, /made the key .*age\.key: keep a copy/)
  t.regex(apply.stderr, /^secrets: made (?=.*\balice\b)(?=.*\bbob\b).*: kept in .*secrets\.yaml$/m)
  const [, db = '', again = '', tool = ''] = /^db=([0-9a-f]{24}) xy([0-9a-f]{24}) tool=(.+)$/m.exec(read('out')) ?? []
  const [, alice = '', bob = ''] = /^alice=(\w{20}) bob=(\w{20}) maybe=none$/m.exec(read('out')) ?? []
  t.is(db, again)
  t.is(tool, 'from-the-tool')
  t.not(alice, bob)
  for (const value of [db, tool, alice, bob]) {
    t.true(value !== '')
    for (const shown of [apply.stdout, apply.stderr, read('secrets.yaml')]) t.false(shown.includes(value))
  }
  t.true(eventsOf(apply).some((event) => event.type === 'task:plan' && JSON.stringify(event).includes('db=********')))

  const second = await run('apply', 'play.yaml', '-t', 'write', '-o', 'json')
  t.is(second.stderr, '')
  t.deepEqual(
    eventsOf(second).filter((event) => event.type === 'task:end' && event.status !== 'ok'),
    [],
  )
  t.is((await run('secrets', 'get', 'db_password', '--playbook', 'play.yaml')).stdout, db)
  t.is((await run('secrets', 'get', 'person.bob')).stdout, bob)
  const list = await run('secrets', 'list', '--playbook', 'play.yaml')
  t.is(
    list.stdout,
    `NAME          COMES FROM                      STATE
db_password   made once, 24 characters        kept
api_token     environment variable API_TOKEN  missing
from_tool     command: echo from-the-tool     read at each run
person.alice  made once, 20 characters        kept
person.bob    made once, 20 characters        kept
maybe_token   asked for                       not given (optional)
`,
  )
})

test('all that is missing is named before anything connects, only for the tasks that are run', async (t) => {
  const { run } = place(
    PLAY.replace('{ command: "echo from-the-tool" }', '{ command: "echo sad >&2; exit 3" }').replace(
      'maybe_token: { ask: A token, optional: true }',
      'maybe_token: { ask: A token }',
    ),
  )
  const all = await run('apply', 'play.yaml')
  t.is(all.code, EXIT.input)
  t.regex(all.stderr, /the secret api_token is missing: see the dashboard/)
  t.regex(all.stderr, /set the environment variable API_TOKEN, or: mhprov secrets set api_token/)
  t.regex(all.stderr, /the command for the secret from_tool failed: sad/)
  t.regex(all.stderr, /the secret maybe_token is missing/)
  t.is(all.stdout, '')
  const validate = await run('validate', 'play.yaml')
  t.is(validate.code, EXIT.input)
  t.regex(validate.stderr, /api_token is missing/)
  t.notRegex(validate.stdout, /valid/)
  const token = await run('apply', 'play.yaml', '-t', 'token')
  t.notRegex(token.stderr, /from_tool|maybe_token/)
})

test('a secret from the environment, and one set from stdin', async (t) => {
  const { dir, env, run, read } = place()
  const given = await mhprov(['apply', 'play.yaml', '-t', 'token'], { cwd: dir, env: { ...env, API_TOKEN: 'from-environment' } })
  t.is(given.code, EXIT.ok, given.stderr)
  t.is(read('token'), 'from-environment')
  const set = await mhprov(['secrets', 'set', 'api_token', '--playbook', 'play.yaml'], { cwd: dir, env, stdin: "it's kept\n" })
  t.is(set.code, EXIT.ok, set.stderr)
  t.is((await run('apply', 'play.yaml', '-t', 'token')).code, EXIT.ok)
  t.is(read('token'), "it's kept")
  const short = await mhprov(['secrets', 'set', 'api_token'], { cwd: dir, env, stdin: 'short' })
  t.is(short.code, EXIT.input)
  t.regex(short.stderr, /fewer than 8 characters/)
  t.regex(
    (await mhprov(['secrets', 'set', 'api_tokem', '--playbook', 'play.yaml'], { cwd: dir, env, stdin: 'long enough' })).stderr,
    /did you mean "api_token"/,
  )
  t.regex((await run('secrets', 'get', 'api_tokeb')).stderr, /did you mean "api_token"/)
})

test('edit shows all of them in an editor and keeps what was changed', async (t) => {
  const { dir, env, run } = place()
  t.is((await run('apply', 'play.yaml', '-t', 'write')).code, EXIT.ok)
  const editor = join(dir, 'editor')
  writeFileSync(
    editor,
    `#!/bin/sh\nstat -c %a "$1" >${dir}/mode; cp "$1" ${dir}/shown\nsed -i -e 's/^db_password: .*/db_password: changed-by-hand/' -e '/^person.bob/d' "$1"\n`,
  )
  chmodSync(editor, 0o755)
  const edited = await mhprov(['secrets', 'edit'], { cwd: dir, env: { ...env, VISUAL: editor } })
  t.is(edited.code, EXIT.ok, edited.stderr)
  t.is(readFileSync(join(dir, 'mode'), 'utf8'), '600\n')
  t.regex(readFileSync(join(dir, 'shown'), 'utf8'), /^person\.alice: \w{20}$/m)
  t.is((await run('secrets', 'get', 'db_password')).stdout, 'changed-by-hand')
  t.is((await run('secrets', 'get', 'person.bob')).code, EXIT.input)
  t.is(statSync(join(dir, 'secrets.yaml')).mode & 0o777, 0o600)
})

test('edit takes no empty file for the wish to lose all', async (t) => {
  const { dir, env, run, read } = place()
  t.is((await run('apply', 'play.yaml', '-t', 'write')).code, EXIT.ok)
  const before = read('secrets.yaml')
  for (const left of ['', '# nothing', 'a word', '- a list']) {
    writeFileSync(join(dir, 'editor'), `#!/bin/sh\nprintf '%s\\n' '${left}' >"$1"\n`)
    chmodSync(join(dir, 'editor'), 0o755)
    const edited = await mhprov(['secrets', 'edit'], { cwd: dir, env: { ...env, VISUAL: join(dir, 'editor') } })
    t.is(edited.code, EXIT.input)
    t.regex(edited.stderr, /names with their secrets must be left/)
    t.is(read('secrets.yaml'), before)
  }
})

test('validate names the optional secrets that are not given, and how to give them', async (t) => {
  const { run } = place(
    PLAY.replace('env: API_TOKEN,', 'env: API_TOKEN, optional: true,').replace('"<%= api_token %>"', '"<%= vars.api_token ?? \'none\' %>"'),
  )
  const { code, stdout, stderr } = await run('validate', 'play.yaml')
  t.is(code, EXIT.ok, stderr)
  t.is(
    stdout,
    `valid: 1 play, 2 tasks, 1 host

left out, for want of optional secrets:
  api_token: see the dashboard
    set the environment variable API_TOKEN, or: mhprov secrets set api_token
  maybe_token
    mhprov secrets set maybe_token
`,
  )
})

test('one for each of none is an empty mapping', async (t) => {
  const { run, read } = place(
    PLAY.replace('[alice, bob]', '[]').replace('<%= person.alice %>', '<%= JSON.stringify(person) %>').replace("<%= person['bob'] %>", ''),
  )
  const ran = await run('apply', 'play.yaml', '-t', 'write')
  t.is(ran.code, EXIT.ok, ran.stderr)
  t.regex(read('out'), /alice=\{\} bob= /)
})

test('-e for a secret, bad declarations and a guessable length are refused with their place', async (t) => {
  const { run } = place()
  const extra = await run('apply', 'play.yaml', '-e', 'db_password=onthecommandline')
  t.is(extra.code, EXIT.input)
  t.regex(extra.stderr, /db_password is a secret: -e would show it in the process list/)
  const wrong = place(`- hosts: here
  secrets:
    a: { generate: { length: 4 } }
    b: {}
    c: { env: A, ask: b }
    d: { generat: {} }
  tasks: []
`)
  const faults = await wrong.run('validate', 'play.yaml')
  t.is(faults.code, EXIT.input)
  for (const pattern of [
    /play\.yaml:3:\d+ error: 4 characters out of 62 can be guessed/,
    /play\.yaml:4:\d+ error: the secret b needs one of/,
    /play\.yaml:5:\d+ error: the secret c needs only one of/,
    /play\.yaml:6:\d+ error: unknown key "generat".*/,
  ])
    t.regex(faults.stderr, pattern)
})
