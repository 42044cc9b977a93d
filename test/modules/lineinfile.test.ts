import { chmodSync, chownSync, symlinkSync } from 'node:fs'
import test from 'ava'
import { lineinfile } from '../../src/modules/lineinfile.ts'
import { applies, fails, leaves, scratch } from '../helpers/scratch.ts'
import { settle } from '../helpers/settle.ts'

const NUMBERS = 'This is line 1\nThis is line 2\nREF this is a line for backrefs REF\nThis is line 4\nThis is line 5\n'

const makes = test.macro({
  title: (title) => title!,
  async exec(t, before: string, params: object, after: string, msg: string) {
    const here = scratch(t, { 'f.txt': before })
    const { result, plan } = await applies(t, lineinfile, { path: here.at('f.txt'), ...params })
    t.is(here.read('f.txt'), after)
    t.is(result.msg, msg)
    t.is(plan.message, msg)
    t.is(result.backup, '')
    t.deepEqual(here.list(), ['f.txt'])
  },
})

const keeps = test.macro({
  title: (title) => title!,
  async exec(t, text: string, params: object) {
    const here = scratch(t, { 'f.txt': text })
    await leaves(t, lineinfile, { path: here.at('f.txt'), ...params })
    t.is(here.read('f.txt'), text)
  },
})

const refuses = test.macro({
  title: (title) => title!,
  exec(t, params: object, message: string) {
    const parsed = lineinfile.params.safeParse({ path: '/x', ...params })
    t.deepEqual(
      parsed.error?.issues.map((issue) => issue.message),
      [message],
    )
  },
})

// present, without an expression
test('adds a line at the end', makes, 'a\n', { line: 'b' }, 'a\nb\n', 'line added')
test('adds a line to an empty file', makes, '', { line: 'b' }, 'b\n', 'line added')
test('ends the last line before it adds one', makes, 'a', { line: 'b' }, 'a\nb\n', 'line added')
test('leaves a line that is there, wherever it is', keeps, 'a\nb\nc\n', { line: 'b' })
test('ends a last line that is wanted but has no newline', makes, 'a\nb', { line: 'b' }, 'a\nb\n', 'line replaced')
test('adds at the end with insertafter EOF', makes, 'a\n', { line: 'b', insertafter: 'EOF' }, 'a\nb\n', 'line added')
test('adds at the beginning with insertbefore BOF', makes, 'a\n', { line: 'b', insertbefore: 'BOF' }, 'b\na\n', 'line added')
test('adds at the beginning with insertafter BOF', makes, 'a\n', { line: 'b', insertafter: 'BOF' }, 'b\na\n', 'line added')
test('adds to an empty file with insertbefore BOF', makes, '', { line: 'b', insertbefore: 'BOF' }, 'b\n', 'line added')
test('adds after the last match', makes, 'x1\nx2\ny\n', { line: 'n', insertafter: '^x' }, 'x1\nx2\nn\ny\n', 'line added')
test('adds before the last match', makes, 'x1\nx2\ny\n', { line: 'n', insertbefore: '^x' }, 'x1\nn\nx2\ny\n', 'line added')
test('adds after the first match', makes, 'x1\nx2\ny\n', { line: 'n', insertafter: '^x', firstmatch: true }, 'x1\nn\nx2\ny\n', 'line added')
test('adds before the first match', makes, 'x1\nx2\n', { line: 'n', insertbefore: '^x', firstmatch: true }, 'n\nx1\nx2\n', 'line added')
test('adds after a last line without newline', makes, 'a\nx', { line: 'n', insertafter: '^x' }, 'a\nx\nn\n', 'line added')
test('adds at the end when insertafter matches nothing', makes, 'a\n', { line: 'n', insertafter: '^x' }, 'a\nn\n', 'line added')
test('adds at the end when insertbefore matches nothing', makes, 'a\n', { line: 'n', insertbefore: '^x' }, 'a\nn\n', 'line added')
test('adds to an empty file when insertbefore matches nothing', makes, '', { line: 'top', insertbefore: '^no$' }, 'top\n', 'line added')
test('does not add a line a second time beside another match', keeps, 'bar\n1\n2\n', { line: 'bar', insertafter: '2' })
test('does not add a line that stands below the first match', keeps, 'x\ny\nbar\n', { line: 'bar', insertafter: 'x', firstmatch: true })
test('adds several lines as one', makes, 'a\n', { line: 'one\ntwo' }, 'a\none\ntwo\n', 'line added')
test('leaves out a newline at the end of the line', makes, 'a\n', { line: 'b\n' }, 'a\nb\n', 'line added')
test('adds an empty line', makes, 'a\n', { line: '' }, 'a\n\n', 'line added')
test(
  'takes quotes, dollars and backslashes as they are',
  makes,
  '',
  { line: `"$HOME" 'x' \\n \`id\`` },
  `"$HOME" 'x' \\n \`id\`\n`,
  'line added',
)

