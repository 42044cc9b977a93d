import { join } from 'node:path'
import test from 'ava'
import { loadInventory } from '../../src/inventory/load.ts'
import { complaint, given, load, rejects, varsOf, warns } from './given.ts'

test('from low to high: all, parent, child, host', (t) => {
  const inventory = load(
    t,
    `
all:
  vars: {a: all, b: all, c: all, d: all}
  children:
    parent:
      vars: {b: parent, c: parent, d: parent}
      children:
        child:
          vars: {c: child, d: child}
          hosts:
            h: {d: host}
`,
  )
  t.deepEqual(varsOf(inventory, 'h'), { a: 'all', b: 'parent', c: 'child', d: 'host' })
  const vars = inventory.hosts.get('h')?.vars
  t.is(vars?.get('c')?.from, 'group')
  t.is(vars?.get('c')?.group, 'child')
  t.is(vars?.get('d')?.from, 'host')
  t.is(vars?.get('d')?.group, undefined)
})

test('groups of one level merge in ASCII order', (t) => {
  const inventory = load(t, 'b_group:\n  hosts: {h: }\n  vars: {testvar: b}\na_group:\n  hosts: {h: }\n  vars: {testvar: a}\n')
  t.deepEqual(varsOf(inventory, 'h'), { testvar: 'b' })
})

test('ansible_group_priority changes the order within a level, and is no variable', (t) => {
  const inventory = load(
    t,
    'a_group:\n  hosts: {h: }\n  vars: {testvar: a, ansible_group_priority: 10}\nb_group:\n  hosts: {h: }\n  vars: {testvar: b}\n',
  )
  t.deepEqual(varsOf(inventory, 'h'), { testvar: 'a' })
  t.deepEqual(inventory.hosts.get('h')?.groups, ['all', 'b_group', 'a_group'])
})

test('depth goes before priority', (t) => {
  const inventory = load(
    t,
    'parent:\n  vars: {x: parent, ansible_group_priority: 99}\n  children:\n    child:\n      vars: {x: child}\n      hosts: {h: }\n',
  )
  t.deepEqual(varsOf(inventory, 'h'), { x: 'child' })
})

test('values are overwritten, not merged', (t) => {
  const inventory = load(t, 'all:\n  vars: {x: {a: 1}}\n  hosts:\n    h: {x: {b: 2}}\n')
  t.deepEqual(varsOf(inventory, 'h'), { x: { b: 2 } })
})

test('a host in several groups has the variables of each naming', (t) => {
  const inventory = load(t, 'all:\n  hosts:\n    h: {x: 1, y: 1}\n  children:\n    web:\n      hosts:\n        h: {y: 2, z: 2}\n')
  t.deepEqual(varsOf(inventory, 'h'), { y: 1, z: 2, x: 1 }, 'children are read before hosts, as in Ansible')
})

test('group_vars stand over all groups of the inventory file, host_vars over its hosts', (t) => {
  const inventory = load(t, {
    'inventory.yaml': `
all:
  vars: {a: inline all}
web:
  vars: {a: inline web, b: inline web, c: inline web, d: inline web}
  hosts:
    h: {d: inline host, e: inline host}
`,
    'group_vars/all.yml': 'b: file all\nc: file all\ne: file all\n',
    'group_vars/web.yaml': 'c: file web\n',
    'host_vars/h': 'e: file host\n',
  })
  t.deepEqual(varsOf(inventory, 'h'), { a: 'inline web', b: 'file all', c: 'file web', d: 'inline host', e: 'file host' })
})

test("a folder's files are read in lexical order, those of folders in it too; hidden files, copies and others are not", (t) => {
  const inventory = load(t, {
    'inventory.yaml': 'web:\n  hosts: {h: }\n',
    'group_vars/web/b.yml': 'x: b\ny: b\n',
    'group_vars/web/a': 'x: a\nz: a\n',
    'group_vars/web/c/deep.json': '{"y": "deep"}',
    'group_vars/web/d.yml~': 'x: copy\n',
    'group_vars/web/.e.yml': 'x: hidden\n',
    'group_vars/web/f.txt': 'x: text\n',
    'group_vars/web/g.yml': '# nothing\n',
  })
  t.deepEqual(varsOf(inventory, 'h'), { x: 'b', z: 'a', y: 'deep' })
})

