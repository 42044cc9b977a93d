import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import fc from 'fast-check'
import { play } from '../helpers/play.ts'

const NASTY = [
  "it's",
  '"quoted"',
  '$(reboot)',
  '`reboot`',
  '%s %d %%',
  'a\\nb\\',
  '; reboot',
  '${HOME}',
  '😀 ünïcödé 漢字',
  '-rf',
  ' leading and trailing ',
  '\t tab',
  '*?[a]',
  '<% x %>',
  '#{x} {{ x }}',
  '~',
  '!history',
  '&& false',
  '\u001b[31mred',
]
const text = fc
  .oneof(fc.constantFrom(...NASTY), fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }))
  .filter((value) => !value.includes('\0'))
const values = [...NASTY, ...fc.sample(text, { numRuns: 60, seed: 42 })]

test('values go through contents, lines, commands and stdin unchanged, also with newlines', async (t) => {
  const all = [...values, 'two\nlines', '\n\nblank\n\n', 'mixed \'quotes\' "and"\n$(reboot)\n`x`\n']
  const { results, dir, problems } = await play(
    `
- hosts: all
  tasks:
    - name: files
      copy: { dest: "<%= playbook_dir %>/f<%= i %>", content: "<%= item %>" }
      loop: "<%= all %>"
      loop_control: { index_var: i }
    - name: arguments
      command: { argv: [printf, "%s", "<%= item %>"], strip_empty_ends: false, expand_argument_vars: false }
      loop: "<%= all %>"
    - name: stdin
      shell: { cmd: cat, stdin: "<%= item %>", stdin_add_newline: false, strip_empty_ends: false }
      loop: "<%= all %>"
    - name: lines
      lineinfile: { path: "<%= playbook_dir %>/lines<%= i %>", line: "<%= item %>", create: true }
      loop: "<%= single %>"
      loop_control: { index_var: i }
`,
    { extra: { all, single: values } },
  )
  t.deepEqual(problems, [])
  const outputs = (task: string) => (results[task]!.results as { stdout: string }[]).map((one) => one.stdout)
  t.deepEqual(outputs('arguments'), all)
  t.deepEqual(outputs('stdin'), all)
  all.forEach((value, i) => {
    t.is(readFileSync(join(dir, `f${i}`), 'utf8'), value)
  })
  values.forEach((value, i) => {
    t.is(readFileSync(join(dir, `lines${i}`), 'utf8'), `${value}\n`)
  })
})

test('values go through file names unchanged', async (t) => {
  const names = [...new Set(values.map((value) => value.replaceAll('/', '_')))].filter(
    (name) => name !== '.' && name !== '..' && Buffer.byteLength(name) < 200,
  )
  const { ends, dir } = await play(
    `
- hosts: all
  tasks:
    - name: make
      copy: { dest: "<%= playbook_dir %>/d/<%= item %>", content: x }
      loop: "<%= names %>"
    - name: again
      copy: { dest: "<%= playbook_dir %>/d/<%= item %>", content: x }
      loop: "<%= names %>"
`.replace('  tasks:', '  tasks:\n    - file: { path: "<%= playbook_dir %>/d", state: directory }'),
    { extra: { names } },
  )
  t.deepEqual(ends, ['here file changed', 'here make changed', 'here again ok'])
  for (const name of names) t.is(readFileSync(join(dir, 'd', name), 'utf8'), 'x', name)
})

test('a line of 1 MiB goes through contents, lines and the shell', async (t) => {
  const long = 'ab$\'"` %'.repeat(131072)
  const { results, ends, dir } = await play(
    `
- hosts: all
  tasks:
    - { name: c, copy: { dest: "<%= playbook_dir %>/c", content: "<%= long %>" } }
    - { name: l, lineinfile: { path: "<%= playbook_dir %>/l", line: "<%= long %>", create: true } }
    - { name: s, shell: { cmd: wc -c, stdin: "<%= long %>", stdin_add_newline: false } }
    - { name: script, shell: "x=<%= quoted %>; echo \${#x}" }
`,
    { extra: { long, quoted: `'${'y'.repeat(1 << 20)}'` } },
  )
  t.deepEqual(ends, ['here c changed', 'here l changed', 'here s changed', 'here script changed'])
  t.is(readFileSync(join(dir, 'c'), 'utf8'), long)
  t.is(readFileSync(join(dir, 'l'), 'utf8'), `${long}\n`)
  t.is(results.s?.stdout, String(long.length))
  t.is(results.script?.stdout, String(1 << 20))
})

test('a NUL is refused, before anything connects', async (t) => {
  const { problems, connections } = await play('- hosts: all\n  tasks:\n    - copy: { dest: /tmp/x, content: "a\\0b" }\n')
  t.deepEqual(
    problems.map((one) => one.message),
    ['a NUL character cannot be part of a parameter'],
  )
  t.is(connections.length, 0)
})

test('what a host says is never rendered', async (t) => {
  const { results } = await play(
    `
- hosts: all
  tasks:
    - { name: ask, command: { argv: [printf, "%s", "<%= evil %>"] }, register: r, changed_when: false }
    - { name: say, debug: { msg: "<%= r.stdout %>" } }
`,
    { extra: { evil: '<%= process.exit(9) %>' } },
  )
  t.is(results.say?.msg, '<%= process.exit(9) %>')
})
