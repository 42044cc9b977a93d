import test from 'ava'
import fc from 'fast-check'
import { parse } from 'yaml'
import { attempt, editYaml } from '../../../src/modules/yaml/edit.ts'
import type { Data } from '../../../src/modules/yaml/same.ts'

type Path = (string | number)[]

const sets = test.macro({
  title: (title) => title!,
  exec(t, before: string, path: Path, value: Data, after: string) {
    const done = editYaml(before, { state: 'present', path, value }, '1.1')
    t.is(done, after)
    t.is(editYaml(done, { state: 'present', path, value }, '1.1'), done)
    // line endings are the file's own
    if (before.includes('\n'))
      t.is(editYaml(before.replaceAll('\n', '\r\n'), { state: 'present', path, value }, '1.1'), after.replaceAll('\n', '\r\n'))
    t.is(editYaml(`\ufeff${before}`, { state: 'present', path, value }, '1.1'), `\ufeff${after}`)
  },
})
const removes = test.macro({
  title: (title) => title!,
  exec(t, before: string, path: Path, after: string) {
    const done = editYaml(before, { state: 'absent', path }, '1.1')
    t.is(done, after)
    t.is(editYaml(done, { state: 'absent', path }, '1.1'), done)
    t.is(editYaml(before.replaceAll('\n', '\r\n'), { state: 'absent', path }, '1.1'), after.replaceAll('\n', '\r\n'))
  },
})
const merges = test.macro({
  title: (title) => title!,
  exec(t, before: string, path: Path, value: Data, after: string) {
    const done = editYaml(before, { state: 'merged', path, value }, '1.1')
    t.is(done, after)
    t.is(editYaml(done, { state: 'merged', path, value }, '1.1'), done)
  },
})
const refuses = test.macro({
  title: (title) => title!,
  exec(t, before: string, path: Path, value: Data | undefined, why: string | RegExp) {
    const edit = value === undefined ? ({ state: 'absent', path } as const) : ({ state: 'present', path, value } as const)
    const done = attempt('f', () => editYaml(before, edit, '1.1'))
    const said = 'failure' in done ? done.failure : `it became ${done.text}`
    if (typeof why === 'string') t.is(said, `f ${why}`)
    else t.regex(said, why)
  },
})
const keeps = test.macro({
  title: (title) => title!,
  exec(t, text: string, path: Path, value: Data, version: '1.1' | '1.2' = '1.1') {
    t.is(editYaml(text, { state: 'present', path, value }, version), text)
  },
})

// one value
test('a scalar, with the comment behind it', sets, 'a: 1  # one\nb: 2\n', ['a'], 5, 'a: 5  # one\nb: 2\n')
test('spaces before a value', sets, 'a:     1\nbcd:   2\n', ['a'], 'x', 'a:     x\nbcd:   2\n')
test('no newline at the end', sets, 'a: 1\nb: 2', ['b'], 3, 'a: 1\nb: 3')
test('a value that is empty', sets, 'a:   # none\nb:\n', ['a'], 1, 'a: 1   # none\nb:\n')
test('quoted text of several lines', sets, 'a: "x\n  y" # c\nb: 1\n', ['a'], 'z', 'a: z # c\nb: 1\n')
test('a literal block', sets, 'a: |\n  x\n  y\n\nb: 1\n', ['a'], 'z', 'a: z\n\nb: 1\n')
test('a literal block that keeps its blank lines', sets, 'a: |+\n  x\n\nb: 1\n', ['a'], 'z', 'a: z\nb: 1\n')
test('an anchor that nobody needs', sets, 'a: &x 1\nb: 2\n', ['a'], 5, 'a: 5\nb: 2\n')
test('an alias', sets, 'a: &x 1\nb: *x\n', ['b'], 5, 'a: &x 1\nb: 5\n')
test('a key in quotes', sets, '"a b": 1\n\'c\': 2\n', ['a b'], 5, '"a b": 5\n\'c\': 2\n')
test('a key that YAML 1.1 takes for true', sets, 'on: 1\n', ['on'], 5, 'on: 5\n')
test('a numeric key', sets, '8080: 1\n', [8080], 5, '8080: 5\n')

