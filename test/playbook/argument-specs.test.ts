import test from 'ava'
import { play } from '../helpers/play.ts'

const text = (specs: string) => `- hosts: here
  gather_facts: false
  argument_specs:
${specs.replace(/^/gm, '    ')}
  tasks:
    - { name: it, debug: { msg: "<%= vars.level ?? 'none' %>" } }
`
const SPECS = `server_name:
  type: str
  required: true
  description: what comes after the colon
  rules:
    - { that: "!value.contains(':')", fail_msg: a server name has no port }
    - { that: "value.matches('^[a-z0-9.-]+$')", fail_msg: lower case only }
level: { type: int, default: 3 }
mode: { choices: [socket, tcp], default: socket }`
const inventory = (vars: string) => `all: { hosts: { here: { ${vars} } } }\n`
const said = async (vars: string, specs = SPECS, extra = {}) =>
  (await play(text(specs), { inventory: inventory(vars), extra })).problems.map(
    ({ message, at }) => `${message} @${at?.file.text.slice(at.start, at.end)}`,
  )

test('defaults are the lowest precedence', async (t) => {
  const played = await play(text(SPECS), { inventory: inventory('server_name: example.com') })
  t.deepEqual(played.problems, [])
  t.is(played.results.it!.msg, 3)
  t.is((await play(text(SPECS), { inventory: inventory('server_name: example.com, level: 5') })).results.it!.msg, 5)
})

test('a missing, mistyped or unfit variable is told at its place, before anything runs', async (t) => {
  t.deepEqual(await said(''), ['here: the variable server_name is not set: what comes after the colon @here'])
  t.deepEqual(await said('server_name: "example.com:8448"'), ['server_name: a server name has no port @"example.com:8448"'])
  t.deepEqual(await said('server_name: Example.com'), ['server_name: lower case only @Example.com'])
  t.deepEqual(await said('server_name: 7'), ['server_name: it must be text, not 7 @7'])
  t.deepEqual(await said('server_name: a.b, mode: udp'), ['mode: it must be one of socket, tcp, not "udp" @udp'])
  t.deepEqual(await said('server_name: a.b', SPECS, { level: '5' }), [
    `level: it must be a whole number, not "5" (with -e give JSON: -e '{"name": …}') @undefined`,
  ])
})

test('faults of the specification itself have their place', async (t) => {
  t.deepEqual(await said('a: 1', 'a: { typ: str }'), ['unknown key "typ" in the specification of a @typ'])
  t.deepEqual(await said('a: 1', 'a: { type: strng }'), ['there is no type "strng" @strng'])
  t.deepEqual(await said('a: 1', 'a: { rules: [{ fail_msg: x }] }'), ['a rule needs "that", a condition on "value" @{ fail_msg: x }'])
})

test('a variable that reads like a slip of an option is a warning', async (t) => {
  const played = await play(text(SPECS), { inventory: inventory('server_name: a.b, levl: 5, other: 1') })
  t.deepEqual(played.problems, [])
  t.deepEqual(
    played.warnings.map(({ message, hint }) => `${message}: ${hint}`),
    ['levl is no option of this play: did you mean "level"?'],
  )
})
