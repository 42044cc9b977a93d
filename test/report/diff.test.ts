import test from 'ava'
import { diffLines } from '../../src/report/diff.ts'
import { styleOf } from '../../src/report/style.ts'
import { DIFF } from './events.ts'

const PLAIN = styleOf(false, true)
const diff = (before: string, after: string, columns = 80) => diffLines({ before, after }, PLAIN, columns).join('\n')

test('a changed file is a unified diff under its headers', (t) => {
  t.is(
    diffLines(DIFF, PLAIN, 80).join('\n'),
    `--- /etc/matrix-synapse/homeserver.yaml
+++ /etc/matrix-synapse/homeserver.yaml (homeserver.yaml.ejs)
@@ -1,3 +1,3 @@
 server_name: example.org
-report_stats: true
+report_stats: false
 listeners:`,
  )
})

test('with colour: headers bold, places cyan, added green, removed red', (t) => {
  t.is(
    diffLines({ before: 'a\n', after: 'b\n' }, styleOf(true, true), 80).join('\n'),
    '\x1b[1m--- before\x1b[22m\n\x1b[1m+++ after\x1b[22m\n\x1b[36m@@ -1,1 +1,1 @@\x1b[39m\n\x1b[31m-a\x1b[39m\n\x1b[32m+b\x1b[39m',
  )
})

test('a new file is all added; the same text is no diff', (t) => {
  t.is(diff('', 'a\nb\n'), '--- before\n+++ after\n@@ -0,0 +1,2 @@\n+a\n+b')
  t.is(diff('a\n', 'a\n'), '')
})

test('a missing newline at the end is told', (t) => {
  t.is(diff('a\nb', 'a\nb\n'), '--- before\n+++ after\n@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b')
})

test('control characters are shown, so that a difference in line ends can be seen', (t) => {
  t.is(diff('a\r\n\x1b[31mred\n', 'a\n\x1b[31mred\n'), '--- before\n+++ after\n@@ -1,2 +1,2 @@\n-a␍\n+a\n ␛[31mred')
})

test('a long line is shown around what differs in it', (t) => {
  const long = 'x'.repeat(100)
  t.is(
    diff(`${long}1${long}\nend`, `${long}2${long}\nend\n`, 40),
    `--- before
+++ after
@@ -1,2 +1,2 @@
-…xxxxxxxxxxxxx1xxxxxxxxxxxxxxxxxxxxxxx…
-end
\\ No newline at end of file
+…xxxxxxxxxxxxx2xxxxxxxxxxxxxxxxxxxxxxx…
+end`,
  )
  t.is(diff(`1${long}\n`, `2${long}\n`, 20), '--- before\n+++ after\n@@ -1,1 +1,1 @@\n-1xxxxxxxxxxxxxxxxx…\n+2xxxxxxxxxxxxxxxxx…')
})

test('binary content is a note', (t) => {
  t.is(diff('a\0b', 'a\0bc'), 'binary content of after differs: 3 bytes before, 4 after')
})

test('a diff ends after 400 lines', (t) => {
  const lines = diff('', 'new\n'.repeat(517)).split('\n')
  t.is(lines.length, 401)
  t.is(lines.at(-1), '… 120 more lines')
})
