import { chmodSync, symlinkSync } from 'node:fs'
import test from 'ava'
import { blockinfile } from '../../src/modules/blockinfile.ts'
import { applies, fails, leaves, scratch } from '../helpers/scratch.ts'

const BEGIN = '# BEGIN ANSIBLE MANAGED BLOCK\n'
const END = '# END ANSIBLE MANAGED BLOCK\n'

const makes = test.macro({
  title: (title) => title!,
  async exec(t, before: string, params: object, after: string, msg: string) {
    const here = scratch(t, { f: before })
    const { result, plan } = await applies(t, blockinfile, { path: here.at('f'), ...params })
    t.is(here.read('f'), after)
    t.is(result.msg, msg)
    t.is(plan.message, msg)
  },
})

const keeps = test.macro({
  title: (title) => title!,
  async exec(t, text: string, params: object) {
    const here = scratch(t, { f: text })
    await leaves(t, blockinfile, { path: here.at('f'), ...params })
    t.is(here.read('f'), text)
  },
})

// where it goes
test('inserts a block at the end', makes, 'a\n', { block: 'x\ny' }, `a\n${BEGIN}x\ny\n${END}`, 'Block inserted')
test('a newline at the end of the block is one', makes, 'a\n', { block: 'x\n' }, `a\n${BEGIN}x\n${END}`, 'Block inserted')
test('ends the last line before it inserts', makes, 'a', { block: 'x' }, `a\n${BEGIN}x\n${END}`, 'Block inserted')
test('inserts into an empty file', makes, '', { block: 'x' }, `${BEGIN}x\n${END}`, 'Block inserted')
test('inserts at the beginning', makes, 'a\n', { block: 'x', insertbefore: 'BOF' }, `${BEGIN}x\n${END}a\n`, 'Block inserted')
test('inserts after the last match', makes, 'l\nl\nz\n', { block: 'x', insertafter: '^l' }, `l\nl\n${BEGIN}x\n${END}z\n`, 'Block inserted')
test(
  'inserts before the last match',
  makes,
  'l\nl\nz\n',
  { block: 'x', insertbefore: '^l' },
  `l\n${BEGIN}x\n${END}l\nz\n`,
  'Block inserted',
)
test('inserts at the end when nothing matches', makes, 'a\n', { block: 'x', insertbefore: '^no' }, `a\n${BEGIN}x\n${END}`, 'Block inserted')
test('an empty place means the end', makes, 'a\n', { block: 'x', insertafter: '' }, `a\n${BEGIN}x\n${END}`, 'Block inserted')
test(
  'searches the whole text with multiline_search',
  makes,
  'A =\n  (S =\n  (T =\nA2 =\n',
  { block: 'x', insertafter: 'A =\\n.*\\(S =', multiline_search: true },
  `A =\n  (S =\n${BEGIN}x\n${END}  (T =\nA2 =\n`,
  'Block inserted',
)
test(
  'searches the whole text with (?m)',
  makes,
  'a\nb\nc\n',
  { block: 'x', insertbefore: '(?m)^b\\nc$' },
  `a\n${BEGIN}x\n${END}b\nc\n`,
  'Block inserted',
)

// what is there
test('leaves a block that is there', keeps, `a\n${BEGIN}x\n${END}b\n`, { block: 'x' })
test('leaves a block at another place', keeps, `${BEGIN}x\n${END}b\n`, { block: 'x', insertafter: 'EOF' })
test('updates a block where it stands', makes, `a\n${BEGIN}old\n${END}b\n`, { block: 'x' }, `a\n${BEGIN}x\n${END}b\n`, 'Block inserted')
test(
  'finds markers without a newline at the end',
  makes,
  `a\n${BEGIN}old\n${END.trim()}`,
  { block: 'x' },
  `a\n${BEGIN}x\n${END}`,
  'Block inserted',
)
test(
  'finds markers that end in CR LF',
  makes,
  'a\r\n# BEGIN ANSIBLE MANAGED BLOCK\r\nold\r\n# END ANSIBLE MANAGED BLOCK\r\nb\r\n',
  { block: 'new' },
  `a\r\n${BEGIN}new\n${END}b\r\n`,
  'Block inserted',
)
test('finds markers in the wrong order', makes, `a\n${END}old\n${BEGIN}b\n`, { block: 'x' }, `a\n${BEGIN}x\n${END}b\n`, 'Block inserted')
test('a beginning without an end is no block', makes, `${BEGIN}old\n`, { block: 'x' }, `${BEGIN}old\n${BEGIN}x\n${END}`, 'Block inserted')
test(
  'blocks with other markers are left alone',
  makes,
  '# BEGIN one\n1\n# END one\n',
  { block: '2', marker: '# {mark} two' },
  '# BEGIN one\n1\n# END one\n# BEGIN two\n2\n# END two\n',
  'Block inserted',
)

