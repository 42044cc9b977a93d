import test, { type ExecutionContext } from 'ava'
import { type Diagnostic, problem } from '../../src/diagnostic.ts'
import { printDiagnostic, printDiagnostics, printPlace } from '../../src/report/frame.ts'

const PLAIN = { colour: false }

/** The problem at the first `«…»` of the text, whose marks are taken out. */
function at(text: string, message = 'wrong', hint?: string, path = 'web.yaml'): Diagnostic {
  const start = text.indexOf('«')
  const end = text.indexOf('»') - 1
  return problem('invalid-value', message, { file: { path, text: text.replace(/[«»]/g, '') }, start, end }, hint)
}

function prints(t: ExecutionContext, diagnostic: Diagnostic, expected: string[]): void {
  t.is(printDiagnostic(diagnostic, PLAIN), expected.join('\n'))
}

test(
  'the place, the line, the mark and the hint are shown',
  prints,
  at(
    '- hosts: all\n  tasks:\n    - service:\n        name: web\n        state: «runing»\n',
    'unknown state "runing"',
    'one of running, stopped',
  ),
  [
    'web.yaml:5:16 error: unknown state "runing" [invalid-value]',
    '        state: runing',
    '               ~~~~~~',
    '  hint: one of running, stopped',
  ],
)

test('a place of several lines is marked on its first', prints, at('a:\n  b«: 1\n  c: 2»\n'), [
  'web.yaml:2:4 error: wrong [invalid-value]',
  '  b: 1',
  '   ~~~',
])

test('an empty place is marked by one character', prints, at('a: «»b'), ['web.yaml:1:4 error: wrong [invalid-value]', 'a: b', '   ~'])

test('the end of a line can be marked', prints, at('a: [1«»\nb: 2'), ['web.yaml:1:6 error: wrong [invalid-value]', 'a: [1', '     ~'])

test('spaces at the end of a line are not marked', prints, at('a: «b  »\r\nc: d'), [
  'web.yaml:1:4 error: wrong [invalid-value]',
  'a: b',
  '   ~',
])

test('a blank line is not drawn', prints, at('«»\n', 'empty', 'write something'), [
  'web.yaml:1:1 error: empty [invalid-value]',
  '  hint: write something',
])

test('what has no file has only a head', prints, problem('usage', 'no such host "wbe"', undefined, 'did you mean "web"?'), [
  'error: no such host "wbe" [usage]',
  '  hint: did you mean "web"?',
])

test('a warning says so', prints, { ...at('«a»'), severity: 'warning' }, ['web.yaml:1:1 warning: wrong [invalid-value]', 'a', '~'])

test('a hint of several lines is indented', prints, problem('usage', 'x', undefined, 'all:\n  hosts:'), [
  'error: x [usage]',
  '  hint: all:',
  '          hosts:',
])

test('tabs become spaces, so marks stand below their text', prints, at('a\tb:\t«c»'), [
  'web.yaml:1:6 error: wrong [invalid-value]',
  'a   b:  c',
  '        ~',
])

test('East Asian characters take two columns', prints, at('名前: «東京» x'), [
  'web.yaml:1:5 error: wrong [invalid-value]',
  '名前: 東京 x',
  '      ~~~~',
])

test('emoji take two columns, whatever they are made of', prints, at('👩‍💻🇫🇷❤️ «ok»'), [
  'web.yaml:1:13 error: wrong [invalid-value]',
  '👩‍💻🇫🇷❤️ ok',
  '       ~~',
])

test('combining marks take no column', prints, at('e\u0301e\u0301 «ok»'), [
  'web.yaml:1:6 error: wrong [invalid-value]',
  'e\u0301e\u0301 ok',
  '   ~~',
])

test(
  'control characters, bidirectional overrides and lone surrogates are shown, never sent to the terminal',
  prints,
  at('a: \x1b[31m\x7f\x9b\u202e\ud800 «b»', 'bad "\x1b]0;x\x07\n"'),
  ['web.yaml:1:14 error: bad "␛]0;x␇␊" [invalid-value]', 'a: ␛[31m␡\\u{9b}\\u{202e}\\u{d800} b', `${' '.repeat(32)}~`],
)

test('a long line is cut at its end when the place is near its begin', (t) => {
  const [, line, mark] = printDiagnostic(at(`key: «value» ${'x'.repeat(300)}`), PLAIN).split('\n')
  t.is(line, `key: value ${'x'.repeat(87)}…`)
  t.is(mark, '     ~~~~~')
})

