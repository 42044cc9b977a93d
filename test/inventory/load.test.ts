import { join } from 'node:path'
import test from 'ava'
import { hostNamed } from '../../src/inventory/inventory.ts'
import { loadInventory } from '../../src/inventory/load.ts'
import { complaint, given, load, rejects, varsOf, warns } from './given.ts'

test('groups and hosts are those of the document, with all and ungrouped', (t) => {
  const inventory = load(
    t,
    `
ungrouped:
  hosts:
    mail.example.com:
webservers:
  hosts:
    foo.example.com:
    bar.example.com:
dbservers:
  hosts:
    one.example.com:
    foo.example.com:
`,
  )
  t.deepEqual([...inventory.hosts.keys()], ['mail.example.com', 'foo.example.com', 'bar.example.com', 'one.example.com'])
  t.deepEqual(
    [...inventory.groups.values()].map((group) => [group.name, group.depth, group.hosts]),
    [
      ['all', 0, ['mail.example.com', 'foo.example.com', 'bar.example.com', 'one.example.com']],
      ['ungrouped', 1, ['mail.example.com']],
      ['webservers', 1, ['foo.example.com', 'bar.example.com']],
      ['dbservers', 1, ['one.example.com', 'foo.example.com']],
    ],
  )
  t.deepEqual(inventory.hosts.get('foo.example.com')?.groups, ['all', 'dbservers', 'webservers'])
  t.deepEqual(inventory.hosts.get('mail.example.com')?.groups, ['all', 'ungrouped'])
})

test('groups nest to any depth, and a group told of in several places is one', (t) => {
  const inventory = load(
    t,
    `
all:
  children:
    usa:
      children:
        southeast:
          children:
            atlanta:
              hosts: {host1: , host2: }
            raleigh:
              hosts: {host2: , host3: }
        northeast:
raleigh:
  hosts:
    host4:
prod:
  children:
    atlanta:
`,
  )
  t.deepEqual(inventory.groups.get('usa')?.hosts, ['host1', 'host2', 'host3', 'host4'])
  t.deepEqual(inventory.groups.get('prod')?.hosts, ['host1', 'host2'])
  t.deepEqual(inventory.groups.get('northeast')?.hosts, [])
  t.deepEqual(inventory.hosts.get('host2')?.groups, ['all', 'prod', 'usa', 'southeast', 'atlanta', 'raleigh'])
  t.is(inventory.groups.get('atlanta')?.depth, 3)
})

test('a host that only all names is ungrouped; one that a group has too is not', (t) => {
  const inventory = load(
    t,
    'all:\n  hosts: {a: , b: }\n  children:\n    ungrouped:\n      hosts: {b: , c: }\n    web:\n      hosts: {b: }\n',
  )
  t.deepEqual(inventory.groups.get('ungrouped')?.hosts, ['a', 'c'])
  t.deepEqual(inventory.hosts.get('b')?.groups, ['all', 'web'])
})

test('ranges stand for their hosts, and a port may follow a name', (t) => {
  const inventory = load(
    t,
    'web:\n  hosts:\n    www[08:10].example.com: {x: 1}\n    db-[a:c]:\n    badwolf.example.com:5309:\n    "[2001:db8::1]:2222":\n',
  )
  t.deepEqual(inventory.groups.get('web')?.hosts, [
    'www08.example.com',
    'www09.example.com',
    'www10.example.com',
    'db-a',
    'db-b',
    'db-c',
    'badwolf.example.com',
    '2001:db8::1',
  ])
  t.deepEqual(varsOf(inventory, 'www09.example.com'), { x: 1 })
  t.deepEqual(varsOf(inventory, 'badwolf.example.com'), { ansible_port: 5309 })
  t.deepEqual(varsOf(inventory, '2001:db8::1'), { ansible_port: 2222 })
})

test('a single name may stand for a mapping', (t) => {
  const inventory = load(t, 'web:\n  hosts: a\nprod:\n  children: web\n')
  t.deepEqual(inventory.groups.get('prod')?.hosts, ['a'])
})

test('localhost is there without being named, in no group, with the variables of all', (t) => {
  const inventory = load(t, {
    'inventory.yaml': 'all:\n  vars: {x: 1, ansible_connection: ssh}\n  hosts: {a: }\n',
    'host_vars/localhost': 'y: 2\n',
  })
  t.is(inventory.hosts.get('localhost'), undefined)
  t.deepEqual(inventory.groups.get('all')?.hosts, ['a'])
  const local = hostNamed(inventory, '127.0.0.1')
  t.true(local?.implicit)
  t.deepEqual(
    [...(local?.vars ?? [])].map(([name, one]) => [name, one.value.kind === 'scalar' && one.value.value, one.from]),
    [
      ['x', 1, 'group'],
      ['ansible_connection', 'local', 'host'],
      ['y', 2, 'host'],
    ],
  )
})