// removal
test('removes a block', makes, `a\n${BEGIN}x\n${END}b\n`, { state: 'absent' }, 'a\nb\n', 'Block removed')
test('an empty block is removed', makes, `a\n${BEGIN}x\n${END}`, { block: '' }, 'a\n', 'Block removed')
test('removes a block that is the whole file', makes, `${BEGIN}x\n${END}`, { state: 'absent' }, '', 'Block removed')
test(
  'removes a block with CR LF markers',
  makes,
  'a\r\n# BEGIN ANSIBLE MANAGED BLOCK\r\nx\r\n# END ANSIBLE MANAGED BLOCK\r\nb\r\n',
  { state: 'absent' },
  'a\r\nb\r\n',
  'Block removed',
)
test('nothing is removed where no block is', keeps, 'a', { state: 'absent' })
test('an empty block is not inserted', keeps, 'a', { prepend_newline: true, append_newline: true })

// markers
test(
  'markers take the words given',
  makes,
  'a\n',
  { block: 'x', marker: '<!-- {mark} x -->', marker_begin: 'open', marker_end: 'close' },
  'a\n<!-- open x -->\nx\n<!-- close x -->\n',
  'Block inserted',
)
test(
  'a marker without {mark} encloses the block',
  makes,
  'a\n',
  { block: 'x', marker: '# mine' },
  'a\n# mine\nx\n# mine\n',
  'Block inserted',
)
test(
  'a block between markers without {mark} is updated',
  makes,
  '# mine\nold\n# mine\nb\n',
  { block: 'x', marker: '# mine' },
  '# mine\nx\n# mine\nb\n',
  'Block inserted',
)
test(
  'a block between markers without {mark} is removed',
  makes,
  'a\n# mine\nold\n# mine\nb\n',
  { state: 'absent', marker: '# mine' },
  'a\nb\n',
  'Block removed',
)

// blank lines
test(
  'appends a blank line',
  makes,
  '1\n2\n',
  { block: 'x', insertafter: '1', append_newline: true },
  `1\n${BEGIN}x\n${END}\n2\n`,
  'Block inserted',
)
test(
  'prepends a blank line',
  makes,
  '1\n2\n',
  { block: 'x', insertafter: '1', prepend_newline: true },
  `1\n\n${BEGIN}x\n${END}2\n`,
  'Block inserted',
)
test(
  'wraps a block in blank lines',
  makes,
  '1\n2\n',
  { block: 'x', insertafter: '1', append_newline: true, prepend_newline: true },
  `1\n\n${BEGIN}x\n${END}\n2\n`,
  'Block inserted',
)
test(
  'adds no blank line at the end of a file',
  makes,
  '1\n',
  { block: 'x', append_newline: true },
  `1\n${BEGIN}x\n${END}`,
  'Block inserted',
)
test(
  'adds no blank line at the beginning of a file',
  makes,
  '1\n',
  { block: 'x', insertbefore: 'BOF', prepend_newline: true },
  `${BEGIN}x\n${END}1\n`,
  'Block inserted',
)
test('adds no second blank line', keeps, `1\n\n${BEGIN}x\n${END}\n2\n`, { block: 'x', append_newline: true, prepend_newline: true })
test(
  'appends a blank line to a block that is there',
  makes,
  `${BEGIN}x\n${END}2\n`,
  { block: 'x', append_newline: true },
  `${BEGIN}x\n${END}\n2\n`,
  'Block inserted',
)
test(
  'removing a block adds no blank line',
  makes,
  `1\n${BEGIN}x\n${END}2\n`,
  { state: 'absent', append_newline: true },
  '1\n2\n',
  'Block removed',
)

