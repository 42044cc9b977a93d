import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { selectHosts } from '../../src/inventory/select.ts'
import { complaint, given, load } from './given.ts'

const SITE = `
webservers:
  hosts:
    cobweb:
    webbing:
    weber:
dbservers:
  hosts:
    one.example.com:
    two.example.com:
    weber:
staging:
  hosts:
    weber:
    one.example.com:
    webbing:
phoenix:
  hosts:
    webbing:
v6:
  hosts:
    "2001:db8::1":
    "2001:db8::2":
    192.0.2.50:
`

function selects(t: ExecutionContext, pattern: string, expected: string, limit?: string): void {
  const selected = selectHosts(load(t, SITE), pattern, limit)
  t.is(selected.ok ? selected.value.map((host) => host.name).join(' ') : complaint(selected), expected)
}

const ALL = 'cobweb webbing weber one.example.com two.example.com 2001:db8::1 2001:db8::2 192.0.2.50'

test('all is every host in the order of the document', selects, 'all', ALL)
test('so is a star', selects, '*', ALL)
test('a name is its host', selects, 'weber', 'weber')
test('a colon joins', selects, 'weber:cobweb', 'weber cobweb')
test('a comma joins', selects, 'weber, cobweb', 'weber cobweb')
test('both join', selects, 'weber:cobweb,one.example.com', 'weber cobweb one.example.com')
test('a group is its hosts', selects, 'webservers', 'cobweb webbing weber')
test(
  'groups come in the order of the pattern, each host once',
  selects,
  'dbservers:webservers',
  'one.example.com two.example.com weber cobweb webbing',
)
test('! excludes', selects, 'webservers:!phoenix', 'cobweb weber')
test('& intersects, in the order of what it cuts', selects, 'webservers:&staging', 'webbing weber')
test('unions go before intersections, those before exclusions', selects, 'webservers:dbservers:&staging:!phoenix', 'weber one.example.com')
test('wherever they are written', selects, '!phoenix:&staging:dbservers:webservers', 'one.example.com weber')
test('exclusions alone are of all', selects, '!dbservers,!v6', 'cobweb webbing')
test('so are intersections', selects, '&phoenix', 'webbing')
test('a glob matches hosts', selects, '*.example.com', 'one.example.com two.example.com')
test('a glob matches groups', selects, 'web*s', 'cobweb webbing weber')
test('a glob matches addresses', selects, '192.0.*', '192.0.2.50')
test('a question mark is one character', selects, 'web??', 'weber')
test(
  'brackets are a class of characters',
  selects,
  '[!ot]*.example.com:[ot]ne.*',
  `error: the pattern: no host or group matches "[!ot]*.example.com" [usage]

1 error`,
)
test('a class matches', selects, '[ot]*.example.com', 'one.example.com two.example.com')
test('globs and groups mix', selects, 'one*.com:phoenix', 'one.example.com webbing')
test('a dot in a glob is a dot', selects, 'one?example*', 'one.example.com')
test('~ is a regular expression, from the begin of the name', selects, '~(one|two)\\.ex', 'one.example.com two.example.com')
test('a regular expression may hold colons and commas', selects, '~(?:one|web){1,2}', 'cobweb webbing weber one.example.com')
test(
  'a regular expression ends at a colon outside of parentheses',
  selects,
  '~.*e\\.com$:!one.example.com:phoenix',
  'two.example.com webbing',
)
test('regular expressions exclude', selects, 'webservers:!~webb', 'cobweb weber')
test('and match groups', selects, 'webservers:phoenix:!~we', '')
test('[0] is the first of a group', selects, 'webservers[0]', 'cobweb')
test('[-1] is the last', selects, 'webservers[-1]', 'weber')
test('[0:2] includes both ends', selects, 'webservers[0:2]', 'cobweb webbing weber')
test('[1:2] too', selects, 'webservers[1:2]', 'webbing weber')
test('[1-2] is the same', selects, 'webservers[1-2]', 'webbing weber')
test('[1:] goes to the end', selects, 'webservers[1:]', 'webbing weber')
test('[:1] comes from the begin', selects, 'webservers[:1]', 'cobweb webbing')
test('[:3] ends with the group', selects, 'webservers[:3]', 'cobweb webbing weber')
test('subscripts exclude', selects, 'webservers:!webservers[0]', 'webbing weber')
test('globs take subscripts', selects, '*.com[1]', 'two.example.com')
test('an IPv6 address is one name', selects, '2001:db8::1', '2001:db8::1')
test('IPv6 addresses join at commas', selects, '2001:db8::2,2001:db8::1', '2001:db8::2 2001:db8::1')
test('known ones join at colons too', selects, '2001:db8::2:weber:!2001:db8::1', '2001:db8::2 weber')
test('localhost is this machine', selects, 'localhost', 'localhost')
test('which is not one of all', selects, 'all:&localhost', '')

