import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { connected, fingerprintOf, hello, refusal } from './ssh-client.ts'
import { keygen, sshd } from './sshd.ts'

test('an unknown host is refused under strict, with its fingerprint', async (t) => {
  const host = await sshd(t)
  t.deepEqual(await refusal(t, host.target({ knownHostsFiles: [join(host.directory, 'none')] })), {
    reason: 'host-key',
    message: `the host key of box is not known: ED25519 ${fingerprintOf(join(host.directory, 'host_ed25519'))}`,
  })
  t.notRegex(host.log(), /Accepted|Failed/)
})

test('accept-new remembers a host, and then holds it to its key', async (t) => {
  const host = await sshd(t)
  const file = join(host.directory, 'new', 'known_hosts')
  const target = host.target({ knownHostsFiles: [file], hostKeyChecking: 'accept-new' })
  t.is(await hello(await connected(t, target)), 'hello\n')
  t.is(await hello(await connected(t, target)), 'hello\n')
  t.is(
    readFileSync(file, 'utf8'),
    `[127.0.0.1]:${host.port} ${readFileSync(`${host.directory}/host_ed25519.pub`, 'utf8').split(' ').slice(0, 2).join(' ')}\n`,
  )
  t.is(await hello(await connected(t, { ...target, hostKeyChecking: 'strict' })), 'hello\n')
})

test('a changed host key is refused whatever the policy, showing both fingerprints and the line', async (t) => {
  const host = await sshd(t)
  const other = keygen(join(host.directory, 'other'), 'ed25519')
  writeFileSync(host.knownHosts, `# old\n[127.0.0.1]:${host.port} ${readFileSync(`${other}.pub`, 'utf8')}`)
  const expected = {
    reason: 'host-key',
    message: `the host key of box has changed: it shows ED25519 ${fingerprintOf(`${host.directory}/host_ed25519`)}, and ${host.knownHosts}:2 has ED25519 ${fingerprintOf(other)}`,
  }
  t.deepEqual(await refusal(t, host.target()), expected)
  t.deepEqual(await refusal(t, host.target({ hostKeyChecking: 'accept-new' })), expected)
})

test('a host with several keys is asked for the one that is known or pinned', async (t) => {
  const host = await sshd(t, [], ['ed25519', 'rsa', 'ecdsa'])
  const rsa = readFileSync(join(host.directory, 'host_rsa.pub'), 'utf8')
  writeFileSync(host.knownHosts, `[127.0.0.1]:${host.port} ${rsa}`)
  t.is(await hello(await connected(t, host.target())), 'hello\n')
  const nobody = { knownHostsFiles: [] }
  t.is(await hello(await connected(t, host.target({ ...nobody, hostKeys: [rsa.trim()] }))), 'hello\n')
  t.is(await hello(await connected(t, host.target({ ...nobody, hostKeys: [fingerprintOf(`${host.directory}/host_ed25519`)!] }))), 'hello\n')
  t.is((await refusal(t, host.target({ hostKeys: [`SHA256:${'A'.repeat(43)}`] }))).reason, 'host-key')
})