test('a long line is cut on both sides of a place in its middle', (t) => {
  const [, line, mark] = printDiagnostic(at(`${'x'.repeat(300)} «value» ${'y'.repeat(300)}`), PLAIN).split('\n')
  t.is(line, `…${'x'.repeat(46)} value ${'y'.repeat(45)}…`)
  t.is(mark, `${' '.repeat(48)}~~~~~`)
  t.is(line?.length, 100)
})

test('a place longer than the frame keeps what is before it', (t) => {
  const [, line, mark] = printDiagnostic(at(`key: «${'v'.repeat(300)}»`), PLAIN).split('\n')
  t.is(line, `key: ${'v'.repeat(93)}…`)
  t.is(mark, `     ${'~'.repeat(93)}`)
})

test('a window over wide characters keeps to its columns', (t) => {
  const [, line, mark] = printDiagnostic(at(`${'東'.repeat(100)}«京»${'東'.repeat(100)}`), PLAIN).split('\n')
  t.is(line, `…${'東'.repeat(24)}京${'東'.repeat(24)}…`)
  t.is(mark, `${' '.repeat(49)}~~`)
})

test('paths below the working directory are shown relative to it, others whole', (t) => {
  const head = (path: string) => printDiagnostic(at('«a»', 'x', undefined, path), { colour: false, cwd: '/home/me/site' }).split('\n')[0]
  t.is(head('/home/me/site/plays/web.yaml'), 'plays/web.yaml:1:1 error: x [invalid-value]')
  t.is(head('/home/me/..site.yaml'), '/home/me/..site.yaml:1:1 error: x [invalid-value]')
  t.is(head('/etc/x.yaml'), '/etc/x.yaml:1:1 error: x [invalid-value]')
  t.is(head('x.yaml'), 'x.yaml:1:1 error: x [invalid-value]')
})

test('colour is given only when asked for, and whatever the output is', (t) => {
  const one = at('a: «b»', 'wrong', 'c')
  t.is(
    printDiagnostic(one, { colour: true }),
    [
      '\x1b[1mweb.yaml:1:4\x1b[22m \x1b[1m\x1b[31merror:\x1b[39m\x1b[22m wrong \x1b[2m[invalid-value]\x1b[22m',
      'a: b',
      '   \x1b[1m\x1b[31m~\x1b[39m\x1b[22m',
      '  \x1b[36mhint:\x1b[39m c',
    ].join('\n'),
  )
})

test('several are sorted by file and place, told once each, and counted', (t) => {
  const text = 'a: 1\nb: 2\n'
  const make = (path: string, start: number, message: string, severity: 'error' | 'warning' = 'error'): Diagnostic => ({
    ...problem('invalid-value', message, { file: { path, text }, start, end: start + 1 }),
    severity,
  })
  const list = [
    make('b.yaml', 0, 'third'),
    make('a.yaml', 5, 'second', 'warning'),
    make('a.yaml', 0, 'first'),
    make('a.yaml', 0, 'first'),
    problem('usage', 'no place'),
  ]
  t.is(
    printDiagnostics(list, PLAIN),
    `error: no place [usage]

a.yaml:1:1 error: first [invalid-value]
a: 1
~

a.yaml:2:1 warning: second [invalid-value]
b: 2
~

b.yaml:1:1 error: third [invalid-value]
a: 1
~

3 errors, 1 warning`,
  )
})

test('none are printed as nothing', (t) => t.is(printDiagnostics([], PLAIN), ''))

test('one is counted in the singular', (t) => {
  t.is(printDiagnostics([{ ...problem('usage', 'x'), severity: 'warning' }], PLAIN), 'warning: x [usage]\n\n1 warning')
})

test('a failed step is printed in the same frame', (t) => {
  const place = { path: 'web.yaml', line: 2, col: 5, endCol: 12 }
  const remark = { severity: 'error', message: 'web1: step failed', hint: 'exit code 3' } as const
  t.is(
    printPlace(place, '- hosts: all\n  - service:\n', remark, PLAIN),
    'web.yaml:2:5 error: web1: step failed\n  - service:\n    ~~~~~~~\n  hint: exit code 3',
  )
  t.is(printPlace(place, undefined, remark, PLAIN), 'web.yaml:2:5 error: web1: step failed\n  hint: exit code 3')
})
