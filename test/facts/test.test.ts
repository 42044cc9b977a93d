import test from 'ava'
import { test as asked } from '../../src/facts/test.ts'
import { shell } from '../helpers/settle.ts'

test('many questions are answered by one script, none disturbing another', async (t) => {
  const keys = [
    { script: 'true' },
    { script: 'exit 3' },
    { script: 'echo noise; echo 0; echo more >&2' },
    { script: 'cd /; false' },
    { script: 'read x' },
    { script: 'test "$(pwd)" = /usr', dir: '/usr' },
    { script: 'true', dir: '/no/such' },
    { script: 'if then' },
    { script: "printf '%s' 'it''s' | grep -q its # comment" },
    { script: 'kill -9 $$' },
    { script: '' },
  ]
  const { kind } = asked(keys[0]!)
  const { stdout } = await shell(kind.script(keys).text)
  t.deepEqual(kind.parse(stdout, keys), [true, false, true, false, false, true, false, false, true, false, true])
})
