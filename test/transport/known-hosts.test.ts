import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { judgeHostKey, preferredTypes, type Trust } from '../../src/transport/host-key.ts'
import {
  appendKnownHost,
  fingerprint,
  hostName,
  isAbout,
  type KnownHost,
  parseKnownHosts,
  readKnownHosts,
} from '../../src/transport/known-hosts.ts'
import { keygen } from './sshd.ts'

function directory(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'mhprov-known-'))
  t.teardown(() => rmSync(path, { recursive: true }))
  return path
}

function publicKey(t: ExecutionContext, type = 'ed25519'): { text: string; blob: Buffer; file: string } {
  const file = `${keygen(join(directory(t), 'key'), type)}.pub`
  const text = readFileSync(file, 'utf8').split(' ').slice(0, 2).join(' ')
  return { text, blob: Buffer.from(text.split(' ')[1] ?? '', 'base64'), file }
}

const trust = (known: readonly KnownHost[], changes: Partial<Trust> = {}): Trust => ({
  name: 'web',
  host: 'web.example',
  port: 22,
  checking: 'strict',
  pins: [],
  known,
  ...changes,
})

const verdict = (key: Buffer, by: Trust) => {
  const judged = judgeHostKey(key, by)
  return typeof judged === 'string' ? judged : judged.message
}

test('fingerprints are those of ssh-keygen -l', (t) => {
  for (const type of ['ed25519', 'ecdsa', 'rsa']) {
    const { blob, file } = publicKey(t, type)
    t.is(execFileSync('ssh-keygen', ['-lf', file], { encoding: 'utf8' }).split(' ')[1], fingerprint(blob))
  }
})

test('names hashed by ssh-keygen -H are found, and ssh-keygen -F finds those we hash', async (t) => {
  const { text, blob } = publicKey(t)
  const file = join(directory(t), 'known_hosts')
  writeFileSync(file, `web.example ${text}\n[web.example]:2222 ${text}\n`)
  execFileSync('ssh-keygen', ['-q', '-H', '-f', file], { stdio: 'ignore' })
  t.notRegex(readFileSync(file, 'utf8'), /web/)
  const known = await readKnownHosts([file, join(file, 'none')])
  t.deepEqual(
    ['web.example', '[web.example]:2222', 'other.example'].map((name) =>
      known.filter((line) => isAbout(line, name)).map((line) => line.line),
    ),
    [[1], [2], []],
  )
  await appendKnownHost(file, '[new.example]:22022', blob, true)
  t.regex(execFileSync('ssh-keygen', ['-F', '[new.example]:22022', '-f', file], { encoding: 'utf8' }), /found: line 3/)
})

test('lines are patterns with * ? and !, for hosts and for [host]:port', (t) => {
  const { text } = publicKey(t)
  const names = [
    'web.example',
    'db.example',
    'xx.example',
    'web.example.org',
    '[web.example]:2222',
    'WEB.example'.toLowerCase(),
    'webxexample',
  ]
  const found = (hosts: string) => names.filter((name) => isAbout(parseKnownHosts(`${hosts} ${text}`, 'f')[0]!, name))
  t.deepEqual(found('*.example,!db.example'), ['web.example', 'xx.example', 'web.example'])
  t.deepEqual(found('??.example'), ['db.example', 'xx.example'])
  t.deepEqual(found('Web.Example,192.0.2.1'), ['web.example', 'web.example'])
  t.deepEqual(found('[web.example]:2222'), ['[web.example]:2222'])
  t.deepEqual(found('[*]:2222'), ['[web.example]:2222'])
  t.deepEqual(found('!*'), [])
})

test('lines that make no sense are skipped, and the others keep their numbers', (t) => {
  const { text } = publicKey(t)
  const [, base64] = text.split(' ')
  const lines = [
    '',
    '# a comment',
    'web',
    `web ssh-rsa ${base64}`,
    'web ssh-ed25519 AAAA',
    `@strange web ${text}`,
    `  web ${text} me@home`,
    `@revoked web\t${text}`,
  ]
  t.deepEqual(
    parseKnownHosts(lines.join('\n'), 'f').map(({ line, marker }) => [line, marker]),
    [
      [7, ''],
      [8, 'revoked'],
    ],
  )
})