// line endings
test(
  'markers end in CR LF on demand',
  makes,
  '',
  { block: 'x\r\ny', line_separator: 'crlf' },
  '# BEGIN ANSIBLE MANAGED BLOCK\r\nx\r\ny\r\n# END ANSIBLE MANAGED BLOCK\r\n',
  'Block inserted',
)
test(
  'markers end in CR on demand',
  makes,
  '',
  { block: 'x\ry', line_separator: 'cr' },
  '# BEGIN ANSIBLE MANAGED BLOCK\rx\ry\r# END ANSIBLE MANAGED BLOCK\r',
  'Block inserted',
)
test('a block keeps its own line endings', makes, 'u\n', { block: 'd\r\nd\r\n' }, `u\n${BEGIN}d\r\nd\r\n${END}`, 'Block inserted')

// parameters
const refuses = test.macro({
  title: (title) => title!,
  exec: (t, params: object, message: string) =>
    t.deepEqual(
      blockinfile.params.safeParse({ path: '/x', ...params }).error?.issues.map((issue) => issue.message),
      [message],
    ),
})
test(
  'two places exclude each other',
  refuses,
  { insertafter: 'b', insertbefore: 'c' },
  'parameters are mutually exclusive: insertbefore|insertafter',
)
test('a marker of two lines is refused', refuses, { marker: 'a\n{mark}' }, 'a marker is one line')

// files
test('create makes the file', async (t) => {
  const here = scratch(t)
  const { result } = await applies(t, blockinfile, { path: here.at('a/f'), block: 'x', create: true, mode: '0640' })
  t.is(here.read('a/f'), `${BEGIN}x\n${END}`)
  t.is(here.mode('a/f'), '640')
  t.is(result.msg, 'File created')
})

test('create makes an empty file of no block', async (t) => {
  const here = scratch(t)
  const { result } = await applies(t, blockinfile, { path: here.at('f'), create: true })
  t.is(here.read('f'), '')
  t.is(result.msg, 'File created')
})

test('a missing file is a failure, unless the block is to be absent', async (t) => {
  const here = scratch(t)
  t.is(await fails(t, blockinfile, { path: here.at('f'), block: 'x' }), `Path ${here.at('f')} does not exist !`)
  t.is(await fails(t, blockinfile, { path: here.root, block: 'x' }), `Path ${here.root} is a directory !`)
  const { plan } = await leaves(t, blockinfile, { path: here.at('f'), state: 'absent' })
  t.is(plan.message, `File ${here.at('f')} not present`)
})

test('a block that does not validate is not put in place', async (t) => {
  const here = scratch(t, { f: 'a\n' })
  const validate = 'grep -q y %s'
  t.is(await fails(t, blockinfile, { path: here.at('f'), block: 'x', validate }), 'failed to validate: rc:1')
  t.is(here.read('f'), 'a\n')
  await applies(t, blockinfile, { path: here.at('f'), block: 'y', validate })
})

test('attributes and a backup go with the block', async (t) => {
  const here = scratch(t, { f: 'a\n' })
  chmodSync(here.at('f'), 0o600)
  symlinkSync('f', here.at('ln'))
  const { result } = await applies(t, blockinfile, { path: here.at('ln'), block: 'x', mode: 'a+r', backup: true })
  t.is(here.mode('f'), '644')
  t.is(here.link('ln'), 'f')
  t.is(here.read(String(result.backup_file).slice(here.root.length + 1)), 'a\n')
  t.is(result.msg, 'Block inserted and ownership, perms or SE linux context changed')
})

test('every example passes its own schema', (t) => {
  for (const { params } of blockinfile.examples) t.true(blockinfile.params.safeParse(params).success)
})