// lists and mappings
test('a scalar becomes a mapping', sets, 'a: 1 # c\nb: 2\n', ['a'], { x: 1, z: [] }, 'a: # c\n  x: 1\n  z: []\nb: 2\n')
test('a mapping becomes a scalar', sets, 'a: # c\n  # d\n  x: 1 # e\n  y: 2\n# f\nb: 2\n', ['a'], 5, 'a: 5 # c\n  # d\n# f\nb: 2\n')
test(
  'a mapping becomes another',
  sets,
  'a: # c\n    x: 1\n\n    y: 2\n\nb: 2\n',
  ['a'],
  { z: { q: 1 } },
  'a: # c\n    z:\n        q: 1\n\nb: 2\n',
)
test('a mapping with an anchor becomes a list', sets, 'a: &x # c\n  x: 1\nb: 2\n', ['a'], [1, 'b'], 'a: # c\n  - 1\n  - b\nb: 2\n')
test('a list as it was indented', sets, 'a:\n- 1\n- 2\nb: 2\n', ['a'], [3], 'a:\n- 3\nb: 2\n')
test(
  'new lists like the others',
  sets,
  'a:\n- 1\nb: 2\n',
  ['c'],
  { d: [[1, 2], { e: 1, f: { g: 2 } }] },
  'a:\n- 1\nb: 2\nc:\n  d:\n  - - 1\n    - 2\n  - e: 1\n    f:\n      g: 2\n',
)
test('the last value of a text without a newline at its end', sets, 'a:\n  b: 1', ['a'], 5, 'a: 5')
test('an item', sets, 'a:\n  - 1 # x\n  - 2\n', ['a', 0], { b: 1, c: 2 }, 'a:\n  - b: 1 # x\n    c: 2\n  - 2\n')
test('an item that is a mapping', sets, 'a:\n  - b: 1\n    c: 2\n  - 2\n', ['a', 0], 'x', 'a:\n  - x\n  - 2\n')
test('a mapping in an item', sets, 'a:\n  - b: 1\n    c: 2\n', ['a', 0], { d: 1, e: 2 }, 'a:\n  - d: 1\n    e: 2\n')
test('a value in an item', sets, 'a:\n  - b: 1 # c\n', ['a', 0, 'b'], 2, 'a:\n  - b: 2 # c\n')
test('a new key in an item', sets, 'a:\n  - b: 1 # c\n  - d\n', ['a', 0, 'x'], 2, 'a:\n  - b: 1 # c\n    x: 2\n  - d\n')
test('a new item', sets, 'a:\n  - 1\n\n# c\n', ['a', 1], { b: 1 }, 'a:\n  - 1\n  - b: 1\n\n# c\n')
test('a root that is a list', sets, '- 1\n- 2\n', [1], 3, '- 1\n- 3\n')

// what is not there yet
test('a new key stands behind the last', sets, 'a: 1\n\n# vim:ft=yaml\n', ['b'], 2, 'a: 1\nb: 2\n\n# vim:ft=yaml\n')
test('a new key in a text without a newline at its end', sets, 'a: 1', ['b'], { c: 2 }, 'a: 1\nb:\n  c: 2')
test(
  'a new key deep down',
  sets,
  'a:\n    b: 1\n    # c\nd: 1\n',
  ['a', 'x', 'z'],
  2,
  'a:\n    b: 1\n    x:\n        z: 2\n    # c\nd: 1\n',
)
test('a key under nothing', sets, 'a: # none\nb: 1\n', ['a', 'x'], 2, 'a: # none\n  x: 2\nb: 1\n')
test('a key in an empty mapping', sets, 'a: {} # none\nb: 1\n', ['a', 'x'], 2, 'a: # none\n  x: 2\nb: 1\n')
test('an item of an empty list', sets, 'a: [] # none\nb: 1\n', ['a', 0, 'x'], 2, 'a: # none\n  - x: 2\nb: 1\n')
test('an empty file', sets, '', ['a', 'b'], [1], 'a:\n  b:\n    - 1\n')
test('a file of comments', sets, '# one\n\n# two', ['a'], 1, '# one\n\n# two\na: 1')
test('marks of begin and end', sets, '%YAML 1.1\n---\n# c\n...\n', ['a'], 1, '%YAML 1.1\n---\n# c\na: 1\n...\n')
test('behind a block that keeps its blank lines', sets, 'a: |+\n  x\n\n\n# c', ['b'], 1, 'a: |+\n  x\n\n\nb: 1\n# c')
test('between the marks', sets, '---\na: 1\n...\n', ['b'], 1, '---\na: 1\nb: 1\n...\n')
test('beside a merge', sets, 'x: &x {a: 1}\ny:\n  <<: *x\n  b: 2\n', ['y', 'a'], 5, 'x: &x {a: 1}\ny:\n  <<: *x\n  b: 2\n  a: 5\n')