test('a known key is known; a changed, revoked or unknown one is refused with its fingerprint and the line', (t) => {
  const [one, two] = [publicKey(t), publicKey(t)]
  const [first, second] = [fingerprint(one.blob), fingerprint(two.blob)]
  const known = (text: string) => parseKnownHosts(text, '/k')
  t.is(verdict(one.blob, trust(known(`web.example ${one.text}`))), 'known')
  t.is(verdict(one.blob, trust(known(`web.example ${two.text}\nweb.example ${one.text}`))), 'known')
  t.is(
    verdict(one.blob, trust(known(`\nweb.example ${two.text}`))),
    `the host key of web has changed: it shows ED25519 ${first}, and /k:2 has ED25519 ${second}`,
  )
  t.is(
    verdict(one.blob, trust(known(`web.example ${two.text}`), { checking: 'accept-new' })),
    `the host key of web has changed: it shows ED25519 ${first}, and /k:1 has ED25519 ${second}`,
  )
  t.is(
    verdict(one.blob, trust(known(`web.example ${one.text}\n@revoked * ${one.text}`), { checking: 'accept-new' })),
    `the host key of web is marked as revoked at /k:2: ED25519 ${first}`,
  )
  t.is(verdict(one.blob, trust([])), `the host key of web is not known: ED25519 ${first}`)
  t.is(verdict(one.blob, trust([], { checking: 'accept-new' })), 'new')
  t.is(
    verdict(one.blob, trust(known(`@cert-authority *.example ${two.text}`))),
    `the host key of web is not known: ED25519 ${first}; host certificates (/k:1) cannot be used`,
  )
})

test('an unknown key is refused with the ways out', (t) => {
  const { blob } = publicKey(t)
  const judged = judgeHostKey(blob, trust([], { port: 2222 }))
  t.is(
    typeof judged === 'string' ? judged : judged.hint,
    `if that is its fingerprint: ssh -p 2222 web.example once and say yes, set ansible_host_key_checking: accept-new, or pin it with ansible_ssh_host_key: ${fingerprint(blob)}`,
  )
})

test('a key of another type than the known one is a changed key, even for accept-new', (t) => {
  const [rsa, ed25519] = [publicKey(t, 'rsa'), publicKey(t)]
  const by = trust(parseKnownHosts(`web.example ${rsa.text}`, '/k'), { checking: 'accept-new' })
  t.is(
    verdict(ed25519.blob, by),
    `the host key of web has changed: it shows ED25519 ${fingerprint(ed25519.blob)}, and /k:1 has RSA ${fingerprint(rsa.blob)}`,
  )
  t.deepEqual(preferredTypes(by), [
    'rsa-sha2-512',
    'rsa-sha2-256',
    'ssh-ed25519',
    'ecdsa-sha2-nistp256',
    'ecdsa-sha2-nistp384',
    'ecdsa-sha2-nistp521',
  ])
})

test('at another port the key of the plain name will do, as for ssh, but only the same key', (t) => {
  const [one, two] = [publicKey(t), publicKey(t)]
  const by = trust(parseKnownHosts(`web.example ${one.text}`, '/k'), { port: 2222 })
  t.is(verdict(one.blob, by), 'known')
  t.is(verdict(two.blob, by), `the host key of web is not known: ED25519 ${fingerprint(two.blob)}`)
})

test('with pins known_hosts does not count', (t) => {
  const [one, two] = [publicKey(t), publicKey(t)]
  const known = parseKnownHosts(`web.example ${two.text}`, '/k')
  for (const pin of [one.text, `${one.text} root@web`, fingerprint(one.blob)]) {
    t.is(verdict(one.blob, trust(known, { pins: [fingerprint(two.blob), pin] })), 'known')
    t.is(
      verdict(two.blob, trust(known, { pins: [pin] })),
      `the host key of web is not the pinned one: it shows ED25519 ${fingerprint(two.blob)}, and ansible_ssh_host_key has ${pin.startsWith('SHA') ? '' : 'ED25519 '}${fingerprint(one.blob)}`,
    )
  }
  t.is(
    verdict(one.blob, trust(known, { pins: ['MD5:00:11'] })),
    'ansible_ssh_host_key of web is neither a public key nor a fingerprint: MD5:00:11',
  )
})

test('a host is added to a file that is made for it, on a line of its own', async (t) => {
  const [one, two] = [publicKey(t), publicKey(t)]
  const file = join(directory(t), '.ssh', 'known_hosts')
  await appendKnownHost(file, hostName('Web.example', 22), one.blob, false)
  t.deepEqual([statSync(file).mode & 0o777, statSync(join(file, '..')).mode & 0o777], [0o600, 0o700])
  writeFileSync(file, readFileSync(file, 'utf8').trimEnd())
  await appendKnownHost(file, hostName('web.example', 2222), two.blob, false)
  t.is(readFileSync(file, 'utf8'), `web.example ${one.text}\n[web.example]:2222 ${two.text}\n`)
})