// present, with an expression
test('replaces the last match', makes, 'k=1\nk=2\nz\n', { regexp: '^k=', line: 'k=9' }, 'k=1\nk=9\nz\n', 'line replaced')
test('replaces the first match', makes, 'k=1\nk=2\n', { regexp: '^k=', line: 'k=9', firstmatch: true }, 'k=9\nk=2\n', 'line replaced')
test('adds where nothing matches', makes, 'a\n', { regexp: '^k=', line: 'k=9' }, 'a\nk=9\n', 'line added')
test(
  'adds after an anchor where nothing matches',
  makes,
  'a\nb\n',
  { regexp: '^k=', line: 'k=9', insertafter: '^a' },
  'a\nk=9\nb\n',
  'line added',
)
test(
  'looks at no anchor when the expression matches',
  makes,
  'k=1\na\n',
  { regexp: '^k=', line: 'k=9', insertafter: '^a' },
  'k=9\na\n',
  'line replaced',
)
test('leaves a match that is as wanted', keeps, 'k=9\n', { regexp: '^k=', line: 'k=9' })
test('leaves a line that is there though the expression does not match it', keeps, 'a\nk=9\nb\n', { regexp: '^nothing', line: 'k=9' })
test('an expression at the end of a line sees no newline', makes, 'a1\nb1\n', { regexp: '^a\\d$', line: 'c' }, 'c\nb1\n', 'line replaced')
test('replaces a match by several lines, once', makes, 'k=1\nz\n', { regexp: '^k=', line: 'k=1\nk=2' }, 'k=1\nk=2\nz\n', 'line replaced')
test('an empty expression matches the last line', makes, 'a\nb\n', { regexp: '', line: 'c' }, 'a\nc\n', 'line replaced')
test('a named group is understood', makes, 'key = 1\n', { regexp: '^(?P<k>key)\\s*=', line: 'key=2' }, 'key=2\n', 'line replaced')
test('(?i) ignores case', makes, 'KEY=1\n', { regexp: '(?i)^key=', line: 'key=2' }, 'key=2\n', 'line replaced')
test('replaces the last line that holds a text', makes, 'a.b\naxb\n', { search_string: 'a.b', line: 'n' }, 'n\naxb\n', 'line replaced')
test('adds where no line holds the text', makes, 'axb\n', { search_string: 'a.b', line: 'n' }, 'axb\nn\n', 'line added')
test('replaces a line between non-ASCII ones', makes, 'é\nkü=1\n', { regexp: '^kü=', line: 'kü=ß' }, 'é\nkü=ß\n', 'line replaced')

