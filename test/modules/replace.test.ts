import test from 'ava'
import { replace } from '../../src/modules/replace.ts'
import { applies, fails, leaves, scratch } from '../helpers/scratch.ts'

const makes = test.macro({
  title: (title) => title!,
  async exec(t, before: string, params: object, after: string, msg: string) {
    const here = scratch(t, { f: before })
    const { result, plan } = await applies(t, replace, { path: here.at('f'), ...params })
    t.is(here.read('f'), after)
    t.is(result.msg, msg)
    t.is(plan.message, msg)
  },
})

const keeps = test.macro({
  title: (title) => title!,
  async exec(t, text: string, params: object, message?: string) {
    const here = scratch(t, { f: text })
    const { plan } = await leaves(t, replace, { path: here.at('f'), ...params })
    t.is(plan.message, message)
    t.is(here.read('f'), text)
  },
})

test('replaces every match', makes, 'foo bar foo\nfoo\n', { regexp: 'foo', replace: 'x' }, 'x bar x\nx\n', '3 replacements made')
test('without replace, removes every match', makes, 'a1b2\n', { regexp: '\\d' }, 'ab\n', '2 replacements made')
test('^ and $ match at every line', makes, 'a\nb\n', { regexp: '^([ab])$', replace: '-\\1' }, '-a\n-b\n', '2 replacements made')
test('a dot does not match a newline', makes, 'ab\ncd\n', { regexp: 'a.*', replace: 'x' }, 'x\ncd\n', '1 replacements made')
test('a dot matches a newline after (?s)', makes, 'ab\ncd\n', { regexp: '(?s)a.*', replace: 'x' }, 'x', '1 replacements made')
test(
  'puts groups into the replacement',
  makes,
  'old.host x\n',
  { regexp: '(?P<n>\\w+)\\.host(\\s+.*)?$', replace: 'new.\\g<n>\\2' },
  'new.old x\n',
  '1 replacements made',
)
test('takes a dollar as it is', makes, 'a\n', { regexp: 'a', replace: '$& $1' }, '$& $1\n', '1 replacements made')
test('takes escapes for control characters', makes, 'a,b\n', { regexp: ',', replace: '\\n\\t' }, 'a\n\tb\n', '1 replacements made')
test('a line break may be part of the match', makes, 'a\nb\nc\n', { regexp: 'a\\nb\\n', replace: '' }, 'c\n', '1 replacements made')
test('a character of several bytes is one', makes, 'aéb\n', { regexp: 'a.b', replace: 'ü' }, 'ü\n', '1 replacements made')
test('leaves a text without a match', keeps, 'a\n', { regexp: 'x', replace: 'y' })
test('leaves a text that a replacement does not change', keeps, 'a\n', { regexp: 'a', replace: 'a' })

const SECTIONS = 'x\n[one]\nx\nx\n[two]\nx\n[two]\nx\n'
test(
  'works after a match',
  makes,
  SECTIONS,
  { regexp: 'x', replace: 'y', after: '\\[one\\]' },
  'x\n[one]\ny\ny\n[two]\ny\n[two]\ny\n',
  '4 replacements made',
)
test(
  'works before the last match',
  makes,
  SECTIONS,
  { regexp: 'x', replace: 'y', before: '\\[two\\]' },
  'y\n[one]\ny\ny\n[two]\ny\n[two]\nx\n',
  '4 replacements made',
)
test(
  'works between two matches',
  makes,
  SECTIONS,
  { regexp: 'x', replace: 'y', after: '\\[one\\]', before: '\\[two\\]' },
  'x\n[one]\ny\ny\n[two]\nx\n[two]\nx\n',
  '2 replacements made',
)
test('a dot in after matches newlines', makes, 'a\nb\nx\n', { regexp: 'x', replace: 'y', after: 'a.b' }, 'a\nb\ny\n', '1 replacements made')
test(
  'tells when there is no such section',
  keeps,
  SECTIONS,
  { regexp: 'x', replace: 'y', after: 'nowhere' },
  'Pattern for before/after params did not match the given file: nowhere(?P<subsection>.*)',
)

test('a missing file is a failure, and a directory', async (t) => {
  const here = scratch(t)
  t.is(await fails(t, replace, { path: here.at('f'), regexp: 'x' }), `Path ${here.at('f')} does not exist !`)
  t.is(await fails(t, replace, { path: here.root, regexp: 'x' }), `Path ${here.root} is a directory !`)
})

test('bytes that are no UTF-8 stay as they are', async (t) => {
  const here = scratch(t, { f: Buffer.from([0x80, 0x61, 0xff]) })
  await applies(t, replace, { path: here.at('f'), regexp: 'a', replace: 'é' })
  t.deepEqual(here.bytes('f'), Buffer.from([0x80, 0xc3, 0xa9, 0xff]))
})

test('attributes, backup and validation go with it', async (t) => {
  const here = scratch(t, { f: 'a\n' })
  t.is(await fails(t, replace, { path: here.at('f'), regexp: 'a', replace: 'b', validate: '/bin/false %s' }), 'failed to validate: rc:1')
  const { result } = await applies(t, replace, {
    path: here.at('f'),
    regexp: 'a',
    replace: 'b',
    validate: 'grep -q b %s',
    backup: true,
    mode: '0600',
  })
  t.is(here.mode('f'), '600')
  t.is(here.read(String(result.backup_file).slice(here.root.length + 1)), 'a\n')
  t.is(result.msg, '1 replacements made and ownership, perms or SE linux context changed')
})

test('a replacement is checked against the groups of the expression', (t) => {
  const problems = (params: object) =>
    replace.params.safeParse({ path: '/x', ...params }).error?.issues.map(({ path, message }) => [path[0], message])
  t.deepEqual(problems({ regexp: '(a)', replace: '\\2' }), [['replace', 'unknown group 2']])
  t.deepEqual(problems({ regexp: 'a', replace: '\\q' }), [['replace', 'bad escape \\q']])
  t.deepEqual(problems({ regexp: 'a', after: '(?P<n>a)', before: '(?P<n>b)' }), [
    ['before', 'not an expression that can be used: duplicate capture group name'],
  ])
})

test('every example passes its own schema', (t) => {
  for (const { params } of replace.examples) t.true(replace.params.safeParse(params).success)
})
