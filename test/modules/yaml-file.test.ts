import { chmodSync, symlinkSync } from 'node:fs'
import test from 'ava'
import { yamlFile } from '../../src/modules/yaml-file.ts'
import { applies, fails, leaves, scratch } from '../helpers/scratch.ts'

// as Synapse's generate writes it
const HOMESERVER = `# Configuration file for Synapse.
#
# This is a YAML file: see [1] for a quick introduction. Note in particular
# that *indentation is important*: all the elements of a list or dictionary
# should have the same indentation.
#
# [1] https://docs.ansible.com/ansible/latest/reference_appendices/YAMLSyntax.html
#
# For more information on how to configure Synapse, including a complete accounting of
# each option, go to docs/usage/configuration/config_documentation.md or
# https://element-hq.github.io/synapse/latest/usage/configuration/config_documentation.html
server_name: "example.com"
pid_file: /data/homeserver.pid
listeners:
  - port: 8008
    resources:
    - compress: false
      names:
      - client
      - federation
    tls: false
    type: http
    x_forwarded: true
database:
  name: sqlite3
  args:
    database: /data/homeserver.db
log_config: "/data/example.com.log.config"
media_store_path: /data/media_store
registration_shared_secret: "n;Sw~^0c@k^Y&.+a:Yv#4eF3kS*g1lB7ZZ1QJ&H&*gk9Nv~8rr"
report_stats: false
macaroon_secret_key: "8iE@ueQ6^N0r~Py-M:p.OVFAVmV4lU#9fCh-_n.nQzNx~xG^Xv"
form_secret: "t5nKa-.oyyu~4CmhWPj8x4.&L~wT_@S;qpc6Y9pQ=Txm3_b+2Z"
signing_key_path: "/data/example.com.signing.key"
trusted_key_servers:
  - server_name: "matrix.org"


# vim:ft=yaml
`
const DATABASE = {
  name: 'psycopg2',
  args: { user: 'synapse', password: 'it\'s "0644": #1', dbname: 'synapse', host: '/var/run/postgresql', cp_min: 5, cp_max: 10 },
}
const OLD = HOMESERVER.slice(HOMESERVER.indexOf('database:'), HOMESERVER.indexOf('log_config'))
const NEW = `database:
  name: psycopg2
  args:
    user: synapse
    password: "it's \\"0644\\": #1"
    dbname: synapse
    host: /var/run/postgresql
    cp_min: 5
    cp_max: 10
`

test('moves the homeserver.yaml of a Synapse from SQLite to PostgreSQL, and touches nothing else', async (t) => {
  const here = scratch(t, { 'homeserver.yaml': HOMESERVER })
  chmodSync(here.at('homeserver.yaml'), 0o640)
  const { result, changes } = await applies(t, yamlFile, {
    path: here.at('homeserver.yaml'),
    key: 'database',
    value: DATABASE,
    backup: true,
  })
  t.is(here.read('homeserver.yaml'), HOMESERVER.replace(OLD, NEW))
  t.is(here.mode('homeserver.yaml'), '640')
  t.is(here.read(String(result.backup).split('/').at(-1)!), HOMESERVER)
  t.like(result, { msg: 'database set', changed: true })
  // what the file holds besides, secrets above all, is not shown
  t.deepEqual(
    changes.map(({ diff }) => [diff?.before, diff?.after]),
    [[OLD.slice(OLD.indexOf('  name')), NEW.slice(NEW.indexOf('  name'))]],
  )
  await applies(t, yamlFile, {
    path: here.at('homeserver.yaml'),
    key: 'database',
    state: 'merged',
    value: { args: { cp_max: 25, sslmode: 'disable' } },
  })
  t.is(here.read('homeserver.yaml'), HOMESERVER.replace(OLD, NEW.replace('10\n', '25\n    sslmode: disable\n')))
  await applies(t, yamlFile, { path: here.at('homeserver.yaml'), key: 'listeners.0.bind_addresses', value: ['127.0.0.1'] })
  t.true(here.read('homeserver.yaml').includes('    x_forwarded: true\n    bind_addresses:\n      - "127.0.0.1"\ndatabase:'))
  await applies(t, yamlFile, { path: here.at('homeserver.yaml'), key: 'public_baseurl', value: 'https://matrix.example.com/' })
  t.true(here.read('homeserver.yaml').endsWith('matrix.org"\npublic_baseurl: https://matrix.example.com/\n\n\n# vim:ft=yaml\n'))
})