// in braces
test('a value in braces', sets, 'a: {b: 1, c: [x, y]} # d\n', ['a', 'c', 1], { z: 'p:q' }, 'a: {b: 1, c: [x, {"z": "p:q"}]} # d\n')
test('a new key in braces', sets, 'a: {b: 1 , }\n', ['a', 'x'], [1], 'a: {b: 1, "x": [1] , }\n')
test('a value for a key alone in braces', sets, 'a: {b, c: }\n', ['a', 'b'], 1, 'a: {b: 1, c: }\n')
test('an empty value in braces', sets, 'a: {b, c: }\n', ['a', 'c'], 1, 'a: {b, c: 1 }\n')
test('JSON', sets, '{"a":{"b":1}}\n', ['a', 'b'], 'x', '{"a":{"b":"x"}}\n')
test('a mapping in braces over several lines', sets, 'a: {\n  b: 1, # c\n  d: 2\n}\n', ['a', 'd'], 3, 'a: {\n  b: 1, # c\n  d: 3\n}\n')
test('a mapping in braces replaced as a whole', sets, 'a: {\n  b: 1\n} # c\n', ['a'], { x: 1 }, 'a: # c\n  x: 1\n')

// removing
test('removes a key with its line', removes, '# a\na: 1 # c\n# b\nb: 2\n', ['a'], '# a\n# b\nb: 2\n')
test('removes a mapping, not the comments behind it', removes, 'a:\n  x: 1 # c\n  # d\n\nb: 2\n', ['a'], '  # d\n\nb: 2\n')
test('removes the last line', removes, 'a: 1\nb: 2', ['b'], 'a: 1\n')
test('removes the last of a mapping', removes, 'a: # c\n  b: 1 # d\ne: 1\n', ['a', 'b'], 'a: {} # c\ne: 1\n')
test('removes the last of a document', removes, '# c\na: 1 # d\n', ['a'], '# c\n{} # d\n')
test('removes the first key of an item', removes, 'a:\n  - b: 1\n    c: 2\n', ['a', 0, 'b'], 'a:\n  - c: 2\n')
test('removes from braces, first', removes, 'a: {b: 1, c: 2, d: 3}\n', ['a', 'b'], 'a: {c: 2, d: 3}\n')
test('removes from braces, last', removes, 'a: {b: 1, c: 2}\n', ['a', 'c'], 'a: {b: 1}\n')
test('removes from braces, all', removes, 'a: { b: 1 }\n', ['a', 'b'], 'a: {  }\n')
test('what is not there is left', removes, 'a: {b: 1}\n', ['a', 'x', 'y'], 'a: {b: 1}\n')

// merging
test(
  'merges deeply',
  merges,
  'a:\n  b: 1 # c\n  d:\n    e: 2\nf: 3\n',
  ['a'],
  { b: 1, d: { g: 4 }, h: 5 },
  'a:\n  b: 1 # c\n  d:\n    e: 2\n    g: 4\n  h: 5\nf: 3\n',
)
test('merges into nothing', merges, 'f: 3\n', ['a'], { b: { c: 1 } }, 'f: 3\na:\n  b:\n    c: 1\n')
test('merging replaces lists', merges, 'a:\n  b: [1, 2]\n', ['a'], { b: [3] }, 'a:\n  b:\n    - 3\n')
test('merging an empty mapping', merges, 'a:\n  b: 1\n', ['a'], {}, 'a:\n  b: 1\n')

