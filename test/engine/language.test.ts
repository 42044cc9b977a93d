import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { play } from '../helpers/play.ts'

const TWO = 'all: { hosts: { a: { n: 1 }, b: { n: 2 } } }\n'
const THREE = 'all: { hosts: { a: , b: , c: } }\n'

test('set_fact in a loop is seen by the next turn', async (t) => {
  const { results } = await play(`
- hosts: all
  tasks:
    - set_fact: { acc: "<%= (vars.acc ?? []).concat([item]) %>" }
      loop: [1, 2, 3]
    - { name: d, debug: { msg: "<%= acc %>" } }
`)
  t.deepEqual(results.d?.msg, [1, 2, 3])
})

test('run_once does a whole loop, once', async (t) => {
  const { ends, dir } = await play(
    '- hosts: all\n  tasks:\n    - { name: l, shell: "echo <%= item %> >> <%= playbook_dir %>/f", loop: [x, y], run_once: true }\n',
    { inventory: TWO },
  )
  t.deepEqual(ends.sort(), ['a l changed', 'b l changed'])
  t.is(readFileSync(join(dir, 'f'), 'utf8'), 'x\ny\n')
})

test('a run_once handler that is notified again runs again', async (t) => {
  const { dir } = await play(`
- hosts: all
  tasks:
    - { command: "true", notify: h }
    - { meta: flush_handlers }
    - { command: "true", notify: h }
  handlers: [{ name: h, run_once: true, shell: "echo x >> <%= playbook_dir %>/f" }]
`)
  t.is(readFileSync(join(dir, 'f'), 'utf8'), 'x\nx\n')
})

test('delegate_to that renders to another host is an error, to localhost is done', async (t) => {
  const { ends, results } = await play(`
- hosts: all
  tasks:
    - { name: there, command: "true", delegate_to: "<%= 'local' + 'host' %>" }
    - { name: wrong, command: "true", delegate_to: "<%= 'other' %>" }
`)
  t.deepEqual(ends, ['here there changed', 'here wrong failed'])
  t.is(results.wrong?.msg, 'a task can be delegated to localhost only, not to "other"')
})

test('a play whose tasks are all delegated does not connect to its hosts', async (t) => {
  const { ends, connections } = await play('- hosts: all\n  tasks:\n    - { name: d, command: "true", delegate_to: localhost }\n')
  t.deepEqual(ends, ['here d changed'])
  t.is(connections.length, 0)
})

test('a misspelt property is an error, not a parameter left out; omit leaves one out', async (t) => {
  const { ends, results } = await play(`
- hosts: all
  vars: { cfg: { mode: "0600" } }
  tasks:
    - { name: fine, copy: { dest: "<%= playbook_dir %>/f", content: x, mode: "<%= vars.nothing ?? omit %>" } }
    - { name: slip, copy: { dest: "<%= playbook_dir %>/g", content: x, mode: "<%= cfg.mod %>" } }
`)
  t.deepEqual(ends, [])
  t.deepEqual(results, {})
})

test('check_mode: true on one task in a real run leaves later tasks to the real world', async (t) => {
  const { ends, dir } = await play(`
- hosts: all
  tasks:
    - { name: look, file: { path: "<%= playbook_dir %>/d", state: directory }, check_mode: true }
    - { name: do, file: { path: "<%= playbook_dir %>/d", state: directory } }
`)
  t.deepEqual(ends, ['here look changed', 'here do changed'])
  t.true(existsSync(join(dir, 'd')))
})

test('until asks again, and what was known before a wait is asked again after it', async (t) => {
  const { ends } = await play(`
- hosts: all
  tasks:
    - shell: (sleep 1; echo x > <%= playbook_dir %>/late) >/dev/null 2>&1 &
    - { name: stat, stat: { path: "<%= playbook_dir %>/late" }, register: r, until: r.stat.exists, retries: 20, delay: 0.2 }
    - { name: slurp, slurp: { src: "<%= playbook_dir %>/late" } }
`)
  t.deepEqual(ends.slice(1), ['here stat ok', 'here slurp ok'])
})

