import test from 'ava'
import { didYouMean, distance } from '../src/did-you-mean.ts'

test('distance counts insertions, deletions, replacements and swaps', (t) => {
  t.deepEqual(
    [
      ['dest', 'dest'],
      ['dets', 'dest'],
      ['des', 'dest'],
      ['desst', 'dest'],
      ['best', 'dest'],
      ['', 'abc'],
    ].map(([a, b]) => distance(a!, b!)),
    [0, 1, 1, 1, 1, 3],
  )
})

test('the nearest word is offered, few words are listed, far ones are not', (t) => {
  t.is(didYouMean('copyy', ['copy', 'file']), 'did you mean "copy"?')
  t.is(didYouMean('zzz', ['copy', 'file']), 'one of copy, file')
  t.is(
    didYouMean(
      'zzz',
      Array.from({ length: 20 }, (_, i) => `word${i}`),
    ),
    undefined,
  )
})
