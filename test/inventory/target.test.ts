import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { hostNamed } from '../../src/inventory/inventory.ts'
import { loadInventory } from '../../src/inventory/load.ts'
import { type Defaults, sshName, toTarget } from '../../src/inventory/target.ts'
import { Secret } from '../../src/secrets/secret.ts'
import type { SshConfig } from '../../src/transport/ssh-config.ts'
import { complaint, type Files, given, load, varsOf } from './given.ts'

const DEFAULTS: Defaults = { home: '/home/me', dir: '/srv/site' }
const KNOWN = ['/home/me/.ssh/known_hosts', '/home/me/.ssh/known_hosts2', '/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2']

/** The host `h` with these variables, given as YAML lines. */
const files = (vars: string): Files => `all:\n  hosts:\n    h:\n${vars.replace(/^(?=.)/gm, '      ')}\n`

function access(t: ExecutionContext, vars: string, ssh: Partial<SshConfig> = {}, defaults: Partial<Defaults> = {}) {
  const inventory = load(t, files(vars))
  const result = toTarget(inventory.hosts.get('h')!, varsOf(inventory, 'h'), ssh, { ...DEFAULTS, ...defaults })
  if (!result.ok) throw new Error(complaint(result))
  t.deepEqual(result.warnings ?? [], [])
  return result.value
}

function refuses(t: ExecutionContext, vars: string, expected: string): void {
  const dir = given(t, files(vars))
  const loaded = loadInventory(join(dir, 'inventory.yaml'))
  if (!loaded.ok) throw new Error(complaint(loaded))
  const result = toTarget(loaded.value.hosts.get('h')!, varsOf(loaded.value, 'h'), {}, DEFAULTS)
  t.is(complaint(result, dir), expected.replace(/^\n/, ''))
}

test('a host without variables is reached by its name', (t) => {
  t.deepEqual(access(t, ''), {
    target: {
      name: 'h',
      connection: 'ssh',
      address: 'h',
      port: 22,
      proxyJump: [],
      hostKeyChecking: 'strict',
      hostKeys: [],
      knownHostsFiles: KNOWN,
      connectTimeout: 10,
    },
  })
})

test('every variable counts', (t) => {
  const reached = access(
    t,
    `
ansible_host: 192.0.2.10
ansible_port: "2222"
ansible_user: ops
ansible_password: login
ansible_ssh_private_key_file: ~/.ssh/laptop
ansible_connection: ssh
ansible_become: yes
ansible_become_user: admin
ansible_become_password: sudo
ansible_become_method: sudo
ansible_ssh_common_args: -J me@bastion
ansible_host_key_checking: accept-new
ansible_ssh_host_key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 me@laptop
ansible_timeout: 30
`,
  )
  t.deepEqual(reached.target, {
    name: 'h',
    connection: 'ssh',
    address: '192.0.2.10',
    port: 2222,
    user: 'ops',
    privateKeyFile: '/home/me/.ssh/laptop',
    proxyJump: ['me@bastion'],
    hostKeyChecking: 'accept-new',
    hostKeys: ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 me@laptop'],
    knownHostsFiles: KNOWN,
    connectTimeout: 30,
  })
  t.true(reached.become)
  t.is(reached.becomeUser, 'admin')
  t.is(reached.password?.reveal(), 'login')
  t.is(reached.becomePassword?.reveal(), 'sudo')
  t.false(JSON.stringify(reached).includes('login'))
  t.false(JSON.stringify(reached).includes('"sudo"'))
})

test('older names count', (t) => {
  const reached = access(
    t,
    `
ansible_ssh_host: "[2001:db8::1]"
ansible_ssh_port: 23
ansible_ssh_user: old
ansible_ssh_pass: login
ansible_private_key_file: /k
ansible_sudo_pass: sudo
ansible_ssh_extra_args: -o ProxyJump=none
ansible_ssh_timeout: 5
`,
  )
  t.is(reached.target.address, '2001:db8::1')
  t.is(reached.target.port, 23)
  t.is(reached.target.user, 'old')
  t.is(reached.target.privateKeyFile, '/k')
  t.is(reached.target.connectTimeout, 5)
  t.is(reached.password?.reveal(), 'login')
  t.is(reached.becomePassword?.reveal(), 'sudo')
})