test('changed_when: false does not hide a module’s own change from later tasks', async (t) => {
  const { results } = await play(`
- hosts: all
  tasks:
    - copy: { dest: "<%= playbook_dir %>/f", content: old }
    - slurp: { src: "<%= playbook_dir %>/f" }
    - { copy: { dest: "<%= playbook_dir %>/f", content: new }, changed_when: false }
    - { name: read, slurp: { src: "<%= playbook_dir %>/f" } }
`)
  t.is(Buffer.from(String(results.read?.content), 'base64').toString(), 'new')
})

test('a change made from the controller is seen on the host', async (t) => {
  const { ends } = await play(`
- hosts: all
  tasks:
    - { stat: { path: "<%= playbook_dir %>/f" } }
    - { shell: "echo > <%= playbook_dir %>/f", delegate_to: localhost }
    - { stat: { path: "<%= playbook_dir %>/f" }, register: r }
    - { name: seen, assert: { that: r.stat.exists } }
`)
  t.is(ends.at(-1), 'here seen ok')
})

test('end_play ends all batches, end_batch only its own', async (t) => {
  const text = (what: string) =>
    `- hosts: all\n  serial: 1\n  tasks:\n    - { name: t, command: "true" }\n    - meta: ${what}\n    - { name: never, command: "true" }\n`
  t.deepEqual(
    (await play(text('end_play'), { inventory: THREE })).ends.filter((end) => end.includes(' t ')),
    ['a t changed'],
  )
  t.deepEqual(
    (await play(text('end_batch'), { inventory: THREE })).ends.filter((end) => end.includes(' t ')),
    ['a t changed', 'b t changed', 'c t changed'],
  )
})

test('when all hosts of a play have failed, no further play runs', async (t) => {
  const { ends } = await play('- hosts: a\n  tasks: [{ name: f, fail: {} }]\n- hosts: b\n  tasks: [{ name: g, debug: { msg: x } }]\n', {
    inventory: TWO,
  })
  t.deepEqual(ends, ['a f failed'])
})

test('notify may be a template, also of the item; one that no handler answers to fails the task', async (t) => {
  const { ends } = await play(`
- hosts: all
  vars: { svc: web }
  tasks:
    - { name: one, command: "true", notify: "restart <%= svc %>" }
    - { name: two, command: "true", loop: [db], notify: "restart <%= item %>" }
    - { name: three, command: "true", loop: [nothing], notify: "restart <%= item %>" }
  handlers:
    - { name: "restart <%= svc %>", command: "true" }
    - { name: restart db, command: "true" }
`)
  t.deepEqual(ends.slice(0, 3), ['here one changed', 'here two changed', 'here three failed'])
})

test('a condition that is no boolean is an error at run time too', async (t) => {
  const { ends } = await play(`
- hosts: all
  tasks:
    - { command: echo yes, register: r, changed_when: false }
    - { name: d, debug: { msg: x }, when: r.stdout }
`)
  t.is(ends.at(-1), 'here d failed')
})

test('no_log hides a failure everywhere', async (t) => {
  const { events } = await play('- hosts: all\n  tasks:\n    - { shell: "echo TOPSECRET >&2; exit 3", no_log: true }\n')
  t.false(JSON.stringify(events.filter((event) => event.type !== 'task:start')).includes('TOPSECRET'))
})

test('a label stands for the item in every event of a turn', async (t) => {
  const { events } = await play(`
- hosts: all
  tasks:
    - command: "true"
      loop: [{ user: u, password: hunter22 }]
      loop_control: { label: "<%= item.user %>" }
`)
  const turns = events.flatMap((event) => (event.type === 'task:plan' || event.type === 'task:item' ? [event.item] : []))
  t.deepEqual(turns, ['u', 'u'])
})

test('facts are asked for whoever reads them: template files, conditions about results, names', async (t) => {
  const { ends, dir } = await play(
    '- hosts: all\n  tasks:\n    - { name: tpl, template: { src: f.ejs, dest: "<%= playbook_dir %>/out" } }\n',
    { files: { 'f.ejs': '<%= ansible_system %>\n' } },
  )
  t.deepEqual(ends, ['here tpl changed'])
  t.is(readFileSync(join(dir, 'out'), 'utf8'), 'Linux\n')
  const after = await play("- hosts: all\n  tasks:\n    - { name: c, command: 'true', changed_when: ansible_system == 'Plan9' }\n")
  t.deepEqual(after.ends, ['here c ok'])
})