// backrefs
test(
  'puts groups into the line',
  makes,
  NUMBERS,
  { regexp: '^This is (line 4)$', line: 'New \\1 made', backrefs: true },
  NUMBERS.replace('This is line 4', 'New line 4 made'),
  'line replaced',
)
test(
  'a backreference in the expression works',
  makes,
  NUMBERS,
  { regexp: '^(REF) .* \\1$', line: 'This is line 3', backrefs: true },
  NUMBERS.replace(/REF.*REF/, 'This is line 3'),
  'line replaced',
)
test(
  'puts named groups into the line',
  makes,
  'a=1 b=2\n',
  { regexp: '^a=(?P<x>\\d) b=(\\d)$', line: 'a=\\g<2> b=\\g<x>!', backrefs: true },
  'a=2 b=1!\n',
  'line replaced',
)
test('a group that took no part is empty', makes, 'ac\n', { regexp: '^a(b)?c$', line: '<\\1>', backrefs: true }, '<>\n', 'line replaced')
test('changes nothing when backrefs has no match', keeps, 'a\n', { regexp: '^x(.)', line: '\\1', backrefs: true })
test('changes nothing when the line it makes is there', keeps, 'v 2\n', { regexp: '^v (\\d)$', line: 'v \\1', backrefs: true })
test('without backrefs a backslash is text', makes, 'a\n', { regexp: '^(a)$', line: '\\1' }, '\\1\n', 'line replaced')

// line endings
test(
  'a replaced line ends in a newline alone, others keep CR LF',
  makes,
  'a\r\nk=1\r\nb\r\n',
  { regexp: '^k=', line: 'k=2' },
  'a\r\nk=2\nb\r\n',
  'line replaced',
)
test('an added line ends in a newline alone', makes, 'a\r\n', { line: 'b' }, 'a\r\nb\n', 'line added')

// absent
test('removes every line that matches', makes, 'x1\na\nx2\n', { state: 'absent', regexp: '^x' }, 'a\n', '2 line(s) removed')
test('removes every line that reads so', makes, 'x\na\nx\nxx\n', { state: 'absent', line: 'x' }, 'a\nxx\n', '2 line(s) removed')
test('removes a line that ends in CR LF', makes, 'x\r\na\r\n', { state: 'absent', line: 'x' }, 'a\r\n', '1 line(s) removed')
test('removes every line that holds a text', makes, '[x]\na\nx\n', { state: 'absent', search_string: '[x]' }, 'a\nx\n', '1 line(s) removed')
test('removes a last line without newline', makes, 'a\nx', { state: 'absent', line: 'x' }, 'a\n', '1 line(s) removed')
test('removes the only line', makes, 'x\n', { state: 'absent', line: 'x' }, '', '1 line(s) removed')
test('leaves a file without such a line', keeps, 'a\n', { state: 'absent', line: 'x' })

test('tells how many lines were removed', async (t) => {
  const here = scratch(t, { f: 'x\nx\n' })
  const { result } = await applies(t, lineinfile, { path: here.at('f'), state: 'absent', line: 'x' })
  t.is(result.found, 2)
  t.is((await settle(lineinfile, { path: here.at('f'), state: 'absent', line: 'x' })).result.found, 0)
})

// parameters
test('a line is required', refuses, {}, 'line is required with state=present')
test(
  'absent needs something to look for',
  refuses,
  { state: 'absent' },
  'one of line, search_string, or regexp is required with state=absent',
)
test(
  'two anchors exclude each other',
  refuses,
  { line: 'a', insertafter: 'b', insertbefore: 'c' },
  'parameters are mutually exclusive: insertbefore|insertafter',
)
test(
  'regexp and search_string exclude each other',
  refuses,
  { line: 'a', regexp: 'b', search_string: 'c' },
  'parameters are mutually exclusive: regexp|search_string',
)
test('backrefs needs an expression', refuses, { line: 'a', backrefs: true }, 'regexp is required with backrefs=true')
test('a group that the expression lacks is refused', refuses, { line: '\\2', regexp: '(a)', backrefs: true }, 'unknown group 2')
test('a broken expression is refused', refuses, { line: 'a', regexp: '(' }, 'not a regular expression that can be used: unterminated group')
test(
  'an expression without counterpart is refused',
  refuses,
  { line: 'a', regexp: '(a)?(?(1)b|c)' },
  'not a regular expression that can be used: a conditional group (?(…)…|…) has no counterpart here',
)
test('validate without %s is refused', refuses, { line: 'a', validate: 'true' }, 'validate must contain %s, and close its quotes')
test('an unknown encoding is refused', refuses, { line: 'a', encoding: 'cp273' }, 'known encodings are utf-8, ascii, latin-1 and utf-16-le')

