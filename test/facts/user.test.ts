import test from 'ava'
import { group } from '../../src/facts/group.ts'
import { sshKey } from '../../src/facts/ssh-key.ts'
import { user } from '../../src/facts/user.ts'
import { shell } from '../helpers/settle.ts'

const PASSWD = 'root:x:0:0:root:/root:/bin/bash\nops:x:1000:1000:Ops Person,,,:/home/ops:/bin/zsh\nbare:x:1001:99::/gone:/bin/sh\n'
const SHADOW = 'root:*:19000:0:99999:7:::\nops:!$6$salt$hash:19001:1:90:7:14:29281:\n'
const GROUPS = 'root:x:0:\nsudo:x:27:ops,bare\nops:x:1000:\ndocker:x:999:ops\n'

test('an account comes with its groups, its shadow and whether its home is there', (t) => {
  const kind = user('x').kind
  const [ops, byId, bare, none] = kind.parse(Buffer.from(`${PASSWD}\0${SHADOW}\0${GROUPS}\0ops\n`), ['ops', '1000', 'bare', 'nobody-here'])
  t.is(ops!.shadow!.password.reveal(), '!$6$salt$hash')
  t.is(JSON.stringify(ops!.shadow!.password), '"********"')
  const { password: _, ...days } = ops!.shadow!
  t.deepEqual(days, { lastChange: 19001, min: 1, max: 90, warn: 7, inactive: 14, expires: 29281 })
  t.deepEqual(
    { ...ops, shadow: undefined },
    {
      name: 'ops',
      uid: 1000,
      gid: 1000,
      comment: 'Ops Person,,,',
      home: '/home/ops',
      homeExists: true,
      shell: '/bin/zsh',
      group: 'ops',
      groups: ['sudo', 'docker'],
      shadow: undefined,
    },
  )
  t.deepEqual(byId, ops)
  t.like(bare, { group: '', gid: 99, homeExists: false, shadow: undefined, groups: ['sudo'] })
  t.is(none, undefined)
})

test('groups are found by name and by number', (t) => {
  t.deepEqual(group('x').kind.parse(Buffer.from(GROUPS), ['docker', '27', 'nope']), [
    { name: 'docker', gid: 999, members: ['ops'] },
    { name: 'sudo', gid: 27, members: ['ops', 'bare'] },
    undefined,
  ])
})

test('the scripts answer on a real machine, a missing name among them', async (t) => {
  const names = ["no'such", 'root']
  const users = user('x').kind.parse((await shell(user('x').kind.script(names).text)).stdout, names)
  t.is(users[0], undefined)
  t.like(users[1], { name: 'root', uid: 0, gid: 0, group: 'root', home: '/root' })
  const groups = group('x').kind.parse((await shell(group('x').kind.script(names).text)).stdout, names)
  t.deepEqual(
    groups.map((one) => one?.gid),
    [undefined, 0],
  )
})

test('a key pair is there or not, its public half only as a plain file', async (t) => {
  const kind = sshKey('x').kind
  t.deepEqual(kind.parse(Buffer.from('private\npublic\n\0ssh-ed25519 AAAA x\n\x00256 SHA256:abc x (ED25519)\n\0\n\0\0\0'), ['/a', '/b']), [
    { exists: true, publicExists: true, publicKey: 'ssh-ed25519 AAAA x', fingerprint: '256 SHA256:abc x (ED25519)' },
    { exists: false, publicExists: false },
  ])
  t.deepEqual(kind.parse((await shell(kind.script(['/nowhere/id']).text)).stdout, ['/nowhere/id']), [
    { exists: false, publicExists: false },
  ])
})
