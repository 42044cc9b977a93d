import { execFile, execFileSync } from 'node:child_process'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { connect, createServer } from 'node:tls'
import test, { type ExecutionContext } from 'ava'
import { certificate } from '../../src/facts/certificate.ts'
import { x509Certificate } from '../../src/modules/x509-certificate.ts'
import { ask, askAll, fails, leaves, scratch } from '../helpers/scratch.ts'
import { type Settled, settle } from '../helpers/settle.ts'
import { toolPath } from '../helpers/tool-path.ts'

const NAME = 'matrix.example.com'
const SAN = [`DNS:${NAME}`, 'IP:127.0.0.1', 'IP:2001:db8::1']

function host(t: ExecutionContext) {
  const here = scratch(t)
  const want = (more: object = {}) => ({ path: here.at('c.pem'), privatekey_path: here.at('k.pem'), subject_alt_name: SAN, ...more })
  return { ...here, want, certificate: () => new X509Certificate(here.bytes('c.pem')) }
}

/** Settles a task that makes a certificate: the dry run says the same, a second application plans nothing. */
async function makes(t: ExecutionContext, params: object, summary: string | RegExp): Promise<Settled> {
  const check = await settle(x509Certificate, params, { check: true })
  const settled = await settle(x509Certificate, params)
  t.falsy(settled.result.failed, String(settled.result.msg))
  const summaries = settled.changes.map((change) => change.summary)
  t.deepEqual(
    check.changes.map((change) => change.summary),
    summaries,
  )
  if (typeof summary === 'string') t.deepEqual(summaries, [summary])
  else t.regex(summaries.join(), summary)
  await leaves(t, x509Certificate, params)
  return settled
}

/** A certificate and key made by hand. */
function byHand(at: (name: string) => string, options: { days?: number; key?: string[]; subject?: string; names?: string } = {}): void {
  const key = options.key ?? ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256']
  execFileSync('openssl', ['genpkey', ...key, '-out', at('k.pem')], { stdio: 'ignore' })
  const request = ['req', '-new', '-x509', '-key', at('k.pem'), '-out', at('c.pem'), '-days', String(options.days ?? 90)]
  const named = ['-subj', options.subject ?? `/CN=${NAME}`, '-addext', `subjectAltName=${options.names ?? SAN.join()}`]
  execFileSync('openssl', [...request, ...named], { stdio: 'ignore' })
  chmodSync(at('c.pem'), 0o644)
}

test('a new key is closed to all others, whatever words its mode is given in; one that is there is not left open', async (t) => {
  for (const [privatekey_mode, mode] of [
    ['u=rw,g=r', '640'],
    ['g+r', '640'],
    ['u=rw', '600'],
  ] as const) {
    const here = host(t)
    await makes(t, here.want({ privatekey_mode }), `make a private key and certificate for ${NAME}, 825 days`)
    t.is(here.mode('k.pem'), mode, privatekey_mode)
    chmodSync(here.at('k.pem'), 0o644)
    t.regex(
      await fails(t, x509Certificate, here.want({ privatekey_mode })),
      /k\.pem would be open to everyone: give privatekey_mode in digits/,
    )
  }
})