test('a localhost that is named is a host like others', (t) => {
  const inventory = load(t, 'all:\n  hosts:\n    localhost: {ansible_connection: local}\n')
  t.deepEqual(inventory.groups.get('all')?.hosts, ['localhost'])
  t.is(hostNamed(inventory, '::1'), inventory.hosts.get('localhost'))
})

test('a folder is read file by file in ASCII order, but for what is no inventory', (t) => {
  const files = {
    'site/02-groups.yaml': 'prod:\n  children: {web: }\nweb:\n  vars: {x: 2}\n',
    'site/01-hosts': 'web:\n  hosts: {a: }\n  vars: {x: 1}\n',
    'site/README.md': '# no inventory',
    'site/.hidden.yaml': '[',
    'site/group_vars/web.yml': 'y: 3\n',
  }
  const inventory = load(t, files, 'site')
  t.deepEqual(varsOf(inventory, 'a'), { x: 2, y: 3 })
  t.deepEqual(inventory.hosts.get('a')?.groups, ['all', 'prod', 'web'])
})

test(
  'all faults are told of at once',
  rejects,
  `
all:
  host:
    a:
  children:
    web:
      hosts:
        - b
      ansible_user: ops
    db:
      vars: 5
hosts:
  c:
`,
  `
inventory.yaml:2:3 error: unknown key "host" in the group "all" [unknown-key]
  host:
  ~~~~
  hint: did you mean "hosts"?

inventory.yaml:7:9 error: "hosts" must be a mapping [invalid-value]
        - b
        ~
  hint: write "b:" instead of "- b"

inventory.yaml:8:7 error: unknown key "ansible_user" in the group "web" [unknown-key]
      ansible_user: ops
      ~~~~~~~~~~~~
  hint: variables of a group stand below its "vars:"

inventory.yaml:10:13 error: "vars" must be a mapping [invalid-value]
      vars: 5
            ~
  hint: write "NAME:" on lines of their own

inventory.yaml:11:1 error: "hosts" stands outside of any group [unknown-key]
hosts:
~~~~~
  hint: put it below a group, such as "all:"

5 errors`,
)

test(
  'a group below a group belongs below children',
  rejects,
  'prod:\n  web:\n    hosts:\n      a:\n',
  `
inventory.yaml:2:3 error: unknown key "web" in the group "prod" [unknown-key]
  web:
  ~~~
  hint: groups in a group stand below its "children:", hosts below its "hosts:"

1 error`,
)

test(
  'a group that contains itself is refused where the circle closes',
  rejects,
  'a:\n  children:\n    b:\nb:\n  children:\n    c:\n      children:\n        a:\n',
  `
inventory.yaml:8:9 error: the group "a" contains itself: a > b > c > a [invalid-value]
        a:
        ~
  hint: groups may have several parents, but no circles

1 error`,
)

test(
  'all and ungrouped keep their places',
  rejects,
  'web:\n  children:\n    all:\n    ungrouped:\nungrouped:\n  children:\n    db:\n',
  `
inventory.yaml:3:5 error: "all" holds every group and cannot be a child of one [invalid-value]
    all:
    ~~~

inventory.yaml:4:5 error: "ungrouped" holds the hosts that are in no group: it has no children, and "all" is its only parent [invalid-value]
    ungrouped:
    ~~~~~~~~~

inventory.yaml:7:5 error: "ungrouped" holds the hosts that are in no group: it has no children, and "all" is its only parent [invalid-value]
    db:
    ~~

3 errors`,
)

test(
  'a host named twice in one group is refused',
  rejects,
  'web:\n  hosts:\n    a:\n      x: 1\n    a:\n      x: 2\n',
  `
inventory.yaml:5:5 error: the key "a" stands twice in the same mapping [syntax]
    a:
    ~

1 error`,
)

test(
  'names, variables and priorities of the wrong form are refused',
  rejects,
  `
web:
  hosts:
    web[1-3]:
    "a b":
    c: 22
    d:99999:
  vars:
    ansible_group_priority: high
db: []
`,
  `
inventory.yaml:3:5 error: "web[1-3]" is no host name: [1-3]: a range is written [1:10], [01:10:2] or [a:f] [invalid-value]
    web[1-3]:
    ~~~~~~~~

inventory.yaml:4:5 error: "a b" is no host name: a host name holds no spaces or commas [invalid-value]
    "a b":
    ~~~~~

inventory.yaml:5:8 error: the variables of host "c" must be a mapping [invalid-value]
    c: 22
       ~~
  hint: such as "ansible_host: 192.0.2.10"

inventory.yaml:6:5 error: "d:99999" is no host name: 99999 is no port: ports are 1 to 65535 [invalid-value]
    d:99999:
    ~~~~~~~

inventory.yaml:8:29 error: ansible_group_priority must be a whole number [invalid-value]
    ansible_group_priority: high
                            ~~~~
  hint: groups of one level merge in its order; the greatest wins

inventory.yaml:9:5 error: the group "db" must be a mapping [invalid-value]
db: []
    ~
  hint: with "hosts:", "children:" or "vars:" below it

6 errors`,
)

