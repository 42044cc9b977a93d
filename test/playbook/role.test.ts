import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import test from 'ava'
import { modules } from '../../src/modules/index.ts'
import { loadPlaybook } from '../../src/playbook/load.ts'
import { tasksOf } from '../../src/playbook/tree.ts'
import { folder } from '../helpers/mhprov.ts'
import { type PlayOptions, play } from '../helpers/play.ts'

/** A folder with these files of roles, by their path below `roles/`. */
function rolesIn(files: Record<string, string>): string {
  const dir = folder({})
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(dir, 'roles', dirname(path)), { recursive: true })
    writeFileSync(join(dir, 'roles', path), text)
  }
  return dir
}

const playRoles = (files: Record<string, string>, text: string, options: PlayOptions = {}) =>
  play(text, { ...options, dir: rolesIn(files) })

/** A task that shows a template. */
const show = (name: string, template: string) => `- { name: ${name}, debug: { msg: "${template}" } }\n`

const messages = async (files: Record<string, string>, text: string, options: PlayOptions = {}) => {
  const { results, problems } = await playRoles(files, text, options)
  return problems.length > 0
    ? problems.map((one) => one.message)
    : Object.fromEntries(Object.entries(results).map(([name, result]) => [name, result.msg]))
}

const ends = async (files: Record<string, string>, text: string, options: PlayOptions = {}) => {
  const played = await playRoles(files, text, options)
  return played.problems.length > 0 ? played.problems.map((one) => one.message) : played.ends.map((end) => end.replace(/^here /, ''))
}

test("a role's tasks and handlers see its own defaults, the rest of the play those of the last role", async (t) => {
  const role = (name: string, port: number) => ({
    [`${name}/defaults/main.yml`]: `port: ${port}\n`,
    [`${name}/tasks/main.yml`]: `- { name: run ${name}, command: "true", notify: "${name} : again" }\n${show(name, '<%= port %>')}`,
    [`${name}/handlers/main.yml`]: show('again', '<%= port %>'),
  })
  const { events } = await playRoles(
    { ...role('r1', 1), ...role('r2', 2) },
    `- hosts: all\n  pre_tasks:\n    ${show('before', '<%= port %>')}  roles: [r1, r2]\n  tasks:\n    ${show('after', '<%= port %>')}`,
  )
  t.deepEqual(
    events.flatMap((event) => (event.type === 'task:end' && event.task.module === 'debug' ? [[event.task.name, event.result.msg]] : [])),
    [
      ['before', 2],
      ['r1', 1],
      ['r2', 2],
      ['after', 2],
      ['again', 1],
      ['again', 2],
    ],
  )
})

test("a role's defaults are weaker than a play's vars, as they are for the play", async (t) => {
  const files = { 'r1/defaults/main.yml': 'port: 1\n', 'r1/tasks/main.yml': show('in', '<%= port %>') }
  t.deepEqual(await messages(files, '- hosts: all\n  vars: { port: 7 }\n  roles: [r1]\n'), { in: 7 })
})

const NEEDING = {
  'outer/vars/main.yml': 'port: 1\nonly_outer: o\n',
  'outer/meta/main.yml': 'dependencies: [inner]\n',
  'outer/tasks/main.yml': show('outer', '<%= port %> <%= only_inner %>'),
  'inner/vars/main.yml': 'port: 2\nonly_inner: i\n',
  'inner/tasks/main.yml': show('inner', '<%= port %> <%= only_outer %>'),
}

test('of a role and one it depends on, the vars of the one a task is in win', async (t) => {
  t.deepEqual(await messages(NEEDING, '- hosts: all\n  roles: [outer]\n'), { inner: '2 o', outer: '1 i' })
})

test("parameters win over the role's own vars, and go on to the roles it depends on; vars: beside it do not", async (t) => {
  t.deepEqual(await messages(NEEDING, '- hosts: all\n  roles: [{ role: outer, port: 9 }]\n'), { inner: '9 o', outer: '9 i' })
  t.deepEqual(await messages(NEEDING, '- hosts: all\n  roles: [{ role: outer, vars: { port: 9 } }]\n'), { inner: '2 o', outer: '9 i' })
  t.deepEqual(await messages(NEEDING, '- hosts: all\n  tasks: [{ import_role: { name: outer }, vars: { port: 9 } }]\n'), {
    inner: '9 o',
    outer: '9 i',
  })
})

