import test from 'ava'
import { type Condition, compileCondition } from '../../src/playbook/condition.ts'

const variables = (values: Record<string, unknown>) => ({
  has: (name: string) => Object.hasOwn(values, name),
  get: (name: string) => values[name],
})

const gives = test.macro((t, text: string, values: Record<string, unknown>, expected: unknown) => {
  const condition = compileCondition(text)
  t.true('evaluate' in condition, JSON.stringify(condition))
  t.deepEqual((condition as Condition).evaluate(variables(values)), expected)
})

test('whole numbers are ints', gives, 'n + 1 == 3 && r.rc == 0', { n: 2, r: { rc: 0 } }, true)
test('fractions are doubles', gives, 'n > 1.4', { n: 1.5 }, true)
test('text functions', gives, 's.startsWith("a") && s.contains("b") && s.matches("^a.c$")', { s: 'abc' }, true)
test('membership', gives, '"web" in groups', { groups: ['web'] }, true)
test('has(vars.name) asks whether a variable is there', gives, 'has(vars.a) && !has(vars.b)', { a: 1 }, true)
test('a macro binds its own name', gives, 'ports.exists(x, x.port == 80)', { ports: [{ port: 80 }] }, true)
test('a boolean variable is a condition', gives, 'tls', { tls: false }, false)
test('null compares', gives, 'm.x == null', { m: { x: null } }, true)

test('reads the names outside macros, with their places', (t) => {
  const condition = compileCondition('r.changed && many.all(x, x > limit) && has(vars.opt)') as Condition
  t.deepEqual(
    condition.reads.names.map(({ name, start, optional }) => [name, start, optional]),
    [
      ['r', 0, false],
      ['many', 13, false],
      ['limit', 29, false],
      ['opt', 48, true],
    ],
  )
})

const refused = test.macro((t, text: string, hint: string) => {
  const fault = compileCondition(text)
  t.true('message' in fault)
  if ('message' in fault) t.true(fault.hint?.includes(hint), JSON.stringify(fault))
})

test("Jinja's and is answered with &&", refused, 'a and b', '&& for and')
test("Jinja's is defined is answered with has()", refused, 'a is defined', 'has(vars.name)')
test("Jinja's is changed is answered with .changed", refused, 'r is changed', 'result.changed')
test('a template in a condition is refused', refused, '<%= a %> == 1', 'bare name')

test('a type error is found without values', (t) => {
  const fault = compileCondition('1 + "a" == 2')
  t.true('message' in fault && fault.message.includes('no such overload: int + string'))
})

test('a missing variable throws', (t) => {
  t.throws(() => (compileCondition('typo == 1') as Condition).evaluate(variables({})), { message: 'undefined variable "typo"' })
})
