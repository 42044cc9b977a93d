import { chmodSync, writeFileSync } from 'node:fs'
import test from 'ava'
import type { Content } from '../../src/facts/content.ts'
import type { VerifyInput } from '../../src/matrix/programs.ts'
import type { Output, Plan } from '../../src/module/define.ts'
import { liveDatabase, liveDatabaseFact } from '../../src/modules/matrix/configured-database.ts'
import { matrixVerify } from '../../src/modules/matrix-verify.ts'
import { scratch } from '../helpers/scratch.ts'
import { settle } from '../helpers/settle.ts'
import { freePort } from '../transport/sshd.ts'

// With a real Synapse behind a real Apache: test/e2e/matrix.test.ts

const WANT = { server_name: 'example.com', matrix_host: 'matrix.example.com', registration_shared_secret: 'secret' }

const inputOf = ({ changes }: Plan): VerifyInput => {
  const [step] = changes[0]!.steps
  if (step?.do !== 'program') throw new Error('no program was planned')
  return step.input as VerifyInput
}
const planned = async (params: object) => (await settle(matrixVerify, { ...WANT, ...params }, { check: true })).plan

test('the database is the one that the last of the configuration files names', async (t) => {
  const dir = scratch(t, { 'homeserver.yaml': 'server_name: example.com\ndatabase:\n  name: sqlite3\n' })
  const known = async () => inputOf(await planned({ data_dir: dir.root })).database
  t.deepEqual(await known(), { name: 'sqlite3', wanted: 'psycopg2' })
  const further = scratch(t, {
    'homeserver.yaml': 'database:\n  name: sqlite3\n',
    'homeserver.db': '',
    'conf.d/50-mhprov.yaml': 'database:\n  name: psycopg2\n  args: {password: secret}\n',
    'conf.d/60-other.yaml': 'report_stats: false\n',
    'conf.d/70-not-read.yml': 'database: {name: other}\n',
  })
  const data_dir = further.root
  t.deepEqual(inputOf(await planned({ data_dir })).database, {
    name: 'psycopg2',
    wanted: 'psycopg2',
    sqlite: `${data_dir}/homeserver.db`,
  })
  writeFileSync(further.at('conf.d/60-other.yaml'), 'database: {args: {}}\n')
  t.regex(inputOf(await planned({ data_dir })).database.why ?? '', /60-other\.yaml has no name$/)
  writeFileSync(further.at('conf.d/60-other.yaml'), 'a: "\n')
  t.regex(inputOf(await planned({ data_dir })).database.why ?? '', /60-other\.yaml is not YAML: /)
  t.regex(inputOf(await planned({ data_dir: '/nonexistent' })).database.why ?? '', /^there is no \/nonexistent\/homeserver\.yaml$/)
})

const psycopg2 = (args: string) => ({ bytes: Buffer.from(`database: { name: psycopg2, args: { ${args} } }\n`) }) as Content

test('the server on the host is asked for the database that homeserver.yaml names, when that is there', (t) => {
  const asked = (args: string) => (liveDatabaseFact(psycopg2(args))?.key as { database: string } | undefined)?.database
  for (const host of ['host: /run/postgresql', 'host: localhost, port: 5432', 'host: host.docker.internal', 'cp_min: 1'])
    t.is(asked(`user: u, dbname: synapse, ${host}`), 'synapse')
  for (const other of ['host: db.example.com, user: u, dbname: x', 'user: u, dbname: x, port: 5433', 'dbname: x'])
    t.is(asked(other), undefined)
})

test('what that server says of Synapse', (t) => {
  const here = psycopg2('user: u, dbname: synapse')
  t.deepEqual(liveDatabase(here, { rows: [{ schema: 93, connections: 5 }] }), { schema: 93, connections: 5 })
  t.deepEqual(liveDatabase(here, { why: 'query', error: 'relation "schema_version" does not exist' }), {
    why: 'the database synapse holds no tables of Synapse',
  })
  t.deepEqual(liveDatabase(here, { why: 'no connection', error: 'no such database' }), {
    why: 'PostgreSQL cannot be asked for database synapse: no such database',
  })
  t.is(liveDatabase(here, { why: 'no psql', error: '' }), undefined)
})

