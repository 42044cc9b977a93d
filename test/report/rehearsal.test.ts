import test from 'ava'
import type { Event, Status } from '../../src/engine/event.ts'
import { compareRuns, rehearsalReport } from '../../src/report/rehearsal.ts'

/** The events of a run in which these tasks ended so. */
const run = (ends: Readonly<Record<string, Status>>): Event[] =>
  Object.entries(ends).map(
    ([name, status], id) =>
      ({ type: 'task:end', host: 'h', task: { id, name, module: 'command' }, status, ms: 1, result: {} }) as unknown as Event,
  )

test('what a dry run said is compared with what was done, task by task', (t) => {
  const check = run({ made: 'changed', kept: 'ok', asked: 'skipped', open: 'maybe', missed: 'ok', made_up: 'changed' })
  const apply = run({ made: 'changed', kept: 'ok', asked: 'ok', open: 'changed', missed: 'changed', made_up: 'ok' })
  const again = run({ made: 'ok', kept: 'ok', asked: 'ok', open: 'changed', missed: 'ok', made_up: 'ok' })
  const comparison = compareRuns(check, apply, again)
  t.deepEqual(comparison, {
    right: 3,
    open: 1,
    wrong: [
      { task: 'missed', said: 'ok', did: 'changed' },
      { task: 'made_up', said: 'changed', did: 'ok' },
    ],
    changed: 3,
    changedAgain: ['open'],
  })
  t.is(
    rehearsalReport(comparison, { check: 1000, apply: 62_300, again: 400, verify: 2000 }, false),
    `
Rehearsal
  check           1.0 s   3 of 6 tasks foretold, 1 left open, 2 wrong
                          missed: said ok, did changed
                          made_up: said changed, did ok
  apply          62.3 s   3 changed
  apply again     0.4 s   1 changed
                          open
  verify          2.0 s   all checks passed
  A second run must change nothing: these tasks are not idempotent.
`,
  )
})
