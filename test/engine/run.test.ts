import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { folder } from '../helpers/mhprov.ts'
import { play } from '../helpers/play.ts'

test('a registered result is read by later tasks, and a condition decides', async (t) => {
  const { ends, results } = await play(`
- hosts: all
  tasks:
    - { name: ask, command: echo hello, register: r, changed_when: false }
    - { name: yes, debug: { msg: "<%= r.stdout %>!" }, when: r.rc == 0 }
    - { name: no, debug: { msg: x }, when: [r.rc == 0, r.stdout == 'bye'] }
`)
  t.deepEqual(ends, ['here ask ok', 'here yes ok', 'here no skipped'])
  t.is(results.yes?.msg, 'hello!')
  t.is(results.no?.false_condition, "r.stdout == 'bye'")
})

test('a loop registers results with their items, and tells changed from unchanged', async (t) => {
  const { ends, results } = await play(`
- hosts: all
  tasks:
    - name: each
      command: echo <%= one %> <%= i %>
      loop: [a, b]
      loop_control: { loop_var: one, index_var: i }
      changed_when: one == 'b'
      register: r
    - { name: after, debug: { msg: "<%= r.results.map((x) => x.stdout).join() %>" } }
`)
  t.deepEqual(ends, ['here each changed', 'here after ok'])
  t.is(results.after?.msg, 'a 0,b 1')
})

test('a notified handler runs once, at the end, also by topic; an unnotified one does not', async (t) => {
  const { ends } = await play(`
- hosts: all
  tasks:
    - { name: one, command: "true", notify: by name }
    - { name: two, command: "true", notify: [by name, topic] }
    - { name: three, command: "true", changed_when: false, notify: never }
  handlers:
    - { name: listener, listen: topic, command: "true" }
    - { name: by name, command: "true" }
    - { name: never, command: "true" }
`)
  t.deepEqual(ends, ['here one changed', 'here two changed', 'here three ok', 'here listener changed', 'here by name changed'])
})

test('flush_handlers runs them early', async (t) => {
  const { ends } = await play(`
- hosts: all
  tasks:
    - { name: one, command: "true", notify: h }
    - { name: now, meta: flush_handlers }
    - { name: two, command: "true" }
  handlers: [{ name: h, command: "true" }]
`)
  t.deepEqual(ends, ['here one changed', 'here now ok', 'here h changed', 'here two changed'])
})

test('a failure ends the host, rescue takes over, always runs', async (t) => {
  const { ends, summary } = await play(`
- hosts: all
  tasks:
    - block:
        - { name: breaks, fail: { msg: oh } }
        - { name: not reached, debug: { msg: x } }
      rescue:
        - { name: saves, debug: { msg: "<%= ansible_failed_result.msg %>" } }
      always:
        - { name: anyway, debug: { msg: x } }
    - { name: ends, fail: { msg: no } }
    - { name: never, debug: { msg: x } }
`)
  t.deepEqual(ends, ['here breaks failed', 'here saves ok', 'here anyway ok', 'here ends failed'])
  t.is(summary.hosts.here?.status, 'failed')
})

test('failed_when, ignore_errors and changed_when have the last word', async (t) => {
  const { ends, summary } = await play(`
- hosts: all
  tasks:
    - { name: fine, command: "false", failed_when: false }
    - { name: bad, command: echo warning, failed_when: result.stdout.contains('warning'), ignore_errors: true }
    - { name: still here, command: "true", changed_when: "1 == 2" }
`)
  t.deepEqual(ends, ['here fine changed', 'here bad failed', 'here still here ok'])
  t.is(summary.hosts.here?.status, 'ok')
})

test('until repeats, and gives up', async (t) => {
  const { ends, results, dir } = await play(
    `
- hosts: all
  tasks:
    - name: third time
      shell: echo x >> <%= playbook_dir %>/tries; wc -l < <%= playbook_dir %>/tries
      register: r
      until: r.stdout == '3'
      retries: 5
      delay: 0
    - { name: hopeless, command: "false", until: result.rc == 0, retries: 1, delay: 0, ignore_errors: true }
`,
  )
  t.deepEqual(ends, ['here third time changed', 'here hopeless failed'])
  t.is(results['third time']?.attempts, 3)
  t.is(results.hopeless?.attempts, 2)
  t.is(readFileSync(join(dir, 'tries'), 'utf8'), 'x\nx\nx\n')
})

const TWO = 'all: { hosts: { a: { n: 1 }, b: { n: 2 } } }\n'

test('run_once is done once and its result is there for all', async (t) => {
  const { events, dir } = await play(
    `
- hosts: all
  tasks:
    - { name: once, shell: "echo x >> <%= playbook_dir %>/once; echo result", register: r, run_once: true }
    - { name: read, debug: { msg: "<%= inventory_hostname %> <%= r.stdout %>" } }
`,
    { inventory: TWO },
  )
  t.is(readFileSync(join(dir, 'once'), 'utf8'), 'x\n')
  const read = events.filter((event) => event.type === 'task:end').flatMap((end) => (end.task.name === 'read' ? [end.result.msg] : []))
  t.deepEqual(read.sort(), ['a result', 'b result'])
})