test('an empty expression is warned of', async (t) => {
  const here = scratch(t, { f: 'a\n' })
  const { result } = await settle(lineinfile, { path: here.at('f'), regexp: '', line: 'b' })
  t.is((result.warnings as string[]).length, 1)
  t.regex((result.warnings as string[])[0]!, /^The regular expression is an empty string, which will match every line in the file\. /)
})

// files
test('a missing file is a failure', async (t) => {
  const here = scratch(t)
  t.is(await fails(t, lineinfile, { path: here.at('no'), line: 'a' }), `Path ${here.at('no')} does not exist !`)
})

test('a missing file has no such line', async (t) => {
  const here = scratch(t)
  const { plan } = await leaves(t, lineinfile, { path: here.at('no'), line: 'a', state: 'absent' })
  t.is(plan.message, 'file not present')
})

test('a directory is a failure', async (t) => {
  const here = scratch(t)
  t.is(await fails(t, lineinfile, { path: here.root, line: 'a' }), `Path ${here.root} is a directory !`)
})

test('create makes the file and the directories it is in', async (t) => {
  const here = scratch(t)
  const { result } = await applies(t, lineinfile, { path: here.at('a/b/f'), line: 'x', create: true, mode: '0600' })
  t.is(here.read('a/b/f'), 'x\n')
  t.is(here.mode('a/b/f'), '600')
  t.is(here.mode('a/b'), '755')
  t.is(result.msg, 'line added')
  t.is(result.state, 'file')
})

test('create with backrefs makes nothing', async (t) => {
  const here = scratch(t)
  await leaves(t, lineinfile, { path: here.at('f'), line: '\\1', regexp: '(a)', backrefs: true, create: true })
  t.deepEqual(here.list(), [])
})

test('mode, owner and group of the file stay', async (t) => {
  const here = scratch(t, { f: 'a\n' })
  chownSync(here.at('f'), 1234, 1235)
  chmodSync(here.at('f'), 0o4640)
  await applies(t, lineinfile, { path: here.at('f'), line: 'b' })
  t.is(here.mode('f'), '4640')
  t.is(here.stat('f').uid, 1234)
  t.is(here.stat('f').gid, 1235)
})

test('attributes are set together with the line', async (t) => {
  const here = scratch(t, { f: 'a\n' })
  const { result, changes } = await applies(t, lineinfile, { path: here.at('f'), line: 'b', mode: 'g+w,o=', owner: 'nobody', group: '42' })
  t.is(here.mode('f'), '660')
  t.is(here.stat('f').gid, 42)
  t.is(changes.length, 1)
  t.is(changes[0]!.steps.length, 1)
  t.is(result.msg, 'line added and ownership, perms or SE linux context changed')
})

test('attributes are set alone when the line is there', async (t) => {
  const here = scratch(t, { f: 'a\n' })
  const { result } = await applies(t, lineinfile, { path: here.at('f'), line: 'a', mode: '0600' })
  t.is(here.mode('f'), '600')
  t.is(result.msg, 'ownership, perms or SE linux context changed')
})

test('a link is followed and stays a link', async (t) => {
  const here = scratch(t, { real: 'a\n' })
  symlinkSync('real', here.at('ln'))
  await applies(t, lineinfile, { path: here.at('ln'), line: 'b', backup: true })
  t.is(here.read('real'), 'a\nb\n')
  t.is(here.link('ln'), 'real')
})

test('a backup holds the old text and tells its path', async (t) => {
  const here = scratch(t, { f: 'a\n' })
  chmodSync(here.at('f'), 0o640)
  const { result } = await applies(t, lineinfile, { path: here.at('f'), line: 'b', backup: true })
  const name = here.list().find((one) => one !== 'f')!
  t.regex(name, /^f\.\d+\.\d{4}-\d\d-\d\d@\d\d:\d\d:\d\d~$/)
  t.is(result.backup, here.at(name))
  t.is(here.read(name), 'a\n')
  t.is(here.mode(name), '640')
})