const COMMON = {
  'common/tasks/main.yml': show('common', '<%= role_name %>'),
  'a/meta/main.yml': 'dependencies: [common]\n',
  'a/tasks/main.yml': show('a', 'x'),
  'b/meta/main.yml': 'dependencies: [common]\n',
  'b/tasks/main.yml': show('b', 'x'),
}

test('a role that is used again with the same parameters runs once', async (t) => {
  t.deepEqual(await ends(COMMON, '- hosts: all\n  roles: [common, common]\n'), ['common ok'])
  t.deepEqual(await ends(COMMON, '- hosts: all\n  roles: [a, b, { role: common }]\n'), ['common ok', 'a ok', 'b ok'])
  t.deepEqual(await ends(COMMON, '- hosts: all\n  roles: [{ role: common, x: 1 }, { role: common, x: 1 }]\n'), ['common ok'])
})

test('a role with other parameters, conditions or tags runs again', async (t) => {
  const twice = ['common ok', 'common ok']
  t.deepEqual(await ends(COMMON, '- hosts: all\n  roles: [{ role: common, x: 1 }, { role: common, x: 2 }]\n'), twice)
  t.deepEqual(await ends(COMMON, '- hosts: all\n  roles: [{ role: common, vars: { x: 1 } }, common]\n'), twice)
  t.deepEqual(await ends(COMMON, '- hosts: all\n  roles: [{ role: a, when: "1 > 2" }, b]\n'), [
    'common skipped',
    'a skipped',
    'common ok',
    'b ok',
  ])
  t.deepEqual(await ends(COMMON, '- hosts: all\n  roles: [{ role: a, tags: x }, { role: b, tags: y }]\n', { tags: ['y'] }), [
    'common ok',
    'b ok',
  ])
})

test('allow_duplicates lets a role run again: in its meta, and by default with import_role', async (t) => {
  const again = { ...COMMON, 'common/meta/main.yml': 'allow_duplicates: true\n' }
  t.deepEqual(await ends(again, '- hosts: all\n  roles: [common, common]\n'), ['common ok', 'common ok'])
  const imported = (option: string) =>
    `- hosts: all\n  roles: [common]\n  tasks:\n    - import_role: { name: common${option} }\n    - import_role: { name: common${option} }\n`
  t.deepEqual(await ends(COMMON, imported('')), ['common ok', 'common ok', 'common ok'])
  t.deepEqual(await ends(COMMON, imported(', allow_duplicates: false')), ['common ok'])
})

test('a role that only a rescue would run does not stand in for a later use', async (t) => {
  const text = `
- hosts: all
  tasks:
    - block: [{ name: fine, debug: { msg: x } }]
      rescue: [{ import_role: { name: a } }]
    - import_role: { name: b }
`
  t.deepEqual(await ends(COMMON, text), ['fine ok', 'common ok', 'b ok'])
})

test("a role's handlers are loaded once, however often it is used", async (t) => {
  const files = {
    'r/tasks/main.yml': '- { name: change, command: "true", notify: topic }\n',
    'r/handlers/main.yml': '- { name: again, debug: { msg: "<%= n %>" }, listen: topic }\n',
  }
  const text = '- hosts: all\n  roles: [{ role: r, n: 1 }, { role: r, n: 2 }]\n'
  t.deepEqual(await ends(files, text), ['change changed', 'change changed', 'again ok'])
})

const HANDLING = {
  'r1/tasks/main.yml': '- { name: change, command: "true", notify: again }\n',
  'r1/handlers/main.yml': '- { name: again, debug: { msg: one } }\n',
  'r2/tasks/main.yml': show('r2', 'x'),
  'r2/handlers/main.yml': '- { name: again, debug: { msg: two } }\n',
}

