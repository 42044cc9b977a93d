import test from 'ava'
import { chooseKind, type Kind, openReporter, speaksUnicode, wantsColour } from '../../src/report/reporter.ts'
import { APPLY, CHECK, collector } from './events.ts'

const chooses = test.macro({
  title: (_, output: string, isTTY: boolean, env: Record<string, string>) =>
    `--output=${output} ${isTTY ? 'on a terminal' : 'in a pipe'} with ${JSON.stringify(env)}`,
  exec: (t, output: string, isTTY: boolean, env: Record<string, string>, kind: Kind) => t.is(chooseKind(output, isTTY, env), kind),
})
test(chooses, 'auto', true, { TERM: 'xterm' }, 'tty')
test(chooses, 'auto', true, { TERM: 'xterm', CI: '' }, 'tty')
test(chooses, 'auto', true, { TERM: 'xterm', CI: 'true' }, 'lines')
test(chooses, 'auto', true, { TERM: 'dumb' }, 'lines')
test(chooses, 'auto', false, { TERM: 'xterm' }, 'lines')
test(chooses, 'tty', false, { CI: 'true' }, 'tty')
test(chooses, 'lines', true, {}, 'lines')
test(chooses, 'json', true, {}, 'json')

test('NO_COLOR and FORCE_COLOR go before what the terminal can', (t) => {
  t.true(wantsColour(true, { TERM: 'xterm' }))
  t.false(wantsColour(true, { TERM: 'dumb' }))
  t.false(wantsColour(false, { TERM: 'xterm' }))
  t.false(wantsColour(true, { NO_COLOR: '1' }))
  t.true(wantsColour(true, { NO_COLOR: '' }))
  t.true(wantsColour(false, { FORCE_COLOR: '1' }))
  t.false(wantsColour(true, { FORCE_COLOR: '0' }))
})

test('Unicode is for UTF-8 locales, and not for the Linux console', (t) => {
  t.true(speaksUnicode({ LANG: 'de_DE.UTF-8' }))
  t.true(speaksUnicode({ LC_ALL: 'C.utf8', LANG: 'C' }))
  t.false(speaksUnicode({ LC_ALL: 'C', LANG: 'de_DE.UTF-8' }))
  t.false(speaksUnicode({}))
  t.false(speaksUnicode({ LANG: 'C.UTF-8', TERM: 'linux' }))
})

for (const kind of ['tty', 'lines', 'json'] as const) {
  test(`${kind}: a reader that has gone is no error, and is written to no more`, async (t) => {
    let writes = 0
    const write = () => {
      writes++
      throw Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })
    }
    const reporter = openReporter(kind, collector({ write }).options)
    for (const event of APPLY) reporter.on(event)
    await reporter.close()
    t.is(writes, 1)
  })

  test(`${kind}: events are not altered`, async (t) => {
    const events = structuredClone([...APPLY, ...CHECK])
    const reporter = openReporter(kind, collector({ verbosity: 2, diff: true }).options)
    for (const event of events) reporter.on(event)
    await reporter.close()
    t.deepEqual(events, [...APPLY, ...CHECK])
  })

  test(`${kind}: a run that was cut off can be closed, and work done aside gives its value`, async (t) => {
    const { options } = collector()
    const reporter = openReporter(kind, options)
    for (const event of APPLY.slice(0, 9)) reporter.on(event)
    t.is(await reporter.aside(async () => 'answer'), 'answer')
    await t.notThrowsAsync(async () => reporter.close())
  })
}

test('another error of the output is not hidden', async (t) => {
  const write = () => {
    throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
  }
  const reporter = openReporter('lines', collector({ write }).options)
  t.throws(() => reporter.on(APPLY[0]!), { code: 'ENOSPC' })
  await reporter.close()
})