const SSH: Partial<SshConfig> = {
  hostname: '198.51.100.7',
  port: 2200,
  user: 'configured',
  identityFile: ['/home/me/.ssh/a', '/home/me/.ssh/b'],
  proxyJump: ['jump'],
  userKnownHostsFile: ['~/known'],
  globalKnownHostsFile: ['none'],
  strictHostKeyChecking: 'accept-new',
}

test("where the inventory says nothing, ssh's configuration counts", (t) => {
  t.deepEqual(access(t, '', SSH), {
    target: {
      name: 'h',
      connection: 'ssh',
      address: '198.51.100.7',
      port: 2200,
      user: 'configured',
      proxyJump: ['jump'],
      hostKeyChecking: 'accept-new',
      hostKeys: [],
      knownHostsFiles: ['/home/me/known'],
      connectTimeout: 10,
    },
    identityFiles: ['/home/me/.ssh/a', '/home/me/.ssh/b'],
  })
})

test("the inventory goes before ssh's configuration", (t) => {
  const { target } = access(
    t,
    '\nansible_port: 22\nansible_user: ops\nansible_ssh_common_args: -J none\nansible_host_key_checking: true\n',
    SSH,
  )
  t.deepEqual([target.port, target.user, target.proxyJump, target.hostKeyChecking], [22, 'ops', [], 'strict'])
})

test("ansible_host may be a Host of ssh's configuration", (t) => {
  const inventory = load(t, files('ansible_host: laptop'))
  t.is(sshName(inventory.hosts.get('h')!, varsOf(inventory, 'h')), 'laptop')
  t.is(access(t, 'ansible_host: laptop', SSH).target.address, '198.51.100.7')
})

test("what the command line gives goes before ssh's configuration and after the inventory", (t) => {
  const given = { user: 'cli', privateKeyFile: '~/cli', connectTimeout: 3 }
  const { target } = access(t, '', SSH, given)
  t.deepEqual([target.user, target.privateKeyFile, target.connectTimeout], ['cli', '/home/me/cli', 3])
  const own = access(t, '\nansible_user: ops\nansible_ssh_private_key_file: /own\nansible_timeout: 7\n', SSH, given).target
  t.deepEqual([own.user, own.privateKeyFile, own.connectTimeout], ['ops', '/own', 7])
})

test("a relative key path starts at the inventory's folder, or where mhprov runs if it is only there", (t) => {
  const dir = given(t, { 'keys/laptop': '', 'package.json': '' })
  const key = (path: string) => access(t, `ansible_ssh_private_key_file: ${path}`, {}, { dir }).target.privateKeyFile
  t.is(key('keys/laptop'), join(dir, 'keys/laptop'))
  t.is(key('package.json'), join(dir, 'package.json'))
  t.is(key('no/such/key'), join(dir, 'no/such/key'))
  t.is(access(t, 'ansible_ssh_private_key_file: package.json').target.privateKeyFile, join(process.cwd(), 'package.json'))
})

test('StrictHostKeyChecking no becomes accept-new, ask becomes strict', (t) => {
  t.is(access(t, '', { strictHostKeyChecking: 'no' }).target.hostKeyChecking, 'accept-new')
  t.is(access(t, '', { strictHostKeyChecking: 'ask' }).target.hostKeyChecking, 'strict')
})

test('several host keys can be pinned', (t) => {
  const fingerprint = `SHA256:${'a'.repeat(43)}`
  t.deepEqual(access(t, `ansible_ssh_host_key: ["ssh-rsa AAAAB3Nz", "${fingerprint}"]`).target.hostKeys, ['ssh-rsa AAAAB3Nz', fingerprint])
})

test('a value that is null is not set', (t) => {
  t.is(access(t, 'ansible_user: ~', SSH).target.user, 'configured')
})

test('a secret stays one', (t) => {
  const inventory = load(t, files(''))
  const password = new Secret('x')
  const result = toTarget(inventory.hosts.get('h')!, { ansible_become_password: password }, {}, DEFAULTS)
  t.is(result.ok && result.value.becomePassword, password)
})

