import test from 'ava'
import fc from 'fast-check'
import { quote } from '../../../src/module/shell.ts'
import { splitCommand } from '../../../src/modules/command/command-line.ts'

for (const [line, ...words] of [
  [''],
  [' \t\r\n'],
  ['a  b\tc\nd', 'a', 'b', 'c', 'd'],
  ["'a b' \"c d\"e'f'", 'a b', 'c def'],
  ['"" \'\'', '', ''],
  ['a\\ b \\"c\\" \\\\', 'a b', '"c"', '\\'],
  ['"\\"\\\\ \\$HOME \\n"', '"\\ \\$HOME \\n'],
  ["'\\'", '\\'],
  ['a \\\n  b', 'a', 'b'],
  ['a\\\nb', 'ab'],
  ['"a\\\nb"', 'a\\\nb'],
  ['# not; a | comment > x', '#', 'not;', 'a', '|', 'comment', '>', 'x'],
  ['a\u00a0b é', 'a\u00a0b', 'é'],
] as [string, ...string[]][])
  test(`splits ${JSON.stringify(line)}`, (t) => t.deepEqual(splitCommand(line), { words }))

for (const [line, why] of [
  ['a "b', 'No closing quotation'],
  ["it's", 'No closing quotation'],
  ['"ends \\"', 'No closing quotation'],
  ['ends \\', 'No escaped character'],
] as const)
  test(`cannot split ${JSON.stringify(line)}`, (t) => t.deepEqual(splitCommand(line), { why }))

test('quoted words come back as they were', (t) => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: fc.constantFrom(...'\'"\\$ \n\ta🦀') })), (words) => {
      t.deepEqual(splitCommand(words.map(quote).join(' ')), { words })
    }),
  )
})