test('variables of other hosts can be read in conditions', async (t) => {
  const { ends } = await play(
    '- hosts: a\n  tasks:\n    - { name: d, debug: { msg: x }, when: "hostvars[\'b\'].n == 2" }\n    - { name: v, debug: { var: hostvars.b.n } }\n',
    { inventory: TWO },
  )
  t.deepEqual(ends, ['a d ok', 'a v ok'])
})

test('keywords may name the item, and so may variables in a condition', async (t) => {
  const { ends, results } = await play(`
- hosts: all
  tasks:
    - { name: ignore, command: "false", loop: [true], ignore_errors: "<%= item %>" }
    - name: through
      debug: { msg: "<%= u %>" }
      vars: { u: "<%= item.n %>" }
      loop: [{ n: 1 }, { n: 2 }]
      when: u == 2
`)
  t.deepEqual(ends, ['here ignore failed', 'here through ok'])
  t.deepEqual(
    (results.through!.results as { skipped?: boolean }[]).map((one) => one.skipped ?? false),
    [true, false],
  )
})

test('a loop that is skipped registers its items as skipped', async (t) => {
  const { results } = await play(`
- hosts: all
  tasks:
    - { command: "true", loop: [x, y], when: 1 == 2, register: r }
    - { name: d, debug: { msg: "<%= r.results.map((one) => one.item + one.skipped).join() %>" } }
`)
  t.is(results.d?.msg, 'xtrue,ytrue')
})

test('has(vars.x) guards what stands behind it', async (t) => {
  const { ends, problems } = await play(`
- hosts: all
  tasks:
    - { name: list, debug: { msg: x }, when: [has(vars.foo), foo == 1] }
    - { name: and, debug: { msg: x }, when: has(vars.foo) && foo == 1 }
    - { name: that, assert: { that: ["!has(vars.foo) || true"] } }
`)
  t.deepEqual(problems, [])
  t.deepEqual(ends, ['here list skipped', 'here and skipped', 'here that ok'])
})

test('environment takes omit, and refuses what cannot be a name', async (t) => {
  const { results } = await play(`
- hosts: all
  tasks:
    - { name: e, shell: "echo \${FOO-unset} $BAR", environment: { FOO: "<%= omit %>", BAR: 1 } }
    - { name: bad, command: "true", environment: { "A B": 1 } }
`)
  t.is(results.e?.stdout, 'unset 1')
  t.is(results.bad?.msg, '"A B" cannot be the name of an environment variable')
})

test('a dry run does not believe an older value of what would be set anew, nor results of a loop that was not run', async (t) => {
  const { ends } = await play(
    `
- hosts: all
  vars: { x: old }
  tasks:
    - { command: echo new, register: r }
    - { name: set, set_fact: { x: "<%= r.stdout %>" } }
    - { name: use, debug: { msg: "x is <%= x %>" } }
    - { command: echo <%= item %>, loop: [a], register: l }
    - { name: loop, debug: { msg: "<%= l.results[0].stdout %>" } }
    - { name: rc, debug: { msg: x }, when: r.rc == 0 }
`,
    { check: true },
  )
  t.deepEqual(
    ends.filter((end) => !end.includes('command')),
    ['here set maybe', 'here use maybe', 'here loop maybe', 'here rc maybe'],
  )
})

test('what a later play finds missing may have been made by an earlier one', async (t) => {
  const { ends } = await play(
    '- hosts: all\n  tasks: [{ name: make, shell: "echo > <%= playbook_dir %>/f" }]\n- hosts: all\n  tasks: [{ name: read, slurp: { src: "<%= playbook_dir %>/f" } }]\n',
    { check: true },
  )
  t.deepEqual(ends, ['here make changed', 'here read maybe'])
})

test('handlers that notify each other end', async (t) => {
  const { ends } = await play(`
- hosts: all
  tasks: [{ name: t, command: "true", notify: one }]
  handlers:
    - { name: one, command: "true", notify: two }
    - { name: two, command: "true", notify: one }
`)
  t.deepEqual(ends, ['here t changed', 'here one changed', 'here two changed'])
})

