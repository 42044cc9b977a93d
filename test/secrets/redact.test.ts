import test from 'ava'
import { Redactor } from '../../src/secrets/redact.ts'
import { Secret } from '../../src/secrets/secret.ts'

const SECRET = `pass'word"1&`
const BACKSLASHED = `it's\\a-secret`
const SPACED = `it's a secret`

test('a secret is masked in every form in which it may be shown', (t) => {
  const secrets = new Redactor()
  secrets.mask([SECRET, BACKSLASHED, SPACED])
  const shown = {
    plain: `x ${SECRET} y`,
    json: JSON.stringify({ a: SECRET }),
    url: `https://h/?q=${encodeURIComponent(SECRET)}`,
    base64: Buffer.from(SECRET).toString('base64'),
    quoted: `'${SECRET.replaceAll("'", "'\\''")}'`,
    deep: [{ list: [SECRET] }],
    sql: `E'${BACKSLASHED.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`,
    form: new URLSearchParams({ password: SPACED }).toString(),
    twice: JSON.stringify(JSON.stringify([SECRET])),
    [SECRET]: 1,
  }
  t.deepEqual(secrets.redact(shown), {
    plain: 'x ******** y',
    json: '{"a":"********"}',
    url: 'https://h/?q=********',
    base64: '********',
    quoted: "'********'",
    deep: [{ list: ['********'] }],
    sql: "E'********'",
    form: 'password=********',
    twice: '"[\\"********\\"]"',
    '********': 1,
  })
})

test('without secrets nothing is touched', (t) => {
  const value = { a: ['b'] }
  t.is(new Redactor().redact(value), value)
})

test('only kept secrets may not stand in a script, whichever way they are written', (t) => {
  const secrets = new Redactor()
  secrets.mask(['masked-only'])
  secrets.keep([SECRET])
  t.false(secrets.exposes('echo masked-only'))
  t.true(secrets.exposes(`echo '${SECRET.replaceAll("'", "'\\''")}'`))
  t.true(secrets.exposes(`echo ${Buffer.from(SECRET).toString('base64')}`))
})

test('a Secret shows its mask however it is turned into text', async (t) => {
  const { inspect } = await import('node:util')
  const secret = new Secret(SECRET)
  for (const text of [`${secret}`, String(secret), JSON.stringify(secret), inspect({ secret })]) t.false(text.includes('word'))
  t.is(secret.reveal(), SECRET)
})

test('the lines of a secret, the texts in one that is JSON, and what surrounds one in base64 or SQL are masked', (t) => {
  const secrets = new Redactor()
  secrets.keep(['first line of it\nsecond line of it\n', JSON.stringify({ TunnelSecret: 'abcdefgh12345', n: 1 }, null, 2), "it's a secret"])
  const basic = Buffer.from("user:it's a secret").toString('base64')
  const shown = secrets.redact(['x second line of it', 'TunnelSecret is abcdefgh12345', `Basic ${basic}`, "PASSWORD 'it''s a secret'"])
  t.is(shown[0], 'x ********')
  t.is(shown[1], 'TunnelSecret is ********')
  t.true(shown[2]!.includes('********'))
  t.false(shown[2]!.includes(Buffer.from("it's a secret").toString('base64').slice(4, 12)))
  t.is(shown[3], "PASSWORD '********'")
  t.true(secrets.exposes('echo "second line of it"'))
})