test('a file that does not validate is not put in place', async (t) => {
  const here = scratch(t, { f: 'a\n' })
  t.is(
    await fails(t, lineinfile, { path: here.at('f'), line: 'b', backup: true, validate: 'grep -q "^c$" %s' }),
    'failed to validate: rc:1',
  )
  t.is(here.read('f'), 'a\n')
  t.deepEqual(here.list(), ['f'])
  await applies(t, lineinfile, { path: here.at('f'), line: 'c', validate: "grep -q '^c$' %s" })
})

test('bytes that are no UTF-8 stay as they are', async (t) => {
  const before = Buffer.from([0xff, 0xfe, 0x0a, 0x6b, 0x3d, 0xe9, 0x0a, 0xc3, 0xa9, 0x00, 0x0a])
  const here = scratch(t, { f: before })
  await applies(t, lineinfile, { path: here.at('f'), regexp: '^k=', line: 'k=ü' })
  t.deepEqual(here.bytes('f'), Buffer.concat([before.subarray(0, 3), Buffer.from('k=ü\n'), before.subarray(7)]))
})

test('a file in latin-1 is edited in latin-1', async (t) => {
  const here = scratch(t, { f: Buffer.from('name=é\n', 'latin1') })
  await applies(t, lineinfile, { path: here.at('f'), regexp: 'é$', line: 'name=ü', encoding: 'latin-1' })
  t.deepEqual(here.bytes('f'), Buffer.from('name=ü\n', 'latin1'))
})

for (const name of ['with space', "quote's", '-dash', 'new\nline', 'ünïcode', '$(id)', 'back\\slash', '*'])
  test(`a path may be called ${JSON.stringify(name)}`, async (t) => {
    const here = scratch(t, { [`${name}/${name}`]: 'a\n' })
    await applies(t, lineinfile, { path: here.at(`${name}/${name}`), line: 'b', backup: true })
    t.is(here.read(`${name}/${name}`), 'a\nb\n')
  })

test('works for a user without privileges', async (t) => {
  const here = scratch(t, { 'd/f': 'a\n' })
  chmodSync(here.root, 0o755)
  chownSync(here.at('d'), 65534, 65534)
  chmodSync(here.at('d/f'), 0o644)
  const nobody = { prefix: ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--'] }
  await applies(t, lineinfile, { path: here.at('d/f'), line: 'b' }, nobody)
  t.is(here.read('d/f'), 'a\nb\n')
  chmodSync(here.at('d/f'), 0o600)
  chownSync(here.at('d/f'), 0, 0)
  t.is(await fails(t, lineinfile, { path: here.at('d/f'), line: 'c' }, nobody), `${here.at('d/f')} is not readable`)
  chmodSync(here.at('d'), 0o700)
  chownSync(here.at('d'), 0, 0)
  t.is(await fails(t, lineinfile, { path: here.at('d/f'), line: 'c' }, nobody), `Cannot access ${here.at('d/f')}: permission denied`)
})

test('an unknown owner is a failure before anything is done', async (t) => {
  const here = scratch(t, { f: 'a\n' })
  t.is(
    await fails(t, lineinfile, { path: here.at('f'), line: 'b', owner: 'no-such-user' }),
    'chown failed: failed to look up user no-such-user',
  )
  t.is(here.read('f'), 'a\n')
  t.deepEqual(here.list(), ['f'])
})

test('the diff shows the text before and after', async (t) => {
  const here = scratch(t, { f: 'a\n' })
  const { changes } = await settle(lineinfile, { path: here.at('f'), line: 'b' }, { check: true })
  t.deepEqual(changes[0]!.diff, {
    before: 'a\n',
    after: 'a\nb\n',
    before_header: `${here.at('f')} (content)`,
    after_header: `${here.at('f')} (content)`,
  })
  t.is(here.read('f'), 'a\n')
})

test('every example passes its own schema', (t) => {
  for (const { params } of lineinfile.examples) t.true(lineinfile.params.safeParse(params).success)
})
