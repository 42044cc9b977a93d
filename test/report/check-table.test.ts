import test from 'ava'
import type { Event } from '../../src/engine/event.ts'
import { type CheckRow, checksIn, checkTable } from '../../src/report/check-table.ts'
import { widthOf } from '../../src/report/measure.ts'
import { openReporter } from '../../src/report/reporter.ts'
import { styleOf } from '../../src/report/style.ts'
import { collector, did, ended, task } from './events.ts'

const CHECKS: readonly CheckRow[] = [
  { name: 'Synapse up', from: 'host', ok: true, detail: 'answers OK' },
  {
    name: 'encoded slashes',
    from: 'through Apache',
    ok: false,
    detail: 'M_UNRECOGNIZED\x1b[2J',
    hint: 'the proxy decodes %2F: AllowEncodedSlashes NoDecode and nocanon are missing in its virtual host',
  },
  { name: 'message', from: 'through Apache', ok: null, detail: 'not reached: it needs "encoded slashes", which is a rather long reason' },
]

test('at 80 columns', (t) => {
  t.deepEqual(checkTable(CHECKS, styleOf(false, true), 80), [
    '✔ Synapse up       host            answers OK',
    '✖ encoded slashes  through Apache  M_UNRECOGNIZED',
    '    hint: the proxy decodes %2F: AllowEncodedSlashes NoDecode and nocanon are',
    '          missing in its virtual host',
    '· message          through Apache  not reached: it needs "encoded slashes",',
    '                                   which is a rather long reason',
    '',
    '1 of 3 checks passed, 1 failed, 1 not reached.',
  ])
})

test('rows of one origin stand together', (t) => {
  const row = (name: string, from: string): CheckRow => ({ name, from, ok: true, detail: '' })
  const mixed = [row('a', 'host'), row('b', 'through Apache'), row('c', 'host'), row('d', 'outside'), row('e', 'host')]
  t.deepEqual(
    checkTable(mixed, styleOf(false, false), 80)
      .slice(0, 5)
      .map((line) => line[2]),
    ['a', 'c', 'e', 'b', 'd'],
  )
})

test('where there is little room, details go below; ASCII where there is nothing else', (t) => {
  const lines = checkTable(CHECKS, styleOf(false, false), 40)
  t.deepEqual(lines.slice(0, 3), ['+ Synapse up       host', '    answers OK', 'x encoded slashes  through Apache'])
  for (const line of lines) t.regex(line, /^[\x20-\x7e]{0,40}$/)
})

test('coloured, it takes the same columns', (t) => {
  const plain = checkTable(CHECKS, styleOf(false, true), 80)
  const coloured = checkTable(CHECKS, styleOf(true, true), 80)
  t.deepEqual(coloured.map(widthOf), plain.map(widthOf))
  t.true(coloured[1]!.startsWith('\x1b[1m\x1b[31m✖'))
  t.is(checkTable(CHECKS.slice(0, 1), styleOf(false, true), 80).at(-1), 'All 1 check passed.')
})

test('a result holds checks only where they look like some', (t) => {
  t.deepEqual(checksIn({ checks: [...CHECKS, { name: 'x' }, null, 'text', { name: 'x', from: 'y', detail: 'z', ok: 1 }] }), CHECKS)
  for (const checks of [undefined, null, 'text', 3, {}]) t.deepEqual(checksIn({ checks }), [])
})

for (const kind of ['lines', 'tty'] as const)
  test(`the ${kind} reporter shows them whatever the verbosity, also of a task that is ok`, async (t) => {
    const proof = task(2, 'Prove it', 'matrix_verify')
    const failure = { reason: 'step-failed', message: 'encoded slashes: M_UNRECOGNIZED\nthe way out' } as const
    const events: Event[] = [
      { type: 'run:start', mode: 'apply', playbook: 'site.yaml', hosts: ['laptop'] },
      { type: 'host:start', host: 'laptop' },
      ...did('laptop', proof, 'ok', { result: { checks: CHECKS.slice(0, 1) } }),
      ...did('laptop', proof, 'failed', { result: { checks: CHECKS }, changes: ['prove that'], failure }),
    ]
    const { options, text } = collector({ columns: () => 80 })
    const reporter = openReporter(kind, options)
    for (const event of ended(events, 10)) reporter.on(event)
    await reporter.close()
    const plain = text().replace(/\x1b\[[?0-9;]*[A-Za-z]/g, '')
    t.regex(plain, /✔ Synapse up +host +answers OK\n/)
    t.regex(plain, /All 1 check passed\./)
    t.regex(plain, /✖ encoded slashes +through Apache +M_UNRECOGNIZED/)
    // it stands in the table already
    t.notRegex(plain, /prove that|the way out/)
    for (const line of plain.split('\n').filter((one) => /Synapse up|message|hint/.test(one))) t.true(widthOf(line) <= 80, line)
  })