test('values know their place in the file they come from', (t) => {
  const dir = given(t, { 'inventory.yaml': 'web:\n  hosts: {h: }\n', 'group_vars/web.yml': 'a: 1\nport: <%= base + 1 %>\n' })
  const loaded = loadInventory(join(dir, 'inventory.yaml'))
  const at = loaded.ok ? loaded.value.hosts.get('h')?.vars.get('port')?.value.at : undefined
  t.is(at?.file.path, join(dir, 'group_vars/web.yml'))
  t.is(at?.file.text.slice(at.start, at.end), '<%= base + 1 %>')
})

test(
  'faults of variable files are told of with those of the inventory',
  rejects,
  {
    'inventory.yaml': 'web:\n  hosts: {h: }\n  hots: {i: }\n',
    'group_vars/web.yml': '- a\n',
    'host_vars/h.yml': 'a: [1\n',
  },
  `
group_vars/web.yml:1:1 error: a file of variables must be a mapping [invalid-value]
- a
~
  hint: such as "http_port: 80"

host_vars/h.yml:2:1 error: Flow sequence in block collection must be sufficiently indented and end with a ] [syntax]

inventory.yaml:3:3 error: unknown key "hots" in the group "web" [unknown-key]
  hots: {i: }
  ~~~~
  hint: did you mean "hosts"?

3 errors`,
)

test(
  'what ansible-vault encrypted is refused, a file and a value',
  rejects,
  {
    'inventory.yaml':
      'web:\n  hosts: {h: }\n  vars:\n    nested:\n      - password: !vault |\n          $ANSIBLE_VAULT;1.1;AES256\n          6162\n',
    'group_vars/all.yml': '$ANSIBLE_VAULT;1.1;AES256\n3162\n',
  },
  `
group_vars/all.yml:1:1 error: this is encrypted by ansible-vault, which mhprov does not read [invalid-value]
$ANSIBLE_VAULT;1.1;AES256
~
  hint: see it with "ansible-vault view", and keep it in a file of variables that only you can read

inventory.yaml:5:26 error: this is encrypted by ansible-vault, which mhprov does not read [invalid-value]
      - password: !vault |
                         ~
  hint: see it with "ansible-vault view", and keep it in a file of variables that only you can read

2 errors`,
)

test(
  'a file that is not read is warned of, and a priority where it means nothing',
  warns,
  {
    'inventory.yaml': 'web:\n  hosts: {h1: , h2: }\n',
    'group_vars/web/main.yml': 'x: 1\n',
    'group_vars/web.yml': 'x: 2\n',
    'group_vars/all.yml': 'ansible_group_priority: 3\n',
  },
  `
group_vars/all.yml:1:1 warning: ansible_group_priority has no effect here [invalid-value]
ansible_group_priority: 3
~~~~~~~~~~~~~~~~~~~~~~
  hint: set it in the inventory file, below "vars:" of the group

group_vars/web.yml:1:1 warning: group_vars/web.yml is not read: group_vars/web comes first [missing-file]
  hint: keep one of them

2 warnings`,
)

test(
  "a file whose name is nearly a group's is warned of; those of other inventories are not",
  warns,
  {
    'inventory.yaml': 'webservers:\n  hosts: {h: }\n',
    'group_vars/webserver.yml': 'x: 1\n',
    'group_vars/mailhosts.yml': 'x: 1\n',
  },
  `
group_vars/webserver.yml:1:1 warning: this file is for "webserver", which the inventory does not name [unknown-host]
  hint: did you mean "webservers"?

1 warning`,
)

test('a group_vars that is no folder is told of', (t) => {
  const dir = given(t, { 'inventory.yaml': 'all:\n  hosts: {a: }\n', group_vars: 'x: 1\n' })
  const said = complaint(loadInventory(join(dir, 'inventory.yaml')), dir)
  t.is(said, "error: cannot read group_vars: ENOTDIR: not a directory, scandir 'group_vars' [missing-file]\n\n1 error")
})

test('a host cannot be named out of its folder', (t) => {
  const inventory = load(t, { 'inventory.yaml': 'all:\n  hosts: {"..": }\n', 'host_vars/a.yml': 'x: 1\n', 'other.yml': 'y: 1\n' })
  t.deepEqual(varsOf(inventory, '..'), {})
})

test('an inventory in order has nothing to say', (t) => {
  const dir = given(t, 'all:\n  hosts: {a: }\n')
  t.is(complaint(loadInventory(join(dir, 'inventory.yaml'))), '')
})
