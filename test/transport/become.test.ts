import { chmodSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import anyTest, { type ExecutionContext } from 'ava'
import { Secret } from '../../src/secrets/secret.ts'
import { connectSsh, type SshOptions } from '../../src/transport/ssh.ts'
import type { Become, Connection, HostLost } from '../../src/transport/transport.ts'
import { type Sshd, sshd } from './sshd.ts'
import { user } from './users.ts'

// Makes users on this machine, and configures sudo for them. The lab's tests show the same on a whole host.
const test = process.getuid?.() === 0 ? anyTest : anyTest.skip

async function connected(t: ExecutionContext, host: Sshd, name: string, options: SshOptions = {}): Promise<Connection> {
  const connection = await connectSsh(host.target({ user: name }), { agent: '', ...options })
  t.teardown(() => connection.close())
  return connection
}

const whoAmI = async (connection: Connection, become?: Become) => {
  const shell = await connection.shell(become)
  const { stdout } = await shell.request({ script: 'printf "%s " "$(id -un)" "$(id -u)" "$HOME" "$USER"' })
  const [name, uid, home, env] = stdout.toString().split(' ')
  return { told: [shell.user, shell.uid, shell.home], real: [name, Number(uid), home], env }
}

async function refusal(t: ExecutionContext, connection: Connection, become: Become) {
  const loss = (await t.throwsAsync(connection.shell(become))) as HostLost
  return { reason: loss.reason, message: loss.message }
}

const root = { told: ['root', 0, '/root'], real: ['root', 0, '/root'], env: 'root' }

test('sudo without a password opens a shell, and a password at hand never gets into it', async (t) => {
  const host = await sshd(t)
  const deploy = user(t, '@ ALL=(ALL) NOPASSWD: ALL')
  const [one, two] = await Promise.all([connected(t, host, deploy.name), connected(t, host, deploy.name)])
  t.deepEqual(await whoAmI(one, { user: 'root' }), root)
  t.deepEqual(await whoAmI(two, { user: 'root', password: new Secret('not asked for') }), root)
  t.is(one.counts.shells, 1)
  const me = await whoAmI(one)
  t.deepEqual(
    me.told.filter((_, i) => i !== 1),
    [deploy.name, `/home/${deploy.name}`],
  )
  t.is(one.counts.shells, 2)
  t.is(await one.shell({ user: deploy.name }), await one.shell())
  t.is(one.counts.shells, 2)
})

test('sudo that asks is given the password, whatever characters are in it, and nothing else', async (t) => {
  const host = await sshd(t)
  const mint = user(t, 'Defaults:@ timestamp_type=global\n@ ALL=(ALL) ALL')
  const connection = await connected(t, host, mint.name)
  const become = { user: 'root', password: new Secret(mint.password) }
  t.deepEqual(await whoAmI(connection, become), root)
  const shell = await connection.shell(become)
  const seen = await shell.request({ script: 'ps -eo args; cat /proc/[0-9]*/environ 2>/dev/null; cat', stdin: 'payload' })
  t.false(seen.stdout.toString().includes(mint.password))
  t.regex(seen.stdout.toString(), /payload$/)
  t.is(seen.stderr.toString(), '')
  // The password was right a moment ago; that must not make up for a wrong one.
  const other = await connected(t, host, mint.name)
  t.deepEqual(await refusal(t, other, { user: 'root', password: new Secret('wrong') }), {
    reason: 'become',
    message: `sudo did not accept the password of ${mint.name} on box`,
  })
  t.deepEqual(await refusal(t, other, { user: 'root' }), {
    reason: 'become',
    message: `sudo on box asks for the password of ${mint.name}, and none is at hand`,
  })
  // Asked for again with the right password, it opens.
  t.deepEqual(await whoAmI(other, become), root)
})

test('a wrong password is told as such also when sudo grants one try', async (t) => {
  const host = await sshd(t)
  const mint = user(t, 'Defaults:@ passwd_tries=1\n@ ALL=(ALL) ALL')
  t.deepEqual(await refusal(t, await connected(t, host, mint.name), { user: 'root', password: new Secret('wrong') }), {
    reason: 'become',
    message: `sudo did not accept the password of ${mint.name} on box`,
  })
})

test('what sudo does not allow is told in one line', async (t) => {
  const host = await sshd(t)
  const [plain, limited, tty] = [
    user(t),
    user(t, '@ ALL=(root) NOPASSWD: /bin/ls'),
    user(t, 'Defaults:@ requiretty\n@ ALL=(ALL) NOPASSWD: ALL'),
  ]
  const refused = async (who: { name: string; password: string }, name: string) =>
    refusal(t, await connected(t, host, who.name), { user: name, password: new Secret(who.password) })
  const deploy = user(t, '@ ALL=(ALL) NOPASSWD: ALL')
  t.deepEqual(
    [
      await refused(plain, 'root'),
      await refused(limited, 'root'),
      await refused(tty, 'root'),
      await refused(deploy, 'nosuchuser'),
      await refused(deploy, "a'b"),
    ],
    [
      `${plain.name} may not become root on box: its sudoers file does not allow it`,
      `${limited.name} may not become root on box: its sudoers file does not allow it`,
      'sudo on box wants a terminal',
      'there is no user "nosuchuser" on box',
      `"a'b" cannot be the name of a user`,
    ].map((message) => ({ reason: message.startsWith('there is no user') ? 'no-user' : 'become', message })),
  )
})

test('an ordinary user can become another, and root any, in a directory that they can enter', async (t) => {
  const host = await sshd(t)
  const [deploy, plain] = [user(t, '@ ALL=(ALL) NOPASSWD: ALL'), user(t)]
  for (const login of [deploy.name, 'root']) {
    const connection = await connected(t, host, login)
    const { told, real, env } = await whoAmI(connection, { user: plain.name })
    t.deepEqual([told[0], told[2], env], [plain.name, `/home/${plain.name}`, plain.name])
    t.deepEqual(told, real)
    const shell = await connection.shell({ user: plain.name })
    t.deepEqual((await shell.request({ script: '[ -x . ] && echo inside' })).stdout.toString(), 'inside\n')
  }
  const asRoot = await connected(t, host, 'root')
  t.is(await asRoot.shell({ user: 'root' }), await asRoot.shell())
})

test('where there is no sudo, root uses runuser, and others are told', async (t) => {
  const tools = mkdtempSync(join(tmpdir(), 'mhprov-tools-'))
  t.teardown(() => rmSync(tools, { recursive: true }))
  chmodSync(tools, 0o755)
  for (const tool of ['cat', 'dd', 'id', 'runuser'])
    symlinkSync(tool === 'runuser' ? '/usr/sbin/runuser' : `/usr/bin/${tool}`, join(tools, tool))
  const host = await sshd(t, [`SetEnv PATH=${tools}`])
  const plain = user(t)
  const { told, real, env } = await whoAmI(await connected(t, host, 'root'), { user: plain.name })
  t.deepEqual([told[0], told[2], env], [plain.name, `/home/${plain.name}`, plain.name])
  t.deepEqual(told, real)
  t.deepEqual(await refusal(t, await connected(t, host, 'root'), { user: 'nosuchuser' }), {
    reason: 'no-user',
    message: 'there is no user "nosuchuser" on box',
  })
  t.deepEqual(await refusal(t, await connected(t, host, plain.name), { user: 'root' }), {
    reason: 'become',
    message: `there is no sudo on box, and ${plain.name} is not root`,
  })
})

test('a password lets in, also by keyboard-interactive', async (t) => {
  const by = (method: string) => [`PubkeyAuthentication no`, `PasswordAuthentication ${method === 'password' ? 'yes' : 'no'}`, 'UsePAM yes']
  for (const method of ['password', 'keyboard-interactive']) {
    const host = await sshd(t, by(method))
    const mint = user(t)
    const connection = await connected(t, host, mint.name, { password: new Secret(mint.password) })
    t.is((await connection.shell()).user, mint.name)
    t.regex(host.log(), new RegExp(`Accepted ${method}`))
    const loss = (await t.throwsAsync(connected(t, host, mint.name, { password: new Secret('wrong') }))) as HostLost
    t.is(loss.reason, 'auth')
  }
})

test('a login shell that ends at once is told with its words; what start-up files say is not taken for output', async (t) => {
  const host = await sshd(t)
  const [gone, loud] = [user(t), user(t)]
  const root = await (await connected(t, host, 'root')).shell()
  await root.request({ script: `usermod -s /usr/sbin/nologin ${gone.name}` })
  await root.request({
    script: `f=/home/${loud.name}/.bashrc; { echo 'echo hello; echo noise >&2; set -v'; cat "$f"; } >"$f.new"; mv "$f.new" "$f"`,
  })
  const loss = (await t.throwsAsync((await connected(t, host, gone.name)).shell())) as HostLost
  t.is(loss.message, `the login shell of ${gone.name} on box ended at once: This account is currently not available.`)
  const reply = await (await (await connected(t, host, loud.name)).shell()).request({ script: 'echo out; echo err >&2' })
  t.deepEqual([reply.stdout.toString(), reply.stderr.toString()], ['out\n', 'err\n'])
})
