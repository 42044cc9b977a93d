import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { EXIT } from '../../src/commands/exit-code.ts'
import { labHost } from '../helpers/lab.ts'
import { labInventory } from '../helpers/lab-inventory.ts'
import { endsOf, eventsOf, folder, mhprov } from '../helpers/mhprov.ts'

const host = labHost(test)

/** What a dry run must leave alone: every file with its metadata and content, packages, units, accounts. */
async function everything(): Promise<string[]> {
  const { stdout } = await host().run(
    `find / -xdev \\( -path /proc -o -path /sys -o -path /run -o -path /var/log -o -path /tmp \\) -prune -o -printf '%p %y %m %U:%G %s %T@ %l\\n' |
       grep -v -e '^/ ' -e '^/root ' -e '/var/lib/systemd/timers' -e '/var/lib/systemd/random-seed' -e ' /var/tmp' | sort
     find /etc /usr/local /root /home /opt -xdev -type f -exec sha1sum {} + | sort
     dpkg-query -W
     systemctl list-units --all --plain --no-legend --type=service,timer,socket | awk '{print $1, $2, $3}' | grep -v -e '@' -e session -e systemd-tmpfiles-clean | sort
     systemctl list-unit-files --plain --no-legend | sort
     getent passwd; getent group`,
  )
  return stdout.split('\n')
}

test('the target has no Python', async (t) => {
  const { stdout } = await host().run(
    'find / -xdev -name "python*" -type f -perm /111 -o -xdev -name "python3*" -type l; command -v python python3 perl-nothing',
  )
  t.is(stdout, '')
})

// not as mint: sudo itself leaves a file in the home of an administrator (sudoers(5), admin flag)
test.serial('check on a fresh host ends well and changes nothing on it', async (t) => {
  const dir = folder({})
  const inventory = labInventory(dir, host(), { ansible_user: 'deploy' })
  const before = await everything()
  const ran = await mhprov(['check', '-i', inventory, '--output', 'json'])
  t.is(ran.code, EXIT.ok, ran.stderr + ran.stdout.slice(-2000))
  const statuses = endsOf(ran).map((end) => end.status)
  t.true(statuses.includes('changed'))
  t.false(statuses.includes('failed'))
  const after = await everything()
  t.true(before.length > 5000)
  t.deepEqual(
    { gone: before.filter((line) => !after.includes(line)), new: after.filter((line) => !before.includes(line)) },
    { gone: [], new: [] },
  )
})

test.serial('--tags apache runs the tasks of that tag, what guards them always, and no other', async (t) => {
  const dir = folder({})
  const inventory = labInventory(dir, host(), { ansible_user: 'mint', ansible_become_password: 'mint-password' })
  const ran = await mhprov(['check', '-i', inventory, '--tags', 'apache', '--output', 'json'])
  t.is(ran.code, EXIT.ok, ran.stderr)
  const tasks = eventsOf(ran).flatMap((event) => (event.type === 'task:start' ? [event.task] : []))
  t.true(tasks.length > 3)
  t.deepEqual(
    tasks.filter((task) => !task.tags.includes('apache') && !task.handler).map((task) => task.name),
    ['Look for a server of another name', 'Keep the name that the server was made with'],
  )
})

const PLAY = '- hosts: all\n  become: true\n  tasks:\n    - command: "true"\n'

const reaches = test.macro(async (t, vars: Record<string, unknown>, code: number, said: RegExp) => {
  const dir = folder({ 'p.yaml': PLAY })
  const ran = await mhprov(['apply', join(dir, 'p.yaml'), '-i', labInventory(dir, host(), vars), '--output', 'json'])
  t.is(ran.code, code, ran.stdout + ran.stderr)
  t.regex(ran.stdout, said)
})

test('sudo with a password', reaches, { ansible_user: 'mint', ansible_become_password: 'mint-password' }, EXIT.ok, /"status":"changed"/)
test('sudo without a password', reaches, { ansible_user: 'deploy' }, EXIT.ok, /"status":"changed"/)
test('root needs no sudo', reaches, { ansible_user: 'root' }, EXIT.ok, /"status":"changed"/)
test(
  'a wrong sudo password is one clear line',
  reaches,
  { ansible_user: 'mint', ansible_become_password: 'wrong' },
  EXIT.unreachable,
  /sudo did not accept the password of mint/,
)
test('a missing sudo password says how to give it', reaches, { ansible_user: 'mint' }, EXIT.unreachable, /ansible_become_password/)
test(
  'a user without sudo rights is told apart',
  reaches,
  { ansible_user: 'plain', ansible_become_password: 'plain-password' },
  EXIT.unreachable,
  /plain/,
)
test(
  'a changed host key refuses and shows both fingerprints',
  reaches,
  { ansible_ssh_host_key: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ8zQm0Ue8L7vC2m2nT4yqSg2Q4r5m1hN0d8ZzQ9m3wA' },
  EXIT.unreachable,
  /SHA256:[\s\S]*SHA256:/,
)
test('a refused port is one clear line', reaches, { ansible_port: 2 }, EXIT.unreachable, /refused/)
test(
  'a name that cannot be resolved is one clear line',
  reaches,
  { ansible_host: 'nosuchhost.invalid' },
  EXIT.unreachable,
  /nosuchhost\.invalid/,
)
test(
  'a key file that cannot be read is one clear line',
  reaches,
  { ansible_ssh_private_key_file: '/nonexistent/key' },
  EXIT.unreachable,
  /\/nonexistent\/key/,
)

test.serial('unplugged in the middle, the host is unreachable and the run ends', async (t) => {
  const dir = folder({ 'p.yaml': '- hosts: all\n  tasks:\n    - shell: echo begun; sleep 300\n' })
  let unplugged: Promise<void> | undefined
  const ran = await mhprov(['apply', join(dir, 'p.yaml'), '-i', labInventory(dir, host()), '--output', 'json'], {
    onOutput: (text) => {
      if (text.includes('"begun"')) unplugged ??= host().unplug()
    },
  })
  await unplugged
  await host().plug()
  t.is(ran.code, EXIT.unreachable, ran.stdout)
})

test('the password of sudo is in no process list, environment, event or output', async (t) => {
  const dir = folder({
    'p.yaml':
      '- hosts: all\n  become: true\n  tasks:\n    - shell: ps -efww; cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline | tr "\\0" "\\n"; echo mint-password\n',
  })
  const inventory = labInventory(dir, host(), { ansible_user: 'mint', ansible_become_password: 'mint-password' })
  const ran = await mhprov(['apply', join(dir, 'p.yaml'), '-i', inventory, '--output', 'json', '-vvv'])
  t.is(ran.code, EXIT.ok)
  t.false((ran.stdout + ran.stderr).includes('mint-password'))
  writeFileSync(join(dir, 'q.yaml'), '- hosts: all\n  tasks:\n    - shell: journalctl --no-pager | grep -c mint-password || true\n')
  const journal = await mhprov(['apply', join(dir, 'q.yaml'), '-i', labInventory(dir, host()), '--output', 'json'])
  t.is(endsOf(journal)[0]?.result.stdout, '0')
})
