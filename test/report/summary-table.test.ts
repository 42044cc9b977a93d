import test from 'ava'
import type { HostSummary, Summary } from '../../src/engine/event.ts'
import { widthOf } from '../../src/report/measure.ts'
import { styleOf } from '../../src/report/style.ts'
import { summaryTable } from '../../src/report/summary-table.ts'
import { hostSummary } from './events.ts'

const of = (hosts: Record<string, HostSummary>, mode: Summary['mode'] = 'apply'): Summary => ({ mode, ms: 84_000, hosts })
const draw = (summary: Summary, columns = 80, colour = false) => summaryTable(summary, styleOf(colour, true), columns).join('\n')

const NGINX = [
  { task: 'Install nginx', changes: ['install nginx'] },
  { task: 'Start nginx', changes: ['enable at boot', 'start'] },
]
const many = (n: number) => Array.from({ length: n }, (_, i) => ({ task: `Task ${i + 1}`, changes: [`change ${i + 1}`] }))

/** Fifty web servers: five were changed in the same way, one in thirty ways, one failed. */
const FIFTY = of(
  Object.fromEntries(
    Array.from({ length: 50 }, (_, i) => [
      `web${i + 1}.example.org`,
      hostSummary({
        ok: 57 + (i % 2),
        skipped: 2,
        ms: 20_000 + i * 100,
        ...(i % 10 === 0 && { changed: 2, changes: NGINX }),
        ...(i === 7 && {
          status: 'failed',
          failed: 1,
          failure: { reason: 'step-failed', message: 'nginx: [emerg] unknown directive "servr_name" in /etc/nginx/nginx.conf:12' },
        }),
        ...(i === 9 && { changed: 30, changes: many(30) }),
      }),
    ]),
  ),
)

test('fifty hosts: those with nothing to do share a row, the same changes are told once, the first twenty by name', (t) => {
  t.is(
    draw(FIFTY),
    `host                  ok  changed  skipped  failed    time
───────────────────────────────────────────────────────────────────────────
web1.example.org      57        2        2       0  20.0 s  ✔ ok
web8.example.org      58        0        2       1  20.7 s  ✖ FAILED
  nginx: [emerg] unknown directive "servr_name" in /etc/nginx/nginx.conf:12
web10.example.org     58       30        2       0  20.9 s  ✔ ok
web11.example.org     57        2        2       0  21.0 s  ✔ ok
web21.example.org     57        2        2       0  22.0 s  ✔ ok
web31.example.org     57        2        2       0  23.0 s  ✔ ok
web41.example.org     57        2        2       0  24.0 s  ✔ ok
43 other hosts     57-58        0        2       0  24.9 s  ✔ ok

changed on 5 hosts: web1.example.org, web11.example.org, web21.example.org, …
  Install nginx  install nginx
  Start nginx    enable at boot, start

changed on web10.example.org
  Task 1   change 1
  Task 2   change 2
  Task 3   change 3
  Task 4   change 4
  Task 5   change 5
  Task 6   change 6
  Task 7   change 7
  Task 8   change 8
  Task 9   change 9
  Task 10  change 10
  Task 11  change 11
  Task 12  change 12
  Task 13  change 13
  Task 14  change 14
  Task 15  change 15
  Task 16  change 16
  Task 17  change 17
  Task 18  change 18
  Task 19  change 19
  Task 20  change 20
  … and 10 more

1 of 50 hosts failed. Changed 40 on 6 hosts. (1 min 24 s)`,
  )
})

test('one host that was as wanted', (t) => {
  t.is(
    draw(of({ laptop: hostSummary({ ok: 52, ms: 830 }) })),
    `host    ok  changed  skipped  failed   time
─────────────────────────────────────────────────
laptop  52        0        0       0  0.8 s  ✔ ok

Nothing was changed. (1 min 24 s)`,
  )
})

test('a dry run says what would change and what is open', (t) => {
  t.is(
    draw(
      of({ laptop: hostSummary({ ok: 10, changed: 5, maybe: 2, ms: 830 }), vps: hostSummary({ ok: 16, changed: 1, ms: 900 }) }, 'check'),
    ),
    `host    ok  would change  maybe  skipped  failed   time
─────────────────────────────────────────────────────────────
laptop  10             5      2        0       0  0.8 s  ✔ ok
vps     16             1      0        0       0  0.9 s  ✔ ok

Would change 6, maybe 2 on 2 hosts. Nothing was changed. (1 min 24 s)`,
  )
})

test('a dry run that finds nothing', (t) => {
  t.is(
    draw(of({ laptop: hostSummary({ ok: 52 }) }, 'check')),
    `host    ok  would change  maybe  skipped  failed   time
─────────────────────────────────────────────────────────────
laptop  52             0      0        0       0  0.0 s  ✔ ok

Nothing would change. (1 min 24 s)`,
  )
})

test('a run that was interrupted', (t) => {
  t.is(
    draw(of({ a: hostSummary({ status: 'interrupted', ok: 3 }), b: hostSummary({ status: 'unreachable' }), c: hostSummary({ ok: 5 }) })),
    `host  ok  changed  skipped  failed   time
────────────────────────────────────────────────────────
a      3        0        0       0  0.0 s  ■ interrupted
b      0        0        0       0  0.0 s  ✖ unreachable
c      5        0        0       0  0.0 s  ✔ ok

1 of 3 hosts interrupted, 1 unreachable. No change was completed. (1 min 24 s)`,
  )
})

test('a run that reached no host at all', (t) => {
  t.is(draw(of({})), `Nothing was changed. (1 min 24 s)`)
})

test('with colour: counts that matter are coloured, zeros dim', (t) => {
  t.is(
    draw(
      of({ vps: hostSummary({ status: 'failed', ok: 3, changed: 1, failed: 1, changes: [{ task: 'Install it', changes: [] }] }) }),
      80,
      true,
    ),
    `\x1b[2mhost  ok  changed  skipped  failed   time\x1b[22m
\x1b[2m───────────────────────────────────────────────────\x1b[22m
\x1b[1mvps \x1b[22m  \x1b[1m 3\x1b[22m  \x1b[36m      1\x1b[39m  \x1b[2m      0\x1b[22m  \x1b[1m\x1b[31m     1\x1b[39m\x1b[22m  0.0 s  \x1b[1m\x1b[31m✖ FAILED\x1b[39m\x1b[22m

\x1b[36mchanged\x1b[39m on \x1b[1mvps\x1b[22m
  Install it

\x1b[1m\x1b[31mvps failed. Changed 1 on vps.\x1b[39m\x1b[22m \x1b[2m(1 min 24 s)\x1b[22m`,
  )
})

test('more than ten kinds of change are cut', (t) => {
  const hosts = Object.fromEntries(
    Array.from({ length: 13 }, (_, i) => [`h${i}`, hostSummary({ changed: 1, changes: [{ task: `Task ${i}`, changes: [] }] })]),
  )
  t.regex(draw(of(hosts)), /changed on h9\n {2}Task 9\n\n… and 3 more hosts with changes\n\nChanged 13 on 13 hosts\. \(1 min 24 s\)$/)
})

test('no line is wider than the terminal', (t) => {
  const name = 'a-very-long-host-name-in-a-long.domain.example.org'
  const wide = of({ [name]: hostSummary({ changed: 1, changes: [{ task: '世界'.repeat(30), changes: ['x'.repeat(200)] }] }) }, 'check')
  for (const summary of [FIFTY, wide])
    for (const columns of [40, 79, 80]) for (const line of draw(summary, columns, true).split('\n')) t.true(widthOf(line) <= columns, line)
})