test('serial takes hosts in batches, and a batch that fails stops the play', async (t) => {
  const { ends } = await play('- hosts: all\n  serial: 1\n  tasks:\n    - { name: t, command: "false" }\n', { inventory: TWO })
  t.deepEqual(ends, ['a t failed'])
})

test('hosts, groups and variables of other hosts can be read', async (t) => {
  const { results } = await play(
    '- hosts: a\n  tasks:\n    - { name: d, debug: { msg: "<%= hostvars.b.n %> <%= groups.all.join() %> <%= inventory_hostname_short %>" } }\n',
    { inventory: TWO },
  )
  t.is(results.d?.msg, '2 a,b a')
})

test('precedence: -e over task over host over play', async (t) => {
  const text =
    '- hosts: a\n  vars: { n: 0, m: 0, o: 0 }\n  tasks:\n    - { name: d, debug: { msg: "<%= n %> <%= m %> <%= o %>" }, vars: { m: 5, o: 5 } }\n'
  const { results } = await play(text, { inventory: TWO, extra: { o: 9 } })
  t.is(results.d?.msg, '1 5 9')
})

test('tags choose, always is always there, never only by name', async (t) => {
  const text = `
- hosts: all
  tasks:
    - { name: a, debug: { msg: x }, tags: a }
    - { name: b, debug: { msg: x }, tags: [b, never] }
    - { name: c, debug: { msg: x }, tags: always }
    - { name: d, debug: { msg: x } }
`
  t.deepEqual((await play(text)).ends, ['here a ok', 'here c ok', 'here d ok'])
  t.deepEqual((await play(text, { tags: ['a'] })).ends, ['here a ok', 'here c ok'])
  t.deepEqual((await play(text, { tags: ['b'] })).ends, ['here b ok', 'here c ok'])
  t.deepEqual((await play(text, { skipTags: ['a', 'always'] })).ends, ['here d ok'])
  t.deepEqual((await play(text, { tags: ['untagged'] })).ends, ['here c ok', 'here d ok'])
})

test('no_log hides the result, the output and the plan from events, not from later tasks', async (t) => {
  const { events, ends } = await play(`
- hosts: all
  tasks:
    - { name: secret, command: echo hush-hush, no_log: true, register: r }
    - { name: use, assert: { that: "r.stdout == 'hush-hush'" } }
`)
  t.deepEqual(ends, ['here secret changed', 'here use ok'])
  t.false(JSON.stringify(events.filter((event) => 'task' in event && event.task.name === 'secret')).includes('hush'))
})

test('a dry run runs nothing, says what it would, and is open about what depends on it', async (t) => {
  const { ends, dir } = await play(
    `
- hosts: all
  tasks:
    - { name: make, command: touch <%= playbook_dir %>/made, register: r }
    - { name: reads rc, debug: { msg: x }, when: r.changed }
    - { name: reads out, debug: { msg: "<%= r.stdout %>" } }
    - { name: really, command: echo x, check_mode: false, changed_when: false, register: q }
    - { name: reads q, debug: { msg: "<%= q.stdout %>" } }
`,
    { check: true },
  )
  t.deepEqual(ends, ['here make changed', 'here reads rc ok', 'here reads out maybe', 'here really ok', 'here reads q ok'])
  t.false(existsSync(join(dir, 'made')))
})

test('what depends on facts is computed when they are known', async (t) => {
  const { ends, results } = await play(`
- hosts: all
  vars: { kernel_name: "<%= ansible_system %>" }
  tasks:
    - { name: d, debug: { msg: "<%= kernel_name %>" }, when: ansible_facts.system == 'Linux' }
`)
  t.deepEqual(ends, ['here d ok'])
  t.is(results.d?.msg, 'Linux')
})

test('tasks in files and roles are found beside the playbook, with their defaults and handlers', async (t) => {
  const dir = folder({})
  for (const part of ['tasks', 'defaults', 'handlers', 'vars']) mkdirSync(join(dir, 'roles/web', part), { recursive: true })
  writeFileSync(join(dir, 'more.yaml'), '- { name: from file, debug: { msg: "<%= port %>" } }\n')
  writeFileSync(
    join(dir, 'roles/web/tasks/main.yml'),
    '- { name: in role, command: "true", notify: again }\n- { name: shows, debug: { msg: "<%= port %> <%= fixed %> <%= role_name %>" } }\n',
  )
  writeFileSync(join(dir, 'roles/web/defaults/main.yml'), 'port: 80\nfixed: weak\n')
  writeFileSync(join(dir, 'roles/web/vars/main.yml'), 'fixed: strong\n')
  writeFileSync(join(dir, 'roles/web/handlers/main.yml'), '- { name: again, debug: { msg: handled } }\n')
  const { ends, results } = await play(
    '- hosts: all\n  roles: [{ role: web, tags: w, port: 8080 }]\n  tasks:\n    - import_tasks: more.yaml\n      vars: { port: 1 }\n',
    { dir },
  )
  t.deepEqual(ends, ['here in role changed', 'here shows ok', 'here from file ok', 'here again ok'])
  t.is(results.shows?.msg, '8080 strong web')
  t.is(results['from file']?.msg, 1)
})