test('when nothing could be looked at from outside, that is no proof', (t) => {
  const output = (ok: boolean | null) => ({
    stdout: Buffer.from(
      JSON.stringify([
        { id: 'health', name: 'Synapse up', from: 'host', ok: true, detail: '' },
        { id: 'reach', name: 'public host', from: 'outside', ok, detail: 'IPv6 only' },
      ]),
    ),
  })
  const result = (ok: boolean | null) => matrixVerify.result!({} as never, {} as never, [output(ok) as Output], {} as never)
  t.like(result(null), { failed: true, msg: 'nothing was seen from outside: public host: IPv6 only' })
  t.is(result(true).failed, undefined)
})

test('a directory that only root may search is told from one without a configuration', async (t) => {
  const { root } = scratch(t, { 'homeserver.yaml': 'database: {name: psycopg2}\n' })
  chmodSync(root, 0o700)
  const { plan } = await settle(matrixVerify, { ...WANT, data_dir: root }, { check: true, prefix: ['runuser', '-u', 'nobody', '--'] })
  t.is(inputOf(plan).database.why, `${root}/homeserver.yaml may not be read: the task needs become`)
})

test('the certificate to trust is read on the host', async (t) => {
  const dir = scratch(t, { 'ca.pem': '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n', other: 'nothing' })
  t.regex(inputOf(await planned({ ca: dir.at('ca.pem') })).ca ?? '', /BEGIN CERTIFICATE/)
  t.is(inputOf(await planned({})).ca, undefined)
  t.is((await planned({ ca: dir.at('other') })).failure, `ca: ${dir.at('other')} holds no certificate in PEM`)
  t.is((await planned({ ca: dir.at('none') })).failure, `ca: ${dir.at('none')} cannot be read (no file)`)
})

test('outside is looked at when that is wanted, with an authority from a file of the controller or as it is', async (t) => {
  const pem = '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n'
  const dir = scratch(t, { 'lab ca.pem': pem, other: 'nothing' })
  t.is(inputOf(await planned({})).outside, undefined)
  t.is(inputOf(await planned({ resolver: '1.1.1.1' })).outside, undefined)
  t.deepEqual(inputOf(await planned({ outside: true })).outside, {})
  const tester = 'https://tester.example.org'
  const want = { outside: true, resolver: '127.0.0.1:53', federation_tester: tester, tunnel_metrics_port: 20_241 }
  for (const outside_ca of [dir.at('lab ca.pem'), pem]) {
    const input = inputOf(await planned({ ...want, outside_ca }))
    t.deepEqual(input.outside, { resolver: '127.0.0.1:53', ca: pem, tester })
    t.is(input.tunnelMetricsPort, 20_241)
  }
  t.is((await planned({ ...want, outside_ca: dir.at('other') })).failure, `outside_ca: ${dir.at('other')} holds no certificate in PEM`)
})

test('names that could not work are refused', (t) => {
  const parse = (more: object) => matrixVerify.params.safeParse({ ...WANT, ...more }).success
  t.true(parse({}))
  for (const server_name of ['Example.com', 'example.com:8448', '@example.com', '']) t.false(parse({ server_name }), server_name)
  for (const matrix_host of ['https://matrix.example.com', 'matrix.example.com/', '']) t.false(parse({ matrix_host }), matrix_host)
  for (const resolver of ['dns.example.com', '1.1.1.1:0', '']) t.false(parse({ resolver }), resolver)
  for (const federation_tester of ['tester.example.org', 'ftp://tester.example.org', ''])
    t.false(parse({ federation_tester }), federation_tester)
})

test('nothing listens: that is said, with a hint, and it is no change', async (t) => {
  const dir = scratch(t, { 'homeserver.yaml': 'database: {name: psycopg2}\n' })
  const { result, plan } = await settle(matrixVerify, { ...WANT, data_dir: dir.root, http_port: await freePort() })
  t.true(plan.changes.every((change) => change.reads))
  t.like(result, { changed: false, failed: true, passed: 1, failed_checks: 1 })
  t.regex(result.msg!, /^Synapse up: GET \/health: .*\nis Synapse running/)
})