test('an owed handler runs after the tasks that may mend what it needs, and is then no longer owed', async (t) => {
  const owed = new Set(['h'])
  const { ends } = await play(
    `
- hosts: all
  tasks: [{ name: mend, command: "true" }]
  handlers: [{ name: h, command: "true" }]
`,
    { deps: { owed: { of: () => [...owed], add: (_p, _h, name) => owed.add(name), done: (_p, _h, name) => owed.delete(name) } } },
  )
  t.deepEqual(ends, ['here mend changed', 'here h changed'])
  t.is(owed.size, 0)
})

test('wrong values of keywords are told before anything connects', async (t) => {
  const { problems } = await play(`
- hosts: all
  tasks:
    - { command: "true", until: result.rc == 0, retries: many, timeout: abc }
    - { debug: { msg: a }, loop: abc }
    - { command: "true", when: "{{ x }}" }
    - { debug: { msg: "<%= 1 + %>" } }
`)
  t.deepEqual(
    problems.map((one) => one.message.split(':')[0]),
    [
      'Expected COLON, got RBRACE',
      'not valid JavaScript',
      'expected a number, not "many"',
      'expected a number, not "abc"',
      'loop needs a list, not "abc"',
    ],
  )
})

test('Jinja in a value is a warning, Go templates are not', async (t) => {
  const { problems } = await play('- hosts: all\n  tasks:\n    - { debug: { msg: "{{ x }} {{.Names}}" } }\n    - { nosuch: }\n')
  t.deepEqual(
    problems.filter((one) => one.severity === 'warning').map((one) => [one.message, one.hint]),
    [['{{ x }} is Jinja, and stays as it is', 'write <%= x %>']],
  )
})

test('a loop of many items that change nothing asks in one go', async (t) => {
  const text =
    '- hosts: all\n  tasks:\n    - { name: l, file: { path: "<%= playbook_dir %>/d<%= item %>", state: directory }, loop: "<%= items %>" }\n'
  const extra = { items: Array.from({ length: 60 }, (_, i) => i) }
  const first = await play(text, { extra })
  const again = await play(text, { extra, dir: first.dir })
  t.deepEqual(again.ends, ['here l ok'])
  t.true(again.connections[0]!.counts.roundTrips <= 3, String(again.connections[0]!.counts.roundTrips))
})

test('ignore_errors: false does not excuse the hosts that take over a run_once failure', async (t) => {
  const { summary } = await play('- hosts: all\n  tasks:\n    - { name: f, command: "false", run_once: true, ignore_errors: false }\n', {
    inventory: TWO,
  })
  t.deepEqual(
    Object.values(summary.hosts).map((host) => host.status),
    ['failed', 'failed'],
  )
})

test('no_log hides also what goes wrong outside the module', async (t) => {
  const { events } = await play(
    '- hosts: all\n  tasks:\n    - { command: "true", no_log: true, loop: [TOPSECRET], notify: "<%= item %>" }\n',
  )
  t.false(JSON.stringify(events.filter((event) => event.type !== 'task:start')).includes('TOPSECRET'))
})

test('a dry run of some tags does not fail for want of what the tasks left out would make', async (t) => {
  const text = `- hosts: here
  gather_facts: false
  tasks:
    - { name: make, command: "true", tags: a }
    - { name: use, file: { path: /nowhere/at-all, state: file }, tags: b }
    - { name: plainly wrong, copy: { src: /etc, remote_src: false, dest: /etc/passwd }, tags: c }
`
  t.deepEqual((await play(text, { check: true, tags: ['b'] })).ends, ['here use maybe'])
  t.deepEqual((await play(text, { tags: ['b'] })).ends, ['here use failed'])
  t.deepEqual((await play(text.replace(/ +- { name: make.*\n/, ''), { check: true, tags: ['b'] })).ends, ['here use failed'])
})

test('a dry run that cannot tell a task cannot tell its handlers', async (t) => {
  const text = `- hosts: here
  gather_facts: false
  tasks:
    - { name: ask, command: "echo x", register: asked }
    - { name: use, copy: { dest: "/tmp/<%= asked.stdout %>", content: a }, notify: h }
  handlers:
    - { name: h, command: "true" }
`
  t.deepEqual((await play(text, { check: true })).ends, ['here ask changed', 'here use maybe', 'here h maybe'])
})