test(
  'YAML errors have their place',
  rejects,
  'all:\n\thosts:\n',
  `
inventory.yaml:2:1 error: YAML does not allow tabs for indentation [syntax]
    hosts:
~~~~
  hint: indent with spaces

1 error`,
)

for (const text of ['', '---\n', '# only a comment\n'])
  test(
    `an empty inventory is refused: ${JSON.stringify(text)}`,
    rejects,
    text,
    `
inventory.yaml:1:1 error: the inventory is empty [missing-key]
${text === '' ? '' : `${text}${'~'}\n`}  hint: the least one is:
        all:
          hosts:
            HOST:

1 error`,
  )

test(
  'an INI inventory is refused once, with the way out',
  rejects,
  '; my hosts\n[web]\nweb1 ansible_host=192.0.2.1\n\n[web:vars]\nx=1\n',
  `
inventory.yaml:2:1 error: this is an INI inventory: mhprov reads YAML [syntax]
[web]
~~~~~
  hint: convert it once with: ansible-inventory -i inventory.yaml --list --yaml

1 error`,
)

test(
  'an INI inventory may begin with a host',
  rejects,
  'web1 ansible_host=192.0.2.1\n[db]\n',
  `
inventory.yaml:1:1 error: this is an INI inventory: mhprov reads YAML [syntax]
web1 ansible_host=192.0.2.1
~~~~~~~~~~~~~~~~~~~~~~~~~~~
  hint: convert it once with: ansible-inventory -i inventory.yaml --list --yaml

1 error`,
)

test(
  'an inventory script is refused',
  rejects,
  '#!/usr/bin/env python3\nprint("{}")\n',
  `
inventory.yaml:1:1 error: this is the inventory of a script: mhprov reads YAML files [syntax]
#!/usr/bin/env python3
~~~~~~~~~~~~~~~~~~~~~~
  hint: convert it once with: ansible-inventory -i inventory.yaml --list --yaml

1 error`,
)

test(
  "a plugin's settings are refused",
  rejects,
  'plugin: amazon.aws.aws_ec2\nregions: [eu-central-1]\n',
  `
inventory.yaml:1:1 error: this is the inventory of a plugin: mhprov reads YAML files [syntax]
plugin: amazon.aws.aws_ec2
~~~~~~~~~~~~~~~~~~~~~~~~~~
  hint: convert it once with: ansible-inventory -i inventory.yaml --list --yaml

1 error`,
)

test(
  'a playbook is told from an inventory',
  rejects,
  '- hosts: all\n  tasks: []\n',
  `
inventory.yaml:1:1 error: an inventory is a mapping of groups [invalid-value]
- hosts: all
~
  hint: this looks like a playbook

1 error`,
)

test('a file that is not there is told of by its name', (t) => {
  const dir = given(t, {})
  t.is(
    complaint(loadInventory(join(dir, 'hosts.yaml')), dir),
    'error: cannot read the inventory hosts.yaml: there is no such file [missing-file]\n\n1 error',
  )
})

test('a folder within a folder of inventories is not read, and warned of', (t) => {
  const dir = given(t, { 'site/hosts.yaml': 'all:\n  hosts: {a: }\n', 'site/more/hosts.yaml': 'all:\n  hosts: {b: }\n' })
  const loaded = loadInventory(join(dir, 'site'))
  t.deepEqual(loaded.ok && [...loaded.value.hosts.keys()], ['a'])
  t.is(complaint(loaded, dir), 'site:1:1 warning: the folder site/more is not read [missing-file]\n\n1 warning')
})

test('a folder without an inventory is told of', (t) => {
  const dir = given(t, { 'site/group_vars/all.yml': 'x: 1\n' })
  t.is(complaint(loadInventory(join(dir, 'site')), dir), 'error: the folder site holds no inventory file [missing-file]\n\n1 error')
})

test(
  'doubtful names are warned of',
  warns,
  'web:\n  hosts:\n    web:\n      vars: {x: 1}\nmy group:\n  hosts: {a: }\n',
  `
inventory.yaml:3:5 warning: "web" is both a host and a group; a pattern means the host [invalid-value]
    web:
    ~~~
  hint: rename one of them

inventory.yaml:4:7 warning: "vars" is read as a variable of host "web" [unknown-key]
      vars: {x: 1}
      ~~~~
  hint: variables of a host stand directly below its name

inventory.yaml:5:1 warning: no pattern can name the group "my group" [invalid-value]
my group:
~~~~~~~~
  hint: use letters, digits and underscores

3 warnings`,
)