test('a local host takes nothing from ssh', (t) => {
  const { target, identityFiles } = access(t, 'ansible_connection: local', SSH)
  t.deepEqual(
    [target.connection, target.address, target.user, target.proxyJump, identityFiles],
    ['local', 'localhost', undefined, [], undefined],
  )
})

test('localhost is local without being named', (t) => {
  const local = hostNamed(load(t, 'all:\n  hosts: {a: }\n'), 'localhost')
  const result = local && toTarget(local, {}, {}, DEFAULTS)
  t.is(result?.ok && result.value.target.connection, 'local')
})

test(
  'every wrong value is told of at its place',
  refuses,
  `ansible_host: ops@192.0.2.1
ansible_port: 70000
ansible_password: 1234
ansible_connection: winrm
ansible_become: perhaps
ansible_become_method: su
ansible_host_key_checking: false
ansible_ssh_host_key: laptop ssh-ed25519 AAAA
ansible_timeout: 0
ansible_ssh_common_args: -o ProxyCommand="ssh -W %h:%p bastion"
ansible_ssh_private_key_file: 5`,
  `
inventory.yaml:4:21 error: ansible_host: expected a host name or an address alone (the user goes into ansible_user, the port into ansible_port) [invalid-value]
      ansible_host: ops@192.0.2.1
                    ~~~~~~~~~~~~~

inventory.yaml:5:21 error: ansible_port: expected a port, 1 to 65535 [invalid-value]
      ansible_port: 70000
                    ~~~~~

inventory.yaml:6:25 error: ansible_password: expected text (put it in quotes) [invalid-value]
      ansible_password: 1234
                        ~~~~

inventory.yaml:7:27 error: ansible_connection: expected ssh or local [invalid-value]
      ansible_connection: winrm
                          ~~~~~

inventory.yaml:8:23 error: ansible_become: expected true or false, not "perhaps" [invalid-value]
      ansible_become: perhaps
                      ~~~~~~~

inventory.yaml:9:30 error: ansible_become_method: expected sudo, the only method there is [invalid-value]
      ansible_become_method: su
                             ~~

inventory.yaml:10:34 error: ansible_host_key_checking: host keys are always checked, or anybody on the way could take the host's place (and the sudo password). Use "accept-new" to trust a host at first sight, or pin its key with ansible_ssh_host_key [invalid-value]
      ansible_host_key_checking: false
                                 ~~~~~

inventory.yaml:11:29 error: ansible_ssh_host_key: expected a host key such as "ssh-ed25519 AAAA…" or "SHA256:…" (for ssh-keyscan output: without the host name before it) [invalid-value]
      ansible_ssh_host_key: laptop ssh-ed25519 AAAA
                            ~~~~~~~~~~~~~~~~~~~~~~~

inventory.yaml:12:24 error: ansible_timeout: expected seconds, more than 0 [invalid-value]
      ansible_timeout: 0
                       ~

inventory.yaml:13:32 error: ansible_ssh_common_args: -o ProxyCommand=ssh -W %h:%p bastion is not supported [invalid-value]
      ansible_ssh_common_args: -o ProxyCommand="ssh -W %h:%p bastion"
                               ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
  hint: write -J bastion instead

inventory.yaml:14:37 error: ansible_ssh_private_key_file: expected the path of a private key [invalid-value]
      ansible_ssh_private_key_file: 5
                                    ~

11 errors`,
)

test(
  'misspelt and doubled variables are warned of, others left alone',
  refuses,
  `ansible_hots: 192.0.2.1
ansible_become_pasword: x
ansible_user: a
ansible_ssh_user: b
ansible_python_interpreter: /usr/bin/python3
ansible_date: today
http_port: 80`,
  `
inventory.yaml:4:7 warning: "ansible_hots" is no connection variable [unknown-key]
      ansible_hots: 192.0.2.1
      ~~~~~~~~~~~~
  hint: did you mean "ansible_host"?

inventory.yaml:5:7 warning: "ansible_become_pasword" is no connection variable [unknown-key]
      ansible_become_pasword: x
      ~~~~~~~~~~~~~~~~~~~~~~
  hint: did you mean "ansible_become_password"?

inventory.yaml:7:25 warning: ansible_ssh_user is not read: ansible_user is set too [invalid-value]
      ansible_ssh_user: b
                        ~

3 warnings`,
)
