import test from 'ava'
import { compileTemplate, type Template } from '../../src/playbook/template.ts'

const variables = (values: Record<string, unknown>) => ({
  has: (name: string) => Object.hasOwn(values, name),
  get: (name: string) => values[name],
})

const renders = test.macro((t, text: string, values: Record<string, unknown>, expected: unknown) => {
  const template = compileTemplate(text)
  t.true('render' in template, JSON.stringify(template))
  t.deepEqual((template as Template).render(variables(values)), expected)
})

test('one expression keeps its type: a list', renders, '<%= a %>', { a: [1, 'x'] }, [1, 'x'])
test('one expression keeps its type: null', renders, '<%= a %>', { a: null }, null)
test('one expression may be an object', renders, '<%= {a: 1, b: c} %>', { c: 2 }, { a: 1, b: 2 })
test('text around makes text, and nothing is escaped', renders, 'x <%= a %> y', { a: `&<>'"` }, `x &<>'" y`)
test('an object in text is JSON', renders, 'a <%= o %>', { o: { a: 1 } }, 'a {"a":1}')
test(
  'control flow trims its lines',
  renders,
  '<% for (const u of users) { -%>\n- <%= u.name %>\n<% } -%>\n',
  { users: [{ name: 'j' }, { name: 'k' }] },
  '- j\n- k\n',
)
test('vars.name may be missing', renders, '<%= vars.port ?? 8008 %>', {}, 8008)
test('a branch not taken reads nothing', renders, '<%= vars.tls ? cert : "none" %>', {}, 'none')
test('<%% is a literal', renders, '<%% a %>', {}, '<% a %>')
test('$-patterns and backslashes in values stay', renders, 'v=<%= a %>;', { a: '$& $1 \\n %s ${x}' }, 'v=$& $1 \\n %s ${x};')

const throws = test.macro((t, text: string, values: Record<string, unknown>, message: string) => {
  const error = t.throws(() => (compileTemplate(text) as Template).render(variables(values)))
  t.true(error?.message.includes(message), error?.message)
})

test('a missing name throws', throws, '<%= typo %>', {}, 'undefined variable "typo"')
test('a missing property cannot be put into text', throws, 'a <%= o.typo %>', { o: {} }, 'there is no value')
test('null cannot be put into text', throws, 'a <%= n %>', { n: null }, 'there is no value')
test('the process is out of reach', throws, '<%= process.version %>', {}, 'undefined variable "process"')
test('globalThis is out of reach', throws, '<%= globalThis %>', {}, 'undefined variable "globalThis"')

const reads = test.macro((t, text: string, names: string[], open: boolean) => {
  const template = compileTemplate(text) as Template
  t.deepEqual(
    template.reads.names.map((name) => name.name + (name.optional ? '?' : '')),
    names,
  )
  t.is(template.reads.open, open)
  for (const name of template.reads.names) t.is(text.slice(name.start, name.end), name.name)
})

test('reads free names only', reads, '<%= xs.map((x) => x + k) %>', ['xs', 'k'], false)
test('reads inside loops, not what they bind', reads, '<% for (const u of users) { %><%= u.name %><%= z %><% } %>', ['users', 'z'], false)
test('let is local', reads, '<% let q = 1 %><%= q + w %>', ['w'], false)
test('typeof may look at a missing name', reads, '<%= typeof foo %>', ['foo?'], false)
test('vars.name is an optional read', reads, '<%= vars.a %>', ['a?'], false)
test('vars[x] reads what cannot be told', reads, '<%= vars[x] %>', ['x'], true)
test('hostvars reads what cannot be told', reads, '<%= hostvars.a.b %>', [], true)
test('object keys are not reads', reads, '<%= {a: b} %>', ['b'], false)
test('shorthand properties are reads', reads, '<%= {a} %>', ['a'], false)

const faulty = test.macro((t, text: string, message: string, piece: string) => {
  const fault = compileTemplate(text)
  t.true('message' in fault)
  if (!('message' in fault)) return
  t.true(fault.message.includes(message), fault.message)
  t.is(text.slice(fault.start, fault.end), piece)
})

test('<%- is refused', faulty, 'a <%- b %>', '<%- is not used here', '<%-')
test('an unclosed tag is a fault', faulty, 'x <%= a', 'never closed', '<%')
test('bad JavaScript is a fault at its place', faulty, '<%= a + %>', 'not valid JavaScript', '%')