// the same already
test('in another style', keeps, 'a: {"b": [ \'x\' , !!str 1, 0x10], c: |\n  y\n  }\n'.replace('|\n  y\n  ', '"y"'), ['a'], {
  c: 'y',
  b: ['x', '1', 16],
})
test('yes is true for YAML 1.1', keeps, 'a: yes\n', ['a'], true)
test('0644 is octal for YAML 1.1', keeps, 'a: 0644\n', ['a'], 420)
test('0644 is decimal for YAML 1.2', keeps, 'a: 0644\n', ['a'], 644, '1.2')
test('through an alias', keeps, 'x: &x {b: 1}\na: *x\n', ['a', 'b'], 1)
test('with a merge', keeps, 'x: &x {b: 1, c: 2}\na:\n  <<: *x\n  c: 3\n', ['a'], { b: 1, c: 3 })
test('y is not true for every reader', sets, 'a: y\n', ['a'], true, 'a: true\n')
test('1e3 is not a number for every reader', sets, 'a: 1e3\n', ['a'], 1000, 'a: 1000\n')
test('a date is not text', sets, 'a: 2020-01-01\n', ['a'], '2020-01-01', 'a: "2020-01-01"\n')
test('true is not text', sets, 'a: yes\n', ['a'], 'yes', 'a: "yes"\n')
test('a tagged value is something else', sets, 'a: !x 1\n', ['a'], 1, 'a: 1\n')

// refused
test(
  'an item removed',
  refuses,
  'a:\n  - 1\n  - 2\n',
  ['a', 0],
  undefined,
  'has a list at a: an item removed by its position would be another at the next run; set the list as a whole',
)
test(
  'a key under a scalar',
  refuses,
  'a:\n  b: 1\n',
  ['a', 'b', 'c'],
  1,
  'has a single value at a.b (line 2, column 6): it cannot hold "c"',
)
test('a name in a list', refuses, 'a:\n  - 1\n', ['a', 'c'], 1, 'has a list at a (line 2, column 3): "c" is no position in it')
test('far behind the end of a list', refuses, 'a:\n  - 1\n', ['a', 3], 1, 'has a list of 1 at a (line 2, column 3): there is no position 3')
test('a position where no list is', refuses, 'a: 1\n', ['b', 0], 1, 'has no list b: set the list as a whole')
test(
  'a key that stands twice',
  refuses,
  'a: 1\nb: 2\na: 1\n',
  ['a'],
  1,
  'has the key a more than once (line 1, column 1 and line 3, column 1): remove all but one',
)
test('a document that is text', refuses, 'hello\n', ['a'], 1, 'has a single value at the document (line 1, column 1): it cannot hold "a"')
test(
  'an anchor that is needed',
  refuses,
  'a:\n  b: &x 1\nc: *x\n',
  ['a'],
  5,
  'has the anchor &x in this value (line 2, column 3), and *x elsewhere needs it: put the value there in place of the alias first',
)
test('an anchor that is needed, removed', refuses, 'a: &x 1\nc: *x\n', ['a'], undefined, /the anchor &x in this value/)
test(
  'within an alias',
  refuses,
  'a: &x {b: 1}\nc: *x\n',
  ['c', 'b'],
  5,
  'has an alias at c (line 2, column 4): name the key that has the anchor &x instead',
)
test(
  'within a merge',
  refuses,
  'a: &x {b: {d: 1}}\nc:\n  <<: *x\n',
  ['c', 'b', 'd'],
  5,
  'takes c.b from a merge (<<): what is in it cannot be edited there',
)
test(
  'removed from a merge',
  refuses,
  'a: &x {b: 1}\nc:\n  <<: *x\n',
  ['c', 'b'],
  undefined,
  'takes c.b from a merge (<<): it cannot be removed there',
)
test('two documents', refuses, 'a: 1\n---\na: 2\n', ['a'], 5, 'holds more than one document (the second begins in line 2, column 1)')
test('tabs', refuses, 'a:\n\tb: 1\n', ['a'], 5, /^f is not valid YAML: Tabs are not allowed as indentation \(line 2, column 1\)$/)
test('no YAML', refuses, 'a: [1\n', ['a'], 5, /^f is not valid YAML: /)
test('an explicit key', refuses, '? a\n: 1\n', ['a'], 5, 'has a key written with `? ` here: its value cannot be edited')

