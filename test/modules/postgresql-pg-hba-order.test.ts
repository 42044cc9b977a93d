import test from 'ava'
import fc from 'fast-check'
import { editHba } from '../../src/modules/postgresql/hba-edit.ts'
import { type HbaRule, parseHba } from '../../src/modules/postgresql/hba-file.ts'
import { keyOf, surelyWinsOver } from '../../src/modules/postgresql/hba-match.ts'

const rule = (line: string): HbaRule => parseHba(line)[0]!.rule!
const wanted = (line: string) => ({ rule: rule(line), comment: undefined, state: 'present' as const })
const OPTIONS = { overwrite: false, keepComments: true }

/** The lines after the edit, white space made even; a second edit finds nothing to do. */
function edited(t: { deepEqual: (a: unknown, b: unknown) => void }, lines: readonly string[], wants: readonly string[]): string[] {
  const first = editHba(lines.map((line) => `${line}\n`).join(''), wants.map(wanted), OPTIONS)
  t.deepEqual(editHba(first.text, wants.map(wanted), OPTIONS).msgs, [])
  return first.text
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/\s+/g, ' '))
}

const SYNAPSE = 'host synapse all 172.16.0.0/12 scram-sha-256'

const BELOW: [title: string, lines: string[], wanted?: string][] = [
  ['members of a role', ['host all +lockedout all reject']],
  ['a list of a file', ['host all @lockedout all reject']],
  ['members who may be the user', ['host all +lockedout all reject'], 'host synapse u 172.16.0.0/12 scram-sha-256'],
  ['a host by its name', ['host all all bad.example.org reject']],
  ['a domain', ['host all all .example.org reject']],
  ['a part of the network', ['host all all 172.16.1.0/24 reject']],
  ['one user', ['host all mallory all reject']],
  ['the network of the server', ['host all all samenet reject']],
  ['connections without TLS', ['hostnossl all all all reject']],
  ['the databases of their users', ['host sameuser all all reject']],
  ['someone, behind what may win', ['hostssl all all all scram-sha-256', 'host all +lockedout all reject']],
  ['IPv4, for everywhere', ['host all all 0.0.0.0/0 reject'], 'host synapse u all scram-sha-256'],
]
for (const [title, lines, want = SYNAPSE] of BELOW)
  test(`a new rule stays below one that rejects ${title}`, (t) => t.deepEqual(edited(t, lines, [want]), [...lines, want]))

const ABOVE: [title: string, lines: string[], wanted?: string][] = [
  ['everyone', ['host all all all reject']],
  ['a wider network', ['host all all 172.0.0.0/8 reject']],
  ['all of IPv4', ['host all all 0.0.0.0/0 reject', 'host all all ::/0 reject'], 'host synapse u samehost scram-sha-256'],
  ['the domain that it is in', ['host all all .example.org reject'], 'host synapse u good.example.org scram-sha-256'],
]
for (const [title, lines, want = SYNAPSE] of ABOVE)
  test(`an exception goes above a rule that rejects ${title}`, (t) => t.deepEqual(edited(t, lines, [want]), [want, ...lines]))

test('it stands behind one reject and before another', (t) => {
  const [members, everyone] = ['host all +lockedout all reject', 'host all all all reject']
  t.deepEqual(edited(t, [members, everyone], [SYNAPSE]), [members, SYNAPSE, everyone])
})

test('members, lists and host names win over nothing as wide as all or a network', (t) => {
  for (const line of ['host all +g all md5', 'host all @f all md5', 'host sameuser u all md5', 'host all all a.example.org md5'])
    t.deepEqual(edited(t, [line], ['host all all 172.16.0.0/12 md5']), [line, 'host all all 172.16.0.0/12 md5'])
})

const TASKS: [title: string, rules: string[]][] = [
  ['a reject before all', ['host all +lockedout all reject', SYNAPSE]],
  ['a reject of one host', ['host all all bad.example.org reject', SYNAPSE]],
  ['what needs TLS before what does not', ['hostssl all all all cert', 'host all all all scram-sha-256']],
  ['members before one who may be one', ['host all +dba all cert', 'host all u all scram-sha-256']],
]
for (const [title, rules] of TASKS) {
  test(`rules of one task keep their order: ${title}`, (t) => t.deepEqual(edited(t, ['local all all peer'], rules).slice(1), rules))
  test(`and when the second is there already: ${title}`, (t) => {
    const found = edited(t, [rules[1]!], rules)
    if (rules[0]!.endsWith('reject')) t.deepEqual(found, rules)
  })
}