test('a key is removed once', async (t) => {
  const here = scratch(t, { f: 'a: 1\r\nb: 2\r\n' })
  t.is((await applies(t, yamlFile, { path: here.at('f'), key: 'a', state: 'absent' })).result.msg, 'a removed')
  t.is(here.read('f'), 'b: 2\r\n')
})

test('a missing file is made on request, removing from it is no work', async (t) => {
  const here = scratch(t)
  t.is(await fails(t, yamlFile, { path: here.at('f'), key: 'a', value: 1 }), `Path ${here.at('f')} does not exist !`)
  t.is((await leaves(t, yamlFile, { path: here.at('f'), key: 'a', state: 'absent' })).plan.message, 'file not present')
  await applies(t, yamlFile, { path: here.at('d/f'), key: ['a.b', 'c'], value: null, create: true, mode: '0600' })
  t.is(here.read('d/f'), 'a.b:\n  c: null\n')
  t.is(here.mode('d/f'), '600')
})

test('permissions alone', async (t) => {
  const here = scratch(t, { f: 'a: {b: [x]}\n' })
  await applies(t, yamlFile, { path: here.at('f'), key: 'a.b', value: ['x'], mode: '0600' })
  t.is(here.read('f'), 'a: {b: [x]}\n')
})

test('a link is followed, a validator is asked', async (t) => {
  const here = scratch(t, { f: 'a: 1\n' })
  symlinkSync('f', here.at('l'))
  await applies(t, yamlFile, { path: here.at('l'), key: 'a', value: 2, validate: 'grep -q 2 %s' })
  t.is(here.read('f'), 'a: 2\n')
  t.is(await fails(t, yamlFile, { path: here.at('l'), key: 'a', value: 3, validate: 'grep -q 2 %s' }), 'failed to validate: rc:1')
  t.is(here.read('f'), 'a: 2\n')
})

test('bytes that are no UTF-8 stay', async (t) => {
  const here = scratch(t, { f: Buffer.from('# caf\xe9\na: 1\nb: ü\xfc\n', 'latin1') })
  await applies(t, yamlFile, { path: here.at('f'), key: 'a', value: 2 })
  t.deepEqual(here.bytes('f'), Buffer.from('# caf\xe9\na: 2\nb: ü\xfc\n', 'latin1'))
})

test('what cannot be edited is refused with the reason, and the file stays', async (t) => {
  const here = scratch(t, { f: 'a: 1\na: 2\n' })
  t.is(
    await fails(t, yamlFile, { path: here.at('f'), key: 'a', value: 1 }),
    `${here.at('f')} has the key a more than once (line 1, column 1 and line 2, column 1): remove all but one`,
  )
  t.is(here.read('f'), 'a: 1\na: 2\n')
})

test('YAML 1.2 on request', async (t) => {
  const here = scratch(t, { f: 'mode: 0644\n' })
  await leaves(t, yamlFile, { path: here.at('f'), key: 'mode', value: 420 })
  await applies(t, yamlFile, { path: here.at('f'), key: 'mode', value: 420, yaml_version: 1.2 })
  t.is(here.read('f'), 'mode: 420\n')
})

const BAD: [params: object, message: string][] = [
  [{ key: 'a' }, 'value is required with state=present (null is one)'],
  [{ key: 'a', state: 'absent', value: 1 }, 'value has no meaning with state=absent'],
  [{ key: 'a', state: 'merged', value: [1] }, 'with state=merged the value is a mapping'],
  [{ key: 'a..b', value: 1 }, 'a name is empty: give a list of names where one holds a dot'],
  [{ key: [], value: 1 }, 'Too small: expected array to have >=1 items'],
  [{ key: 'a', value: 1, yaml_version: '1.3' }, 'expected "1.1" or "1.2"'],
]
for (const [params, message] of BAD)
  test(`refuses ${JSON.stringify(params)}`, (t) => {
    t.is(yamlFile.params.safeParse({ path: '/f', ...params }).error?.issues[0]?.message, message)
  })
test('refuses a number that is not exact', (t) => {
  const { error } = yamlFile.params.safeParse({ path: '/f', key: 'a', value: { b: [2 ** 60] } })
  t.regex(JSON.stringify(error?.issues), /a number this large is not exact: put it in quotes/)
})