// whatever value is set reads back the same, by both versions, and nothing else is touched
const TROUBLE = [
  'yes',
  'No',
  'on',
  'y',
  '~',
  'null',
  '0123',
  '0o17',
  '0x1f',
  '1e3',
  '.5',
  '1_000',
  '12:30:45',
  '2020-01-01',
  '2001-12-14t21:59:43.10-05:00',
  '.inf',
  '-.INF',
  '.NaN',
  '=',
  '<<',
  '',
  ' a',
  'a ',
  'a: b',
  'a #b',
  '# a',
  '- a',
  '? a',
  '*a',
  '&a',
  '!a',
  '%a',
  '@a',
  '`a',
  '|',
  '>',
  '{',
  '[',
  ',',
  '"',
  "'",
  '\\',
  'a\nb\n',
  '\n',
  '\t',
  '\r\n',
  '\u0085',
  '\u2028',
  '\ufeff',
  '\0',
  '\u007f',
  '😀',
  '--- a',
  '...',
  'a:',
  ':a',
  '/a:b',
  'C:\\x',
] as const
const text = fc.oneof(
  fc.constantFrom(...TROUBLE),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.string({ unit: 'binary', maxLength: 8 }),
)
const name = text.filter((one) => one.length < 50)
const scalar = fc.oneof(
  text,
  fc.boolean(),
  fc.constant(null),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).filter((one) => !Number.isInteger(one) || Number.isSafeInteger(one)),
)
const { value } = fc.letrec<{ value: Data }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    scalar,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(name, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
}))
const FILE = `# top
base: &base {p: 1, 'q': yes}   # odd   spacing
list:
- 0644
-   k: "v"  # c
    l: |
      text

    # deep
flow: {a: 1, b: [x, *base]}
map:
    inner:
        deep: 1   # d
    <<: *base

last: 'x'
# vim:ft=yaml`
const places: Path[] = [
  ['list'],
  ['list', 0],
  ['list', 1],
  ['list', 1, 'k'],
  ['list', 1, 'new'],
  ['list', 2],
  ['flow', 'a'],
  ['flow', 'b'],
  ['flow', 'b', 0],
  ['flow', 'c'],
  ['map', 'inner'],
  ['map', 'inner', 'deep'],
  ['map', 'p'],
  ['last'],
  ['fresh'],
  ['fresh', 'x', 'y'],
]

test('any value reads back the same, under YAML 1.1 and 1.2', (t) => {
  t.timeout(60_000)
  fc.assert(
    fc.property(fc.constantFrom(...places), value, fc.constantFrom('\n', '\r\n'), (path, wanted, eol) => {
      const before = FILE.replaceAll('\n', eol)
      const after = editYaml(before, { state: 'present', path, value: wanted }, '1.1')
      for (const version of ['1.1', '1.2'] as const) {
        const options = { version, merge: true, strict: true, logLevel: 'silent' } as const
        const was = parse(before, options)
        const is = parse(after, options)
        t.deepEqual(at(is, path), wanted)
        t.deepEqual(put(is, path, 0), put(was, path, 0))
      }
      t.is(editYaml(after, { state: 'present', path, value: wanted }, '1.1'), after)
      // lines that were not asked for are there still, in their order
      const kept = after.split(eol)
      for (const line of before.split(eol).filter((one) => /^# top|^base|vim/.test(one))) t.true(kept.includes(line))
    }),
    { numRuns: 400 },
  )
})

test('a key that was added can be removed, and the file is as it was', (t) => {
  fc.assert(
    fc.property(fc.constantFrom<Path>(['map'], ['map', 'inner'], ['flow'], []), name, value, (path, key, wanted) => {
      const added = editYaml(FILE, { state: 'present', path: [...path, `new ${key}`], value: wanted }, '1.1')
      t.is(editYaml(added, { state: 'absent', path: [...path, `new ${key}`] }, '1.1'), FILE)
    }),
    { numRuns: 200 },
  )
})

const at = (data: unknown, path: Path): unknown => path.reduce<unknown>((one, segment) => (one as Record<string, unknown>)[segment], data)

/** The data with another value at a path. */
function put(data: unknown, [segment, ...rest]: Path, value: unknown): unknown {
  if (segment === undefined) return value
  const inner = put((data as Record<string, unknown> | undefined)?.[segment], rest, value)
  if (Array.isArray(data)) return Object.assign([...data], { [segment]: inner })
  return { ...(data as object), [segment]: inner }
}