test('one that could not be reached goes above the wider one of its task', (t) => {
  t.deepEqual(edited(t, [], ['host all all all reject', SYNAPSE]), [SYNAPSE, 'host all all all reject'])
})

/** A connection by TCP. v is a member of g; 10.0.0.1 is a.b, and 10.0.0.9 is in the server's network. */
interface Connection {
  readonly tls: boolean
  readonly database: string
  readonly user: string
  readonly from: '10.0.0.1' | '10.0.0.9' | '192.168.0.1'
}

function takes({ type, databases, users, address }: HbaRule, { tls, database, user, from }: Connection): boolean {
  const ways = tls ? ['host', 'hostssl'] : ['host', 'hostnossl']
  const hosts = { '10.0.0.1': ['a.b', '.b', '10.0.0.0/8', '10.0.0.1/32'], '10.0.0.9': ['10.0.0.0/8', 'samenet'], '192.168.0.1': [] }
  const names = [user, 'all', ...(user === 'v' ? ['+g'] : [])]
  return (
    ways.includes(type) &&
    databases.some(({ text }) => [database, 'all', ...(user === database ? ['sameuser'] : [])].includes(text)) &&
    users.some(({ text }) => names.includes(text)) &&
    ['all', '0.0.0.0/0', ...hosts[from]].includes(address ?? '')
  )
}

test('nobody gets in whom another rule rejected, unless the new one is an exception to it', (t) => {
  const one = (...words: string[]) => fc.constantFrom(...words)
  const line = fc
    .tuple(
      one('host', 'hostssl', 'hostnossl'),
      one('all', 'd', 'u', 'd,u', 'sameuser'),
      one('all', 'u', 'v', '+g', 'u,v'),
      one('all', '0.0.0.0/0', '10.0.0.0/8', '10.0.0.1/32', 'a.b', '.b', 'samenet'),
      one('trust', 'reject'),
    )
    .map((words) => words.join(' '))
  const connection = fc.record({
    tls: fc.boolean(),
    database: one('d', 'u', 'x'),
    user: one('u', 'v', 'w'),
    from: fc.constantFrom('10.0.0.1' as const, '10.0.0.9' as const, '192.168.0.1' as const),
  })
  fc.assert(
    fc.property(fc.uniqueArray(line, { selector: (text) => keyOf(rule(text)) }), line, connection, (lines, words, who) => {
      const want = rule(words.replace('reject', 'trust'))
      fc.pre(takes(want, who) && !lines.some((text) => keyOf(rule(text)) === keyOf(want)))
      const first = (text: string) => parseHba(text).find((found) => found.rule && takes(found.rule, who))?.rule
      const text = lines.map((found) => `${found}\n`).join('')
      const before = first(text)
      const after = first(editHba(text, [{ rule: want, comment: undefined, state: 'present' }], OPTIONS).text)
      if (before?.method === 'reject' && after?.method !== 'reject') t.true(surelyWinsOver(before, want))
    }),
    { numRuns: 3000 },
  )
})

test('whatever the file and the task have, all is settled at once', (t) => {
  const word = fc.constantFrom('all', 'd', 'e', '"all"', 'replication', 'd,e', '+g', '@f', '"/^d"', '/^d', 'sameuser')
  const address = fc.constantFrom('all', '10.0.0.0/8', '10.0.0.1/32', '0.0.0.0/0', 'samehost', 'samenet', '::/0', 'a.b', '.b')
  const type = fc.constantFrom('local', 'host', 'hostssl', 'hostnossl')
  const line = fc
    .tuple(type, word, word, address, fc.constantFrom('trust', 'reject'))
    .map(([of, d, u, net, method]) => `${of} ${d} ${u} ${of === 'local' ? '' : net} ${method}\n`)
  fc.assert(
    fc.property(fc.array(line), fc.uniqueArray(line, { maxLength: 4, selector: (text) => keyOf(rule(text)) }), (lines, task) => {
      const once = editHba(lines.join(''), task.map(wanted), OPTIONS)
      t.deepEqual(editHba(once.text, task.map(wanted), OPTIONS).msgs, [])
    }),
    { numRuns: 3000 },
  )
})
