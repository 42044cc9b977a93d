import test from 'ava'
import fc from 'fast-check'
import { duration, linesOf, printable, revealed, roundDuration, titleOf } from '../../src/report/text.ts'
import { task } from './events.ts'

const prints = test.macro({
  title: (_, given: string) => `printable: ${JSON.stringify(given).replace(/[^ -~]/g, (one) => `\\u${one.charCodeAt(0).toString(16)}`)}`,
  exec: (t, given: string, expected: string) => t.is(printable(given), expected),
})
test(prints, 'plain text', 'plain text')
test(prints, 'Grüße, 世界 👩‍👩‍👧', 'Grüße, 世界 👩‍👩‍👧')
test(prints, '\x1b[1;31mred\x1b[0m', 'red')
test(prints, '\x9b31mred', 'red')
test(prints, '\x1b]0;new title\x07text', 'text')
test(prints, '\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\', 'link')
test(prints, '\x1bPq#0\x1b\\sixel', 'sixel')
test(prints, '\x1b]0;never ended', '0;never ended')
test(prints, '\x1bcreset', 'reset')
test(prints, '\x1b', '')
test(prints, 'a\x07\x08\x00\x7f\x85b', 'ab')
test(prints, 'a\tb', 'a       b')
test(prints, 'one\ntwo\r\nthree', 'one two three')
test(prints, 'file\u202egpj.exe', 'file\\u{202e}gpj.exe')
test(prints, 'zero\u200bwidth\ufeff', 'zero\\u{200b}width\\u{feff}')
test(prints, 'lone \ud800', 'lone \\u{d800}')

test('no control character is ever left, in text or in lines', (t) => {
  const harmless = /^[^\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]*$/u
  const nasty = fc.string({
    unit: fc.constantFrom('\x1b', '[', ']', '0', ';', 'm', '\x07', '\x9b', '\x9d', '\r', '\n', '\t', '\u202e', 'a', '\\'),
  })
  fc.assert(
    fc.property(fc.oneof(nasty, fc.string({ unit: 'binary' })), (text) => {
      t.regex(printable(text), harmless)
      for (const line of linesOf(text)) t.regex(line, harmless)
      t.regex(revealed(text.replaceAll('\n', '')), harmless)
    }),
  )
  t.pass()
})

test('lines end at newlines, a carriage return begins a line anew, and blank ends are cut', (t) => {
  t.deepEqual(linesOf('10%\r50%\r100%\r\n  two  \n\n\x1b[2Kthree\n\n'), ['100%', '  two', '', 'three'])
})

test('what a file holds is shown with its control characters', (t) => {
  t.is(revealed('a\r'), 'a␍')
  t.is(revealed('\x1b[31m\ttab\x85'), '␛[31m   tab\\u{85}')
})

test('durations', (t) => {
  t.deepEqual([0, 40, 999, 12_340, 59_949, 59_960, 64_000, 3_599_000, 7_500_000].map(duration), [
    '0.0 s',
    '0.0 s',
    '1.0 s',
    '12.3 s',
    '59.9 s',
    '1 min 00 s',
    '1 min 04 s',
    '59 min 59 s',
    '2 h 05 min',
  ])
  t.deepEqual([1400, 64_000].map(roundDuration), ['1 s', '1 min 04 s'])
})

test('a task is named with its role', (t) => {
  t.is(titleOf(task(1, 'Install\x1b[31m it', 'apt', { role: 'docker' })), 'docker : Install it')
})
