import test from 'ava'
import { widthOf } from '../../src/report/measure.ts'
import { drawRows, newRow, nextRow, type Row, type View } from '../../src/report/rows.ts'
import { styleOf } from '../../src/report/style.ts'
import { APPLY } from './events.ts'

const row = (host: string, more: Partial<Row> = {}): Row => ({ ...newRow(host), ...more })
const busy = (host: string, more: Partial<Row> = {}): Row =>
  row(host, { state: 'running', title: 'Install Docker', idle: false, begun: 14, since: 0, heard: 0, ...more })
const VIEW: View = { style: styleOf(false, true), columns: 80, rows: 24, now: 0, total: () => undefined }
const draw = (rows: readonly Row[], view: Partial<View> = {}) => drawRows(rows, { ...VIEW, ...view }).join('\n')

test('a row says who, how far, what and for how long, with the last line of output below', (t) => {
  t.is(
    draw(
      [
        busy('laptop', { tail: 'Get:12 http://deb.mirror.lan', heard: 12_000 }),
        busy('vps', { since: 11_800, heard: 11_800, begun: 9 }),
        row('pi'),
        row('nas', { state: 'ok', begun: 52, changed: 5 }),
        row('old', { state: 'failed', begun: 3 }),
        row('off', { state: 'unreachable' }),
      ],
      { now: 12_400, total: () => 52 },
    ),
    `⠹ laptop  [14/52]  Install Docker  12 s
  │ Get:12 http://deb.mirror.lan
⠹ vps      [9/52]  Install Docker
· pi               waiting
✔ nas     [52/52]  done, 5 changed
✖ old      [3/52]  FAILED
✖ off              unreachable`,
  )
})

test('after 30 s without a sign a row says so', (t) => {
  t.is(draw([busy('laptop', { heard: 30_000 })], { now: 65_000 }), '⠴ laptop  [14]  Install Docker  1 min 05 s  quiet for 35 s')
  t.is(draw([busy('laptop', { heard: 36_000 })], { now: 65_000 }), '⠴ laptop  [14]  Install Docker  1 min 05 s')
})

test('a host that has done its play waits for the others', (t) => {
  t.is(draw([busy('a', { idle: true })], { now: 200 }), '⠙ a  [14]  Install Docker')
  t.is(draw([busy('a', { idle: true })], { now: 2000 }), '⠋ a  [14]  waiting for other hosts')
})

test('of many hosts those at work are shown, ten at most, and a line for the rest', (t) => {
  const rows = [
    ...Array.from({ length: 12 }, (_, i) => row(`done${i}`, { state: 'ok' })),
    ...Array.from({ length: 11 }, (_, i) => busy(`web${i}`, { tail: 'not shown' })),
    ...Array.from({ length: 27 }, (_, i) => row(`late${i}`)),
  ]
  t.is(
    draw(rows),
    `${Array.from({ length: 10 }, (_, i) => `⠋ web${i}  [14]  Install Docker`).join('\n')}
… 40 more: 12 done, 1 at work, 27 waiting`,
  )
  t.is(draw(rows.slice(0, 12)), '… 12 hosts: 12 done')
})

test('rows fit a low terminal, without output where there is no room', (t) => {
  const rows = Array.from({ length: 6 }, (_, i) => busy(`web${i}`, { tail: 'output' }))
  t.is(drawRows(rows, { ...VIEW, rows: 8 }).length, 6)
})

test('no row reaches the last column, whatever is in it', (t) => {
  const wide = busy('ホスト'.repeat(20), { title: '世界 '.repeat(40), tail: 'long '.repeat(60), heard: 0 })
  for (const columns of [20, 40, 80, 81])
    for (const line of drawRows([wide, row('a'.repeat(90))], { ...VIEW, columns, now: 100_000 })) t.true(widthOf(line) < columns, line)
})

test('without a UTF-8 locale rows are ASCII', (t) => {
  const rows = [busy('a', { tail: 'out' }), row('b', { state: 'ok' }), row('c', { state: 'failed' }), row('d')]
  t.is(
    draw(rows, { style: styleOf(false, false) }),
    '- a  [14]  Install Docker\n  | out\n+ b        done\nx c        FAILED\n. d        waiting',
  )
})

test("a row follows its host's events", (t) => {
  const shown: string[] = []
  let one = newRow('laptop')
  for (const [i, event] of APPLY.entries()) {
    if (!('host' in event) || event.host !== 'laptop') continue
    one = nextRow(one, event, i * 1000)
    const [line, tail] = drawRows([one], { ...VIEW, now: i * 1000 })
    shown.push(`${event.type}: ${line!.slice(2)}${tail ? `\n${tail}` : ''}`)
  }
  t.is(
    [...shown.slice(0, 8), ...shown.slice(-3)].join('\n'),
    `host:start: laptop  connecting
task:start: laptop  [1]  Gathering Facts
task:end: laptop  [1]  Gathering Facts
task:start: laptop  [2]  docker : Install Docker
task:plan: laptop  [2]  docker : Install Docker  2 s
task:output: laptop  [2]  docker : Install Docker  4 s
  │ Get:1 http://deb.mirror.lan/debian bookworm/main docker.io
task:output: laptop  [2]  docker : Install Docker  5 s
  │ Unpacking       docker.io \\u{202e}(20.10)
task:end: laptop  [2]  docker : Install Docker
task:plan: laptop  [6]  Restart Synapse  1 s
task:end: laptop  [6]  Restart Synapse
host:end: laptop  [6]  done, 4 changed`,
  )
})
