import test from 'ava'
import { pythonRegex } from '../../../src/modules/files/python-regex.ts'
import { pythonTemplate } from '../../../src/modules/files/python-template.ts'

// Expected matches are those of Python 3.11.
const finds = test.macro({
  title: (title) => title!,
  exec(t, source: string, text: string, found: string[], flags: Parameters<typeof pythonRegex>[1] = {}) {
    const { regex } = pythonRegex(source, flags)
    t.deepEqual(
      [...text.matchAll(regex!)].map(([match]) => match),
      found,
    )
  },
})

test('^ matches at the beginning only', finds, '^a', 'a\na', ['a'])
test('^ matches at every line in multiline', finds, '^a', 'a\na', ['a', 'a'], { multiline: true })
test('^ does not match after a carriage return', finds, '^a', 'x\ra', [], { multiline: true })
test('$ matches at the end', finds, 'a$', 'a\na', ['a'])
test('$ matches before a newline at the end', finds, 'a$', 'b\na\n', ['a'])
test('$ does not match before a carriage return', finds, 'a$', 'a\r\n', [])
test('$ does not match in the middle', finds, 'a$', 'ab', [])
test('$ matches at every line in multiline', finds, 'a$', 'a\na\nab', ['a', 'a'], { multiline: true })
test('\\A is the beginning, also in multiline', finds, '\\Aa', 'a\na', ['a'], { multiline: true })
test('\\Z is the very end', finds, 'a\\Z', 'a\n', [])
test('a dot leaves out newlines alone', finds, 'a.', 'a\na\ra\u2028', ['a\r', 'a\u2028'])
test('a dot matches all with dotAll', finds, 'a.', 'a\n', ['a\n'], { dotAll: true })
test('a dot is one character', finds, '^.$', '\u{1f600}', ['\u{1f600}'])
test('\\w knows letters of all languages', finds, '\\w+', 'añb_9-x', ['añb_9', 'x'])
test('\\w knows ASCII alone with (?a)', finds, '(?a)\\w+', 'añb', ['a', 'b'])
test('\\W in a set', finds, '[\\W_]', 'a_-', ['_', '-'])
test('\\b is between a word and none', finds, '\\bé\\w*', 'été xé', ['été'])
test('\\s and \\S', finds, '\\S\\s\\S', 'a\tb\u00a0c', ['a\tb'])
test('\\d and \\D', finds, '\\d\\D', '1a 22', ['1a'])
test('(?i) ignores case', finds, '(?i)aé', 'Aé AÉ', ['Aé', 'AÉ'])
test('(?s) and (?m) together', finds, '(?sm)^a.b$', 'a\nb\n', ['a\nb'])
test('(?x) leaves out blanks and comments', finds, '(?x) a \\  b # comment\n c', 'a bc', ['a bc'])
test('named groups and their references', finds, '(?P<q>[\'"]).*?(?P=q)', `'a' "b'"`, ["'a'", `"b'"`])
test('numbered references', finds, '(a|b)\\1', 'aabbab', ['aa', 'bb'])
test('a reference before a digit', finds, '(?P<x>a)(?P=x)0', 'aa0', ['aa0'])
test('comments are left out', finds, 'a(?#this)b', 'ab', ['ab'])
test('lookaround', finds, '(?<=a)b(?!c)', 'abc abd', ['b'])
test('braces that are no quantifier are text', finds, 'a{b}{', 'a{b}{', ['a{b}{'])
test('{,n} begins at nought', finds, '^a{,2}$', 'aa', ['aa'])
test('{n,m} and lazy quantifiers', finds, 'a{1,2}?', 'aa', ['a', 'a'])
test('a bracket first in a set is text', finds, '[]a]+', ']a[', [']a'])
test('a bracket first in a negated set is text', finds, '[^]a]+', ']b[a', ['b['])
test('sets hold what means something elsewhere', finds, '[.$(|&~!-]+', '.$(|&~!-x', ['.$(|&~!-'])
test('ranges in sets', finds, '[a-c\\-0-9]+', 'abc-1x', ['abc-1'])
test('\\b in a set is a backspace', finds, '[\\b]', 'a\bb', ['\b'])
test('escapes by number', finds, '\\x41\\u00e9\\101\\0', 'AéA\0', ['AéA\0'])
test('escaped punctuation', finds, '\\-\\/\\"\\_\\@\\%', '-/"_@%', ['-/"_@%'])
test('a slash and a quote are text', finds, '/"\'', '/"\'', ['/"\''])
test('empty alternatives', finds, '(?:a|)b', 'ab b', ['ab', 'b'])

const refuses = test.macro({
  title: (_, source: string) => `refuses ${source}`,
  exec: (t, source: string, why: string) => t.deepEqual(pythonRegex(source), { why }),
})

test(refuses, '(', 'unterminated group')
test(refuses, ')', "unmatched ')'")
test(refuses, '*a', 'nothing to repeat')
test(refuses, '[a', 'unterminated character set')
test(refuses, 'a\\', 'bad escape (end of pattern)')
test(refuses, '\\q', 'bad escape \\q')
test(refuses, '[\\q]', 'bad escape \\q')
test(refuses, '[a-\\w]', 'bad character range')
test(refuses, '\\x4', 'incomplete escape')
test(refuses, '(a)?(?(1)b|c)', 'a conditional group (?(…)…|…) has no counterpart here')
test(refuses, '(?>a)', 'an atomic group (?>…) has no counterpart here')
test(refuses, 'a++', 'a possessive quantifier has no counterpart here')
test(refuses, 'a(?i)b', 'global flags not at the start of the expression')
test(refuses, '(?i:a)', 'flags for a part of the expression have no counterpart here: set them for all of it, at its start')
test(refuses, '(?L)a', 'the flag (?L) is for bytes only')
test(refuses, '(?<n>a)', 'unknown extension ?<n')

const expands = test.macro({
  title: (_, template: string) => `expands ${template}`,
  exec(t, template: string, result: string) {
    const { regex } = pythonRegex('(?P<one>a)(b)?(c)')
    const match = regex!.exec('ac')!
    t.is(pythonTemplate(template, regex!).expand?.(match, match.groups), result)
  },
})

test(expands, '<\\1>', '<a>')
test(expands, '\\g<one>\\g<3>0', 'ac0')
test(expands, '\\g<0>', 'ac')
test(expands, '[\\2]', '[]')
test(expands, '\\\\1\\n', '\\1\n')
test(expands, '$1 $& \\.', '$1 $& \\.')
test(expands, '\\0a\\101', '\0aA')

test('a text that asks for groups that are not there is refused', (t) => {
  const { regex } = pythonRegex('(a)')
  for (const [text, why] of [
    ['\\2', 'unknown group 2'],
    ['\\g<x>', 'unknown group "x"'],
    ['\\q', 'bad escape \\q'],
    ['a\\', 'bad escape (end of text)'],
  ] as const)
    t.deepEqual(pythonTemplate(text, regex!), { why })
})
