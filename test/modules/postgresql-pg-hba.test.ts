import test from 'ava'
import fc from 'fast-check'
import { editHba } from '../../src/modules/postgresql/hba-edit.ts'
import { bitsOf, network, parseHba } from '../../src/modules/postgresql/hba-file.ts'
import { hides, winsOver } from '../../src/modules/postgresql/hba-match.ts'
import { postgresqlPgHba } from '../../src/modules/postgresql-pg-hba.ts'
import { applies, fails, leaves, scratch } from '../helpers/scratch.ts'

const DEBIAN = `# PostgreSQL Client Authentication Configuration File
local   all             postgres                                peer

# TYPE  DATABASE        USER            ADDRESS                 METHOD
\t
# "local" is for Unix domain socket connections only
local   all             all                                     peer
# IPv4 local connections:
host    all             all             127.0.0.1/32            scram-sha-256
host    all             all             ::1/128                 scram-sha-256
local   replication     all                                     peer`

const SYNAPSE = { contype: 'local', databases: 'synapse', users: 'synapse_user', method: 'scram-sha-256' }
const LINE = 'local   synapse         synapse_user                            scram-sha-256\n'

const settled = test.macro({
  title: (title) => title!,
  async exec(t, before: string, params: object, after: string, msgs: string[]) {
    const here = scratch(t, { 'pg_hba.conf': before })
    const given = { dest: here.at('pg_hba.conf'), ...params }
    const { result } = msgs.length > 0 ? await applies(t, postgresqlPgHba, given) : await leaves(t, postgresqlPgHba, given)
    t.is(here.read('pg_hba.conf'), after)
    t.deepEqual(result.msgs, msgs)
  },
})

const [TOP, PEER, REST] = [
  DEBIAN.slice(0, DEBIAN.indexOf('local   all             all')),
  'local   all             all                                     peer\n',
  DEBIAN.slice(DEBIAN.indexOf('# IPv4')),
]

