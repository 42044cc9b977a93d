import test from 'ava'
import { editHba } from '../../src/modules/postgresql/hba-edit.ts'
import { parseHba, writeRule } from '../../src/modules/postgresql/hba-file.ts'
import { hides, keyOf } from '../../src/modules/postgresql/hba-match.ts'
import { postgresqlPgHba } from '../../src/modules/postgresql-pg-hba.ts'
import { applies, scratch } from '../helpers/scratch.ts'

const PEER = 'local all all peer\n'
const rule = (line: string) => parseHba(line)[0]!.rule!

/** What is written of each. `applies` also sees that the second application plans nothing. */
const WRITTEN: [title: string, params: object, line: string][] = [
  ['the sign of members is outside the quotes', { users: ['+dba team'] }, 'local all +"dba team" peer'],
  ['also when it is given so', { users: '+"dba team"' }, 'local all +"dba team" peer'],
  ['a name in quotes stays a name', { users: ['"+dba team"'] }, 'local all "+dba team" peer'],
  ['a file is read whose name has blanks', { databases: ['@my file'] }, 'local @"my file" all peer'],
  ['a regular expression may be in quotes', { databases: ['/^a{1,2}$'] }, 'local "/^a{1,2}$" all peer'],
  [
    'options are in quotes where they need them',
    { method: 'ldap', options: 'ldapprefix="cn=" ldapsuffix=", dc=x"' },
    'local all all ldap ldapprefix=cn= ldapsuffix=", dc=x"',
  ],
  ['or end in a backslash', { method: 'ldap', options: 'ldapprefix="DOM\\"' }, 'local all all ldap ldapprefix="DOM\\"'],
  ['commas are between options', { method: 'peer', options: 'map=x,krb_realm=y' }, 'local all all peer map=x krb_realm=y'],
  ['an empty comment is none', { comment: '' }, 'local all all peer'],
  ['nor is a sign alone', { comment: ' # ' }, 'local all all peer'],
  ['blanks at the end of a comment are none', { comment: ' why \t' }, 'local all all peer # why'],
]
for (const [title, params, line] of WRITTEN)
  test(title, async (t) => {
    const here = scratch(t, { f: 'local x x trust\n' })
    await applies(t, postgresqlPgHba, { dest: here.at('f'), contype: 'local', method: 'peer', ...params })
    const lines = here.read('f').trimEnd().split('\n')
    t.deepEqual(
      lines.map((one) => one.replace(/ +/g, ' ')).filter((one) => one !== 'local x x trust'),
      [line],
    )
  })

test('quotes take the meaning of a sign away, but not that of a regular expression', (t) => {
  t.is(keyOf(rule('local "/^a" all peer')), keyOf(rule('local /^a all peer')))
  t.is(keyOf(rule('local all +"g" peer')), keyOf(rule('local all +g peer')))
  t.not(keyOf(rule('local all "+g" peer')), keyOf(rule('local all +g peer')))
  t.true(hides(rule('local "/^a" all peer'), rule('local /^a all peer')))
  t.is(writeRule(rule('local all +"a b" peer')).replace(/ +/g, ' '), 'local all +"a b" peer')
})

const want = (line: string) => ({ rule: rule(line), comment: undefined, state: 'present' as const })
const OPTIONS = { overwrite: false, keepComments: true }

test('a rule behind a last line that goes on is a rule of its own', (t) => {
  for (const last of [
    'local x x trust # y\\\n',
    'local x x trust # y\\',
    '# y\\\n',
    '# y\\',
    '# y\\\r\n',
    '\\\n',
    'local x x trust # y\\\\',
  ])
    for (const overwrite of [false, true]) {
      const { text } = editHba(last, [want('local a a peer')], { ...OPTIONS, overwrite })
      t.deepEqual(parseHba(text).at(-1)?.rule, rule('local a a peer'), JSON.stringify(text))
      if (!overwrite) t.true(text.startsWith(last))
      t.deepEqual(editHba(text, [want('local a a peer')], { ...OPTIONS, overwrite }).msgs, [])
    }
})

test('a comment that went on is written so that it ends', (t) => {
  for (const keepComments of [true, false]) {
    const text = 'local a a md5 # y\\\\\n\nlocal b b peer\n'
    const changed = editHba(text, [want('local a a peer')], { overwrite: false, keepComments }).text
    t.deepEqual(
      parseHba(changed).flatMap(({ rule: found }) => (found ? [keyOf(found)] : [])),
      [keyOf(rule('local a a peer')), keyOf(rule('local b b peer'))],
    )
  }
})

const LOCAL = { contype: 'local' }
const REFUSED: [params: object, message: RegExp][] = [
  [{ ...LOCAL, comment: 'x\\' }, /swallow the next line/],
  [{ ...LOCAL, comment: 'x\\ ' }, /swallow the next line/],
  [{ ...LOCAL, options: 'map=x\\' }, /swallow the next line/],
  [{ ...LOCAL, options: 'map=x # y' }, /use the parameter comment/],
  [{ overwrite: true }, /nobody could log in/],
  [{ overwrite: true, rules: [] }, /nobody could log in/],
  [{ ...LOCAL, overwrite: true, state: 'absent' }, /nobody could log in/],
  [{ rules: [LOCAL, { contype: 'host' }, { ...LOCAL, method: 'peer' }] }, /rules 1 and 3 are for the same connections/],
  [{ rules: [LOCAL, { ...LOCAL, users: ['x', 'all'], state: 'absent' }] }, /rules 1 and 2 are for the same/],
  [
    {
      rules: [
        { ...LOCAL, comment: 'a' },
        { ...LOCAL, comment: 'b' },
      ],
    },
    /rules 1 and 2 are for the same/,
  ],
]
for (const [params, message] of REFUSED)
  test(`refuses ${JSON.stringify(params)}`, (t) => {
    const { success, error } = postgresqlPgHba.params.safeParse({ dest: '/x', ...params })
    t.false(success)
    t.regex(error?.message ?? '', message)
  })

test('the same rule twice, and overwriting with one, are no faults', (t) => {
  for (const params of [{ rules: [LOCAL, LOCAL] }, { ...LOCAL, overwrite: true }, {}])
    t.true(postgresqlPgHba.params.safeParse({ dest: '/x', ...params }).success)
  t.is(editHba(PEER, [], OPTIONS).text, PEER)
})