test('of handlers of one name the one loaded last is notified: a later role over an earlier one, the play over its roles', async (t) => {
  const said = async (text: string, files: Record<string, string> = HANDLING) => {
    const { events, problems } = await playRoles(files, text)
    t.deepEqual(problems, [])
    return events.flatMap((event) => (event.type === 'task:end' && event.task.handler ? [event.result.msg] : []))
  }
  t.deepEqual(await said('- hosts: all\n  roles: [r1, r2]\n'), ['two'])
  t.deepEqual(await said(`- hosts: all\n  roles: [r1, r2]\n  handlers:\n    ${show('again', 'own')}`), ['own'])
  const twice = `  handlers:\n    ${show('again', 'first')}    ${show('again', 'second')}`
  t.deepEqual(await said(`- hosts: all\n  roles: [r1]\n${twice}`), ['second'])
  const byRole = { ...HANDLING, 'r1/tasks/main.yml': '- { name: change, command: "true", notify: "r1 : again" }\n' }
  t.deepEqual(await said('- hosts: all\n  roles: [r1, r2]\n', byRole), ['one'])
  const listening = {
    ...HANDLING,
    'r1/tasks/main.yml': '- { name: change, command: "true", notify: topic }\n',
    'r1/handlers/main.yml': '- { name: again, debug: { msg: one }, listen: topic }\n',
  }
  t.deepEqual(await said('- hosts: all\n  roles: [r1, r2]\n', listening), ['one'])
})

test('a block among the handlers is refused where it stands, with the way out', async (t) => {
  const text = '- hosts: all\n  tasks: []\n  handlers:\n    - name: b\n      block: [{ name: x, debug: { msg: x } }]\n'
  const { problems } = await play(text)
  t.deepEqual(
    problems.map(({ message, hint, at }) => [message, hint, at?.file.text.slice(at.start, at.end)]),
    [
      [
        'a handler cannot be a block',
        'make each of its tasks a handler of its own, all with the same "listen: TOPIC", and notify the topic',
        'block',
      ],
    ],
  )
})

test('each use of a role has an id of its own, shared by its tasks and handlers', (t) => {
  const dir = rolesIn({
    'r/tasks/main.yml': `${show('one', 'x')}${show('two', 'x')}`,
    'r/handlers/main.yml': show('again', 'x'),
  })
  writeFileSync(join(dir, 'play.yaml'), '- hosts: all\n  roles: [{ role: r, n: 1 }, { role: r, n: 2 }]\n')
  const [loaded] = loadPlaybook(join(dir, 'play.yaml'), modules).playbook.plays
  const ids = tasksOf(loaded?.sections.flat() ?? []).map((task) => task.role?.id)
  t.is(ids.length, 4)
  t.deepEqual([ids[0], ids[2]], [ids[1], ids[3]])
  t.not(ids[0], ids[2])
  t.deepEqual(
    loaded?.handlers.map((task) => task.role?.id),
    [ids[2]],
  )
})

const EXPORTING = {
  'r/vars/main.yml': 'v: role\n',
  'r/defaults/main.yml': 'd: default\n',
  'r/tasks/main.yml': show('in', '<%= v %>'),
}

test("a role's vars and defaults are there for the rest of the play, over its vars and below its hosts'", async (t) => {
  const after = show('after', '<%= v %> <%= d %>')
  const uses = ['  roles: [r]\n  tasks:\n', '  tasks:\n    - import_role: { name: r }\n']
  for (const use of uses) {
    const text = `- hosts: all\n  vars: { v: play }\n${use}    ${after}`
    t.deepEqual(await messages(EXPORTING, text), { in: 'role', after: 'role default' })
    t.deepEqual(await messages(EXPORTING, text, { inventory: 'all: { hosts: { here: { v: host } } }\n' }), {
      in: 'role',
      after: 'host default',
    })
  }
})

test('import_role with public: false keeps its variables to itself', async (t) => {
  const text = (option: string) =>
    `- hosts: all\n  vars: { v: play }\n  tasks:\n    - import_role: { name: r${option} }\n    ${show('after', '<%= v %>')}`
  t.deepEqual(await messages(EXPORTING, text(', public: false')), { in: 'role', after: 'play' })
  t.deepEqual(await messages(EXPORTING, text(', public: true')), { in: 'role', after: 'role' })
})
