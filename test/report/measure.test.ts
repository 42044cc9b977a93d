import test from 'ava'
import fc from 'fast-check'
import { clip, fold, pad, padStart, widthOf } from '../../src/report/measure.ts'

test('width counts columns: wide characters two, colours and combining marks none', (t) => {
  t.deepEqual(['abc', '世界', '👩‍👩‍👧', 'e\u0301', '\x1b[1mab\x1b[22m', '✔ ⠋ │'].map(widthOf), [3, 4, 2, 1, 2, 5])
})

test('clip cuts to the columns and ends the colours', (t) => {
  t.is(clip('hello', 5), 'hello')
  t.is(clip('hello!', 5), 'hell…')
  t.is(clip('hello!', 5, '...'), 'he...')
  t.is(clip('世界世界', 6), '世界…')
  t.is(clip('\x1b[31mhello!\x1b[39m', 5), '\x1b[31mhell…\x1b[0m')
  t.is(clip('hello', 0), '')
})

test('clip never gives more columns than asked for, fold neither', (t) => {
  const unit = fc.constantFrom('a', ' ', '世', '👍', 'é', '\x1b[31m', '\x1b[0m', '─')
  fc.assert(
    fc.property(fc.string({ unit }), fc.integer({ min: 2, max: 20 }), (text, columns) => {
      t.true(widthOf(clip(text, columns)) <= columns)
      const bare = text.replace(/\x1b\[\d*m/g, '')
      for (const line of fold(bare, columns)) t.true(widthOf(line) <= columns)
    }),
  )
})

test('fold breaks between words, and inside those that are too long', (t) => {
  t.deepEqual(fold('one two three', 8), ['one two', 'three'])
  t.deepEqual(fold('abcdefghij kl', 4), ['abcd', 'efgh', 'ij', 'kl'])
  t.deepEqual(fold('', 4), [''])
})

test('padding counts columns', (t) => {
  t.is(pad('世', 4), '世  ')
  t.is(padStart('12', 4), '  12')
  t.is(pad('longer', 3), 'longer')
})