test('a limit narrows and keeps the order', selects, 'dbservers:webservers', 'one.example.com weber webbing', 'staging')
test('a limit may only exclude', selects, 'webservers', 'cobweb', '!staging')
test('a limit that has none of the hosts leaves none', selects, 'phoenix', '', 'cobweb')
test('a limit names localhost', selects, 'localhost', 'localhost', 'localhost')

const says = selects
test(
  'a misspelt group is told of',
  says,
  'webserver',
  `error: the pattern: the inventory has no host or group "webserver" [usage]
  hint: did you mean "webservers"?

1 error`,
)
test(
  'a misspelt exclusion too: it would let a host in',
  says,
  'all:!phenix',
  `error: the pattern: the inventory has no host or group "phenix" [usage]
  hint: did you mean "phoenix"?

1 error`,
)
test(
  'a misspelt limit is a problem of the command line',
  says,
  'all',
  `error: --limit: the inventory has no host or group "cobwbe" [usage]
  hint: did you mean "cobweb"?

1 error`,
  'cobwbe',
)
test(
  'all parts are told of at once',
  says,
  'nobody:all:no*',
  `error: the pattern: the inventory has no host or group "nobody" [usage]

error: the pattern: no host or group matches "no*" [usage]

2 errors`,
)
test(
  'an index beyond the group is told of',
  says,
  'webservers[3]',
  `error: the pattern: "webservers[3]" picks no host [usage]
  hint: "webservers" has 3 hosts, [0] to [2]

1 error`,
)
test(
  'an index before the group is told of',
  says,
  'webservers[-4]',
  `error: the pattern: "webservers[-4]" picks no host [usage]
  hint: "webservers" has 3 hosts, [0] to [2]

1 error`,
)
test(
  'a broken regular expression is told of',
  says,
  '~(web',
  `error: the pattern: "~(web" is no regular expression [usage]
  hint: Invalid regular expression: /^(?:(web)/: Unterminated group

1 error`,
)
test(
  'an empty limit is not every host',
  says,
  'all',
  `error: --limit names no hosts [usage]
  hint: for every host it is "all"

1 error`,
  '',
)

test('a group without hosts is no fault', (t) => {
  const selected = selectHosts(load(t, 'web:\n  hosts: {a: }\nempty:\n'), 'empty:web:!empty')
  t.deepEqual(selected.ok && selected.value.map((host) => host.name), ['a'])
})

test('a host goes before a group of its name', (t) => {
  const selected = selectHosts(load(t, 'web:\n  hosts: {web: , b: }\n'), 'web')
  t.deepEqual(selected.ok && selected.value.map((host) => host.name), ['web'])
})

test("what a play's pattern misses is told of at its place", (t) => {
  const file = { path: 'site.yaml', text: '- hosts: webservers:!dbserver\n' }
  const selected = selectHosts(load(t, SITE), 'webservers:!dbserver', undefined, { file, start: 9, end: 29 })
  t.is(
    complaint(selected),
    `site.yaml:1:21 error: the inventory has no host or group "dbserver" [unknown-host]
- hosts: webservers:!dbserver
                    ~~~~~~~~~
  hint: did you mean "dbservers"?

1 error`,
  )
})

test('a limit may be a file, a pattern a line', (t) => {
  const dir = given(t, { 'site.retry': '# failed last time\ncobweb\n\nweber\n', empty: '\n', wrong: 'cobweb\n  webe\n' })
  const inventory = load(t, SITE)
  const limited = (name: string) => selectHosts(inventory, 'all', `@${join(dir, name)}`)
  const retry = limited('site.retry')
  t.deepEqual(retry.ok && retry.value.map((host) => host.name), ['cobweb', 'weber'])
  t.is(complaint(limited('empty'), dir), 'error: --limit: empty names no hosts [usage]\n\n1 error')
  t.is(complaint(limited('none'), dir), 'error: --limit: cannot read none: there is no such file [missing-file]\n\n1 error')
  t.is(
    complaint(limited('wrong'), dir),
    'wrong:2:3 error: the inventory has no host or group "webe" [unknown-host]\n  webe\n  ~~~~\n  hint: did you mean "weber"?\n\n1 error',
  )
})
