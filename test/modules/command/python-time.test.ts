import test from 'ava'
import { pythonDateTime, pythonDelta, pythonFloat } from '../../../src/modules/command/python-time.ts'

test('a time has a fraction only when it has one', (t) => {
  t.is(pythonDateTime(new Date(2026, 0, 31, 7, 5, 9, 42).getTime()), '2026-01-31 07:05:09.042000')
  t.is(pythonDateTime(new Date(2026, 11, 1, 23, 0, 0).getTime()), '2026-12-01 23:00:00')
})

test('a span is hours, minutes and seconds, days when there are any', (t) => {
  t.is(pythonDelta(0), '0:00:00')
  t.is(pythonDelta(1250), '0:00:01.250000')
  t.is(pythonDelta(3), '0:00:00.003000')
  t.is(pythonDelta(36_061_000), '10:01:01')
  t.is(pythonDelta(86_400_000 + 7_384_000), '1 day, 2:03:04')
  t.is(pythonDelta(2 * 86_400_000), '2 days, 0:00:00')
})

test('a number of two decimals', (t) => {
  t.deepEqual([1, 0.999, 0.25, 12.344].map(pythonFloat), ['1.0', '1.0', '0.25', '12.34'])
})