test('a certificate and its key are made', async (t) => {
  const here = host(t)
  const { result } = await makes(t, here.want(), `make a private key and certificate for ${NAME}, 825 days`)
  t.is(here.mode('c.pem'), '644')
  t.is(here.mode('k.pem'), '600')
  t.deepEqual(here.list(), ['c.pem', 'k.pem'])
  const made = here.certificate()
  t.true(made.checkPrivateKey(createPrivateKey(here.read('k.pem'))))
  t.false(made.ca)
  t.is(made.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1')
  t.is((Date.parse(made.validTo) - Date.parse(made.validFrom)) / 86_400_000, 825)
  t.like(result, { filename: here.at('c.pem'), privatekey: here.at('k.pem'), fingerprint: made.fingerprint256, mode: '0644' })
  t.deepEqual(result.subject_alt_name, [SAN[0], SAN[1], 'IP:2001:DB8:0:0:0:0:0:1'])
  t.regex(String(result.notBefore), /^\d{14}Z$/)
  const text = execFileSync('openssl', ['x509', '-in', here.at('c.pem'), '-noout', '-text'], { encoding: 'utf8' })
  t.regex(text, /Basic Constraints: critical\s+CA:FALSE/)
  t.regex(text, /Key Usage: critical\s+Digital Signature\n/)
  t.regex(text, /Extended Key Usage:\s+TLS Web Server Authentication/)
})

test('clients that have it as their authority accept it for its names, and for no others', async (t) => {
  const here = host(t)
  await settle(x509Certificate, here.want())
  const ca = here.bytes('c.pem')
  const server = createServer({ cert: ca, key: here.bytes('k.pem') }, (socket) => {
    socket.on('error', () => {}) // a client that refuses the certificate ends the connection
    socket.once('data', () => socket.end('HTTP/1.0 200 OK\r\n\r\nhello'))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const shake = (servername: string) =>
    new Promise<string>((done) => {
      const socket = connect({ host: '127.0.0.1', port, ca, servername }, () => {
        socket.destroy()
        done(`authorized ${socket.authorized}`)
      })
      socket.on('error', (error: NodeJS.ErrnoException) => done(String(error.code)))
    })
  t.is(await shake(NAME), 'authorized true')
  t.is(await shake('other.example.com'), 'ERR_TLS_CERT_ALTNAME_INVALID')
  const curl = await output([
    'curl',
    '-sS',
    '--cacert',
    here.at('c.pem'),
    '--resolve',
    `${NAME}:${port}:127.0.0.1`,
    `https://${NAME}:${port}/`,
  ])
  t.is(curl, 'hello')
  t.regex(execFileSync('openssl', ['verify', '-x509_strict', '-CAfile', here.at('c.pem'), here.at('c.pem')], { encoding: 'utf8' }), /: OK/)
})

async function output([file, ...args]: string[]): Promise<string> {
  return new Promise((done, lost) => execFile(file!, args, (error, stdout) => (error ? lost(error) : done(stdout))))
}

test('it is renewed when a third of its time is left, and keeps its key', async (t) => {
  const here = host(t)
  byHand(here.at, { days: 90 })
  await leaves(t, x509Certificate, here.want())
  const key = here.read('k.pem')
  const { changes } = await settle(x509Certificate, here.want({ remaining_days: 91, selfsigned_not_after: '+92d' }))
  t.regex(changes.map(({ summary }) => summary).join(), /^new certificate: renew: (89|90) days left of 90$/)
  await leaves(t, x509Certificate, here.want({ remaining_days: 91, selfsigned_not_after: '+92d' }))
  t.is(here.read('k.pem'), key)
  const made = here.certificate()
  t.is((Date.parse(made.validTo) - Date.parse(made.validFrom)) / 86_400_000, 92)
})

test('one that has expired, or is near its end, by the clock of the host', async (t) => {
  const here = host(t)
  byHand(here.at, { days: 90 })
  const want = x509Certificate.params.parse(here.want())
  const { is, ...known } = await knownOf(want)
  const at = (days: number) => {
    const plan = x509Certificate.plan(want, { ...known, is: { ...is, now: is.now + days * 86_400 } }, {})
    return ('changes' in plan ? plan.changes : plan).map((change) => change.summary).join()
  }
  t.is(at(59), '')
  t.is(at(77.5), 'new certificate: renew: 12 days left of 90')
  t.is(at(88.5), 'new certificate: renew: 1 day left of 90')
  t.regex(at(91), /^new certificate: renew: expired on \w+ .*GMT$/)
  t.regex(at(-1), /^new certificate: renew: not valid before \w+ .*GMT$/)
})

async function knownOf(want: ReturnType<typeof x509Certificate.params.parse>) {
  const facts = x509Certificate.facts!(want, {})
  return {
    is: await ask(facts.is),
    file: await ask(facts.file),
    keyFile: await ask(facts.keyFile),
    directory: await ask(facts.directory),
    keyDirectory: await ask(facts.keyDirectory),
    creator: await ask(facts.creator),
  }
}

test('names that differ, in any order and writing', async (t) => {
  const here = host(t)
  byHand(here.at, { names: 'IP:2001:DB8:0:0:0:0:0:1,DNS:MATRIX.example.com,IP:127.0.0.1' })
  await leaves(t, x509Certificate, here.want({ common_name: NAME }))
  await makes(
    t,
    here.want({ subject_alt_name: 'DNS:b.example.com, DNS:*.b.example.com', common_name: NAME }),
    'new certificate: subject_alt_name IP:2001:DB8:0:0:0:0:0:1, DNS:MATRIX.example.com, IP:127.0.0.1 → DNS:b.example.com, DNS:*.b.example.com',
  )
})

test('a common name may hold what a subject or a configuration file would take for its own', async (t) => {
  for (const common_name of ['a/CN=b', 'x + y, "z"', "it's $HOME #1; \\n = ü", '[v3]']) {
    const here = host(t)
    await makes(t, here.want({ common_name }), `make a private key and certificate for ${common_name}, 825 days`)
    t.is(here.certificate().toLegacyObject().subject.CN, common_name)
  }
})

test('a key that does not match', async (t) => {
  const here = host(t)
  byHand(here.at)
  const certificate = here.bytes('c.pem')
  byHand(here.at)
  const key = here.read('k.pem')
  writeFileSync(here.at('c.pem'), certificate)
  chmodSync(here.at('k.pem'), 0o644)
  const { changes } = await settle(x509Certificate, here.want(), { check: true })
  t.deepEqual(
    changes.map(({ summary }) => summary),
    ['new certificate: private key does not match', `${here.at('k.pem')}: mode 0644 → 0600`],
  )
  await settle(x509Certificate, here.want())
  await leaves(t, x509Certificate, here.want())
  t.is(here.read('k.pem'), key)
  t.is(here.mode('k.pem'), '600')
})

test('a key that is missing, too short or of another kind', async (t) => {
  const here = host(t)
  byHand(here.at)
  rmSync(here.at('k.pem'))
  await makes(t, here.want(), 'new private key and certificate: there is no private key')
  byHand(here.at, { key: ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:1024'] })
  await makes(t, here.want(), 'new private key and certificate: private key RSA 1024 is too short')
  await makes(t, here.want({ key_type: 'RSA', key_size: 2048 }), 'new private key and certificate: private key ECDSA 256 → RSA 2048')
  await leaves(t, x509Certificate, here.want())
  await makes(t, here.want({ key_type: 'ECDSA', key_size: 384 }), 'new private key and certificate: private key RSA 2048 → ECDSA 384')
})

test('a key of a kind that is not made here is kept', async (t) => {
  const here = host(t)
  byHand(here.at, { key: ['-algorithm', 'ED25519'] })
  await makes(t, here.want({ subject_alt_name: ['DNS:b'] }), /^new certificate: subject_alt_name/)
  t.is(here.certificate().publicKey.asymmetricKeyType, 'ed25519')
  await makes(t, here.want({ key_type: 'ECDSA' }), /private key ed25519 → ECDSA 256/)
})

test('many are asked at once', async (t) => {
  const here = scratch(t, { "it's none": '\0\n', empty: '' })
  byHand(here.at)
  const of = (path: string, privatekey: string) => certificate({ path: here.at(path), privatekey: here.at(privatekey) })
  const [whole, none, missing] = await askAll([of('c.pem', 'k.pem'), of("it's none", 'empty'), of('no', 'no')])
  t.is(whole?.pem, here.read('c.pem'))
  t.regex(whole!.publicKey!, /^-----BEGIN PUBLIC KEY-----/)
  t.like(none, { openssl: true, pem: '\n', keyExists: true, publicKey: undefined })
  t.like(missing, { openssl: true, pem: undefined, keyExists: false, publicKey: undefined })
  t.true(whole!.now > 1_700_000_000)
})

test('one that an authority has signed gives way', async (t) => {
  const here = host(t)
  byHand(here.at, { subject: '/CN=ca' })
  const args = [
    '-CA',
    here.at('c.pem'),
    '-CAkey',
    here.at('k.pem'),
    '-out',
    here.at('signed.pem'),
    '-addext',
    `subjectAltName=${SAN.join()}`,
  ]
  execFileSync('openssl', ['req', '-x509', '-new', '-key', here.at('k.pem'), '-subj', `/CN=${NAME}`, ...args], { stdio: 'ignore' })
  const want = here.want({ path: here.at('signed.pem') })
  await makes(t, want, 'new certificate: issued by CN=ca → selfsigned')
})

test('what is not a certificate or a readable key is left alone', async (t) => {
  const here = host(t)
  byHand(here.at)
  writeFileSync(here.at('c.pem'), 'notes\n')
  t.is(await fails(t, x509Certificate, here.want()), `${here.at('c.pem')} holds no certificate: remove it, and a new one is made`)
  writeFileSync(here.at('c.pem'), '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')
  t.regex(await fails(t, x509Certificate, here.want()), /holds no certificate/)
  writeFileSync(here.at('c.pem'), '')
  const passphrase = ['-aes256', '-pass', 'pass:secret', '-out', here.at('k.pem')]
  execFileSync('openssl', ['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', ...passphrase], { stdio: 'ignore' })
  t.regex(await fails(t, x509Certificate, here.want()), /holds no private key that openssl can read without a passphrase/)
})

test('modes drift and are mended without a new certificate', async (t) => {
  const here = host(t)
  await settle(x509Certificate, here.want())
  const before = here.read('c.pem')
  chmodSync(here.at('c.pem'), 0o600)
  chmodSync(here.at('k.pem'), 0o644)
  const { changes } = await settle(x509Certificate, here.want({ privatekey_mode: '0640' }))
  t.deepEqual(
    changes.map(({ summary }) => summary),
    [`${here.at('c.pem')}: mode 0600 → 0644`, `${here.at('k.pem')}: mode 0644 → 0640`],
  )
  t.is(here.read('c.pem'), before)
  await leaves(t, x509Certificate, here.want({ privatekey_mode: '0640' }))
})

test('paths with blanks and quotes; a directory that is missing', async (t) => {
  const here = host(t)
  mkdirSync(here.at("it's a dir"))
  const want = here.want({ path: here.at("it's a dir/-c.pem"), privatekey_path: here.at('it\'s a dir/"k" $x.pem') })
  await makes(t, want, /^make a private key/)
  t.is(await fails(t, x509Certificate, here.want({ path: here.at('none/c.pem') })), `the directory ${here.at('none')} does not exist`)
})

test('owners: an unknown one is a failure before anything is made', async (t) => {
  const here = host(t)
  t.regex(
    await fails(t, x509Certificate, here.want({ privatekey_owner: 'nobody-of-that-name' })),
    /failed to look up user nobody-of-that-name/,
  )
  t.deepEqual(here.list(), [])
  await makes(t, here.want({ owner: '12', privatekey_group: '34' }), /^make/)
  t.deepEqual([here.stat('c.pem').uid, here.stat('k.pem').uid, here.stat('k.pem').gid], [12, 0, 34])
  await makes(t, here.want({ subject_alt_name: ['DNS:b'] }), /^new certificate: subject_alt_name/)
  t.is(here.stat('c.pem').uid, 12)
})

test('absent removes the certificate alone', async (t) => {
  const here = host(t)
  await settle(x509Certificate, here.want())
  const { changes } = await settle(x509Certificate, here.want({ state: 'absent' }))
  t.is(changes[0]?.summary, `remove the certificate ${here.at('c.pem')}`)
  t.deepEqual(here.list(), ['k.pem'])
  await leaves(t, x509Certificate, here.want({ state: 'absent' }))
})

test('a host without openssl', async (t) => {
  const here = host(t)
  const prefix = ['env', `PATH=${toolPath('sh', 'stat', 'date', 'head', 'tr')}`]
  const { result, changes } = await settle(x509Certificate, here.want(), { prefix })
  t.deepEqual([result.msg, changes], ['there is no openssl on this host (package openssl)', []])
})

const REFUSED: [more: object, message: string | RegExp][] = [
  [{ subject_alt_name: ['DNS:two words'] }, /^expected names as/],
  [{ subject_alt_name: ['DNS:a"b'] }, /^expected names as/],
  [{ subject_alt_name: ['DNS:a,DNS:b'] }, /^expected names as/],
  [{ subject_alt_name: ['DNS:a\nb'] }, /^expected names as/],
  [{ subject_alt_name: ['matrix.example.com'] }, /^expected names as/],
  [{ subject_alt_name: ['DNS:192.0.2.1'] }, /^expected names as/],
  [{ subject_alt_name: ['IP:192.0.2.256'] }, /^expected names as/],
  [{ subject_alt_name: ['DNS:-a'] }, /^expected names as/],
  [{ subject_alt_name: [`DNS:${'a'.repeat(64)}`] }, /^expected names as/],
  [{ subject_alt_name: ['DNS:a', 'DNS:a'] }, 'a name is there twice'],
  [{ subject_alt_name: [] }, /^subject_alt_name is required/],
  [{ subject_alt_name: ['IP:192.0.2.1'] }, /^common_name is required/],
  [{ common_name: 'a'.repeat(65) }, /^expected a common name/],
  [{ common_name: 'a\nb' }, /^expected a common name/],
  [{ selfsigned_not_after: '20300101000000Z' }, /^expected a time from now/],
  [{ selfsigned_not_after: '+0d' }, /^expected a time from now/],
  [{ remaining_days: 30, selfsigned_not_after: '+30d' }, /^a new certificate would be due at once/],
  [{ key_size: 256 }, 'key_size requires key_type'],
  [{ key_type: 'RSA', key_size: 1024 }, 'an RSA key has 2048 to 8192 bits'],
  [{ key_type: 'ECDSA', key_size: 2048 }, 'an ECDSA key has 256 or 384 bits'],
  [{ privatekey_mode: '0644' }, 'a private key must not be open to everyone'],
  [{ privatekey_mode: 'a+r' }, 'a private key must not be open to everyone'],
  [{ privatekey_mode: 'u=rw,o=r' }, 'a private key must not be open to everyone'],
  [{ privatekey_path: '/c' }, 'certificate and key are two files'],
]
for (const [more, message] of REFUSED)
  test(`refused: ${JSON.stringify(more).slice(0, 80)}`, (t) => {
    const said = x509Certificate.params.safeParse({ path: '/c', privatekey_path: '/k', subject_alt_name: ['DNS:a'], ...more }).error
      ?.issues[0]?.message
    if (typeof message === 'string') t.is(said, message)
    else t.regex(String(said), message)
  })

test('accepted modes of a private key', (t) => {
  for (const privatekey_mode of ['0600', '0640', '400', 'u=rw,g=r,o=', 'o=,u=rw', 'u=rw,go='])
    t.true(
      x509Certificate.params.safeParse({ path: '/c', privatekey_path: '/k', common_name: 'a.b', privatekey_mode }).success,
      privatekey_mode,
    )
})