test(
  'a new rule goes before the first that would win over it; every other byte stays',
  settled,
  DEBIAN,
  SYNAPSE,
  `${TOP}${LINE}${PEER}${REST}`,
  ['rule added: local synapse synapse_user scram-sha-256'],
)
test('a rule that is there is left alone', settled, `${TOP}${LINE}${PEER}${REST}`, SYNAPSE, `${TOP}${LINE}${PEER}${REST}`, [])
test(
  'its spacing does not matter',
  settled,
  `local synapse\tsynapse_user  scram-sha-256 # mine\n${PEER}`,
  SYNAPSE,
  `local synapse\tsynapse_user  scram-sha-256 # mine\n${PEER}`,
  [],
)
test(
  'another method is replaced in place, the comment behind it kept',
  settled,
  `${LINE.replace('scram-sha-256', 'md5 # mine')}${PEER}`,
  SYNAPSE,
  `${LINE.trimEnd()} # mine\n${PEER}`,
  ['rule changed: local synapse synapse_user md5 → local synapse synapse_user scram-sha-256'],
)
test(
  'or put before it',
  settled,
  `${LINE.replace('scram-sha-256', 'md5 # mine')}`,
  { ...SYNAPSE, keep_comments_at_rules: false },
  `# mine\n${LINE}`,
  ['rule changed: local synapse synapse_user md5 → local synapse synapse_user scram-sha-256'],
)
test('a rule that is never reached is moved', settled, `${PEER}${LINE}`, SYNAPSE, `${LINE}${PEER}`, [
  'rule moved before "local all all peer", which won over it: local synapse synapse_user scram-sha-256',
])
test('a wider rule does not go before a narrower one', settled, LINE, { contype: 'local', method: 'peer' }, `${LINE}${PEER}`, [
  'rule added: local all all peer',
])
test(
  'a rule for one network goes before that for a wider one',
  settled,
  'host all all 10.0.0.0/8 reject\n',
  { contype: 'host', address: '10.1.0.0', netmask: '255.255.0.0' },
  'host    all             all             10.1.0.0/16             scram-sha-256\nhost all all 10.0.0.0/8 reject\n',
  ['rule added: host all all 10.1.0.0/16 scram-sha-256'],
)
test(
  'a mask and a prefix length are one network',
  settled,
  'host all all 10.1.0.0  255.255.0.0  scram-sha-256\n',
  { contype: 'host', address: '10.1.0.0/16' },
  'host all all 10.1.0.0  255.255.0.0  scram-sha-256\n',
  [],
)
test(
  'a file without a newline at its end',
  settled,
  'local all a peer',
  { contype: 'local', users: 'b', method: 'peer', comment: 'why' },
  'local all a peer\nlocal   all             b                                       peer # why\n',
  ['rule added: local all b peer'],
)
test(
  'rules are removed, all that read so',
  settled,
  `${LINE}# x\n${LINE.replace('scram-sha-256', 'md5')}${PEER}`,
  { ...SYNAPSE, state: 'absent' },
  `# x\n${PEER}`,
  ['rule removed: local synapse synapse_user md5', 'rule removed: local synapse synapse_user scram-sha-256'],
)
test(
  'lists are compared as sets, names with spaces are quoted',
  settled,
  'local b,a all trust\n',
  {
    rules: [
      { contype: 'local', databases: 'a, b', method: 'trust' },
      { contype: 'local', databases: ['my db', '"all"'], users: 'x', method: 'peer' },
    ],
  },
  'local b,a all trust\nlocal   "my db","all"   x                                       peer\n',
  ['rule added: local "my db","all" x peer'],
)
test('all takes in every other name', settled, 'local all,x all peer\n', { contype: 'local', method: 'peer' }, 'local all,x all peer\n', [])
test('overwriting keeps comments only', settled, `# one\n${PEER}# two\n${LINE}`, { ...SYNAPSE, overwrite: true }, `# one\n${LINE}# two\n`, [
  'rules replaced: 2 → 1',
])
test('overwriting with what is there changes nothing', settled, `# one\n${LINE}`, { ...SYNAPSE, overwrite: true }, `# one\n${LINE}`, [])
test(
  'a continued line is one rule',
  settled,
  'local all \\\n  all peer\n',
  { contype: 'local', method: 'trust', users: 'x' },
  'local   all             x                                       trust\nlocal all \\\n  all peer\n',
  ['rule added: local all x trust'],
)
test(
  'Windows line ends stay',
  settled,
  'local all all peer\r\n',
  { contype: 'local', method: 'md5' },
  'local   all             all                                     md5\r\n',
  ['rule changed: local all all peer → local all all md5'],
)

test('mode and owner stay, a backup is kept, a missing file is a failure', async (t) => {
  const here = scratch(t, { f: DEBIAN })
  const { chmodSync } = await import('node:fs')
  chmodSync(here.at('f'), 0o640)
  const { result } = await applies(t, postgresqlPgHba, { dest: here.at('f'), ...SYNAPSE, backup: true })
  t.is(here.mode('f'), '640')
  t.truthy(result.backup_file)
  t.deepEqual((result.pg_hba as unknown[])[1], { type: 'local', db: 'synapse', usr: 'synapse_user', method: 'scram-sha-256' })
  t.regex(await fails(t, postgresqlPgHba, { dest: here.at('nowhere'), ...SYNAPSE }), /does not exist: is PostgreSQL installed/)
  await applies(t, postgresqlPgHba, { dest: here.at('new'), ...SYNAPSE, create: true })
  t.is(here.read('new'), LINE)
})

test('reading alone gives the rules', async (t) => {
  const here = scratch(t, { f: `${DEBIAN}\n${LINE.trimEnd()} map=x ldapserver="a b"\n` })
  const { result } = await leaves(t, postgresqlPgHba, { dest: here.at('f') })
  t.is((result.pg_hba as unknown[]).length, 6)
  t.is((result.pg_hba as { options: string }[])[5]!.options, 'map=x ldapserver=a b')
})

test('parsing keeps every byte', (t) => {
  const piece = fc.constantFrom('local ', 'host\t', 'all ', '"a b" ', '"', ',', '#', '\\\n', '\n', '\r\n', '127.0.0.1/32 ', 'peer', ' ')
  fc.assert(
    fc.property(fc.array(piece), (pieces) =>
      t.is(
        parseHba(pieces.join(''))
          .map(({ raw }) => raw)
          .join(''),
        pieces.join(''),
      ),
    ),
  )
})

