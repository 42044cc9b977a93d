import test from 'ava'
import { extraVars } from '../../src/commands/extra-vars.ts'
import { render } from '../../src/playbook/render.ts'
import { Scope } from '../../src/playbook/scope.ts'
import { folder } from '../helpers/mhprov.ts'

const gives = test.macro((t, given: string[], expected: Record<string, unknown>) => {
  const result = extraVars(given)
  t.true(result.ok)
  if (result.ok)
    t.deepEqual(
      Object.fromEntries(
        [...result.value].map(([name, one]) => [name, 'value' in one ? render(one.value, new Scope([])) : 'data' in one && one.data]),
      ),
      expected,
    )
})

test('pairs are text', gives, ['a=1 b=two'], { a: '1', b: 'two' })
test('quotes keep blanks', gives, [`a="x y" b='z "w"'`], { a: 'x y', b: 'z "w"' })
test('JSON keeps types', gives, ['{"a": 1, "b": [true]}'], { a: 1, b: [true] })
test('YAML keeps types', gives, ['a: 1'], { a: 1 })
test('later ones win', gives, ['a=1', 'a=2'], { a: '2' })
test('a value may hold =', gives, ['a=b=c'], { a: 'b=c' })
test('a file is read', gives, [`@${folder({ 'v.yaml': 'a: [1, x]\n' })}/v.yaml`], { a: [1, 'x'] })

test('what is none of these is refused', (t) => {
  const result = extraVars(['just words'])
  t.false(result.ok)
  if (!result.ok) t.is(result.problems[0]?.message, '-e does not understand "just words"')
})