test('whatever the file has, a rule put into it is there for good', (t) => {
  const word = fc.constantFrom('all', 'd', 'e', '"all"', 'replication', 'd,e', '+g')
  const address = fc.constantFrom('all', '10.0.0.0/8', '10.0.0.1/32', 'samehost', '::/0')
  const type = fc.constantFrom('local', 'host', 'hostssl', 'hostnossl')
  const line = fc.tuple(type, word, word, address).map(([type, d, u, net]) => `${type} ${d} ${u} ${type === 'local' ? '' : net} trust\n`)
  const options = { overwrite: false, keepComments: true }
  fc.assert(
    fc.property(fc.array(line), line, line, (lines, one, other) => {
      const wants = [one, other].map((text) => ({ rule: rule(text), comment: undefined, state: 'present' as const }))
      const edited = editHba(lines.join(''), wants, options)
      t.deepEqual(editHba(edited.text, wants, options).msgs, [])
    }),
    { numRuns: 1000 },
  )
})

test('addresses', (t) => {
  t.is(bitsOf('255.0.0.1'), `11111111${'0'.repeat(23)}1`)
  t.is(bitsOf('::1'), `${'0'.repeat(127)}1`)
  t.is(bitsOf('::ffff:1.2.3.4'), bitsOf('::ffff:102:304'))
  t.is(bitsOf('256.1.1.1'), undefined)
  t.is(bitsOf('1:2'), undefined)
  t.deepEqual(
    [network('::1'), network('1.2.3.4'), network('samehost'), network('.example.org')],
    ['::1/128', '1.2.3.4/32', 'samehost', '.example.org'],
  )
})

const rule = (line: string) => parseHba(line)[0]!.rule!
const COVERS: [by: string, rule: string, hides: boolean, wins: boolean][] = [
  ['local all all peer', 'local d u md5', true, true],
  ['local all all peer', 'local replication u md5', false, false],
  ['local "all" all peer', 'local d u md5', false, false],
  ['local d a peer', 'local d a,b md5', false, true],
  ['local sameuser all peer', 'local d u md5', false, true],
  ['local all +g peer', 'local d u md5', false, true],
  ['local all all peer', 'host d u all md5', false, false],
  ['host all all all md5', 'hostssl d u 10.0.0.1/32 md5', true, true],
  ['hostssl all all all md5', 'host d u 10.0.0.1/32 md5', false, true],
  ['hostssl all all all md5', 'hostnossl d u 10.0.0.1/32 md5', false, false],
  ['host all all 10.0.0.0/8 md5', 'host d u 11.0.0.1/32 md5', false, false],
  ['host all all samenet md5', 'host d u samehost md5', true, true],
  ['host all all ::/0 md5', 'host d u 10.0.0.1/32 md5', false, false],
]
for (const [by, other, hidden, wins] of COVERS)
  test(`"${by}" before "${other}"`, (t) => t.deepEqual([hides(rule(by), rule(other)), winsOver(rule(by), rule(other))], [hidden, wins]))

const REFUSED: [params: object, message: RegExp][] = [
  [{ users: 'x' }, /contype is required/],
  [{ contype: 'host', method: 'peer' }, /peer is for contype local/],
  [{ contype: 'host', address: '10.0.0.1/8' }, /bits set beyond/],
  [{ contype: 'host', address: '10.0.0.0/33' }, /no network/],
  [{ contype: 'host', address: 'a b' }, /no address/],
  [{ contype: 'local', databases: 'a\nlocal all all trust' }, /one line/],
  [{ contype: 'local', rules: [] }, /contype stands beside rules/],
  [{ rules: [{ users: 'x' }] }, /contype is required/],
  [{ contype: 'local', sort_rules: true }, /not supported/],
]
for (const [params, message] of REFUSED)
  test(`refuses ${JSON.stringify(params)}`, (t) => {
    const { success, error } = postgresqlPgHba.params.safeParse({ dest: '/x', ...params })
    t.false(success)
    t.regex(error!.message, message)
  })
