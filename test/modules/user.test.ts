import test from 'ava'
import type { Group } from '../../src/facts/group.ts'
import type { SshKey } from '../../src/facts/ssh-key.ts'
import type { User } from '../../src/facts/user.ts'
import type { Change, Plan } from '../../src/module/define.ts'
import { looksHashed } from '../../src/modules/user/want.ts'
import { user } from '../../src/modules/user.ts'
import { Secret } from '../../src/secrets/secret.ts'

const HASH = `$6$saltsalt$${'a'.repeat(86)}`
const OPS: User = {
  name: 'ops',
  uid: 1000,
  gid: 1000,
  comment: 'Ops',
  home: '/home/ops',
  homeExists: true,
  shell: '/bin/bash',
  group: 'ops',
  groups: ['sudo', 'docker'],
  shadow: { password: new Secret(HASH), lastChange: 1, min: 0, max: 99999, warn: 7, inactive: -1, expires: -1 },
}
const GROUPS: Group[] = [
  { name: 'sudo', gid: 27, members: ['ops'] },
  { name: 'docker', gid: 999, members: ['ops'] },
  { name: 'adm', gid: 4, members: [] },
  { name: 'ops', gid: 1000, members: [] },
]
const lookUp = (key: string) => GROUPS.find((one) => one.name === key || String(one.gid) === key)

function plan(params: Record<string, unknown>, is?: User, key?: SshKey): Plan {
  const want = user.params.parse({ name: 'ops', ...params })
  const known = {
    account: is,
    primary: want.group === undefined ? undefined : lookUp(want.group),
    supplementary: (want.groups ?? []).map(lookUp),
    namesake: undefined,
    key,
  }
  const planned = user.plan(want, known as never, {}) as Plan | Change[]
  return Array.isArray(planned) ? { changes: planned } : planned
}
const scripts = ({ changes }: Plan) => changes.flatMap((change) => change.steps.map((step) => (step.do === 'run' ? step.script.text : '')))
const locked = (password: string): User => ({ ...OPS, shadow: { ...OPS.shadow!, password: new Secret(password) } })

const CASES: [title: string, params: Record<string, unknown>, is: User | undefined, scripts: string[]][] = [
  ['makes an account with a home', {}, undefined, ['useradd -m -- ops </dev/null']],
  [
    'makes an account with all it is told',
    { uid: 5, group: 'adm', groups: '27,docker', comment: "O'Neil", shell: '/bin/zsh', create_home: false, system: true, expires: 86400 },
    undefined,
    ["useradd -u 5 -g adm -G sudo,docker -c 'O'\\''Neil' -s /bin/zsh -M -r -- ops </dev/null && chage -E 1 -- ops"],
  ],
  [
    'makes the parents of a home',
    { home: '/srv/a/ops', umask: '0027' },
    undefined,
    ['mkdir -p -- /srv/a && useradd -d /srv/a/ops -m -K UMASK=0027 -- ops </dev/null'],
  ],
  ['gives a new account its password on stdin', { password: HASH }, undefined, ['useradd -m -- ops </dev/null && chpasswd -e']],
  ['a new account never expires anyway', { expires: -1 }, undefined, ['useradd -m -- ops </dev/null']],
  ['leaves an account alone', { comment: 'Ops', shell: '/bin/bash', home: '/home/ops', uid: 1000, group: '1000' }, OPS, []],
  ['leaves groups alone that are as wanted, in any order', { groups: ['docker', 'sudo'] }, OPS, []],
  ['does not mind the primary group among the groups', { groups: ['ops', 'docker', 'sudo'] }, OPS, []],
  ['takes groups away', { groups: ['sudo'] }, OPS, ['usermod -G sudo -- ops']],
  ['takes all groups away', { groups: '' }, OPS, ["usermod -G '' -- ops"]],
  ['adds only what is missing', { groups: 'adm,sudo', append: true }, OPS, ['usermod -a -G adm -- ops']],
  ['appending nothing changes nothing', { groups: [], append: true }, OPS, []],
  [
    'changes everything in one command',
    { uid: 7, group: 'adm', comment: '', shell: '/bin/sh' },
    OPS,
    ["usermod -u 7 -g adm -c '' -s /bin/sh -- ops"],
  ],
  ['changes the home without moving it', { home: '/srv/ops', create_home: false }, OPS, ['usermod -d /srv/ops -- ops']],
  [
    'moves the home unless something is in the way',
    { home: '/srv/ops', move_home: true, create_home: false },
    OPS,
    ['if [ -d /home/ops ] && [ ! -e /srv/ops ]; then usermod -m -d /srv/ops -- ops; else usermod -d /srv/ops -- ops; fi'],
  ],
  ['leaves a password alone', { password: HASH }, OPS, []],
  ['a locked password is the same password', { password: HASH }, locked(`!${HASH}`), []],
  ['changes a password', { password: `${HASH.slice(0, -1)}b` }, OPS, ['chpasswd -e']],
  ['disables a password', { password: '*' }, OPS, ['chpasswd -e']],
  ['an empty password is not a locked one', { password: '!' }, locked(''), ['chpasswd -e']],
  ['gives an existing account no password when only creation should', { password: '*', update_password: 'on_create' }, OPS, []],
  ['locks', { password_lock: true }, OPS, ['usermod -L -- ops']],
  ['leaves a locked password locked', { password_lock: true, password: HASH }, locked(`!${HASH}`), []],
  ['unlocks', { password_lock: false, password: HASH }, locked(`!${HASH}`), ['usermod -U -- ops']],
  ['cannot unlock what has no password', { password_lock: false }, locked('!'), []],
  ['sets an expiry by day', { expires: 2529881062 }, OPS, ['chage -E 29281 -- ops']],
  ['removes an expiry', { expires: -1 }, { ...OPS, shadow: { ...OPS.shadow!, expires: 0 } }, ['chage -E -1 -- ops']],
  ['no expiry is no expiry', { expires: -2529881062 }, OPS, []],
  [
    'sets ageing in one command',
    { password_expire_min: 1, password_expire_max: 2, password_expire_warn: 3, password_expire_account_disable: 4 },
    OPS,
    ['chage -m 1 -M 2 -W 3 -I 4 -- ops'],
  ],
  ['removes an account', { state: 'absent' }, OPS, ['userdel   -- ops']],
  ['removes an account and its files', { state: 'absent', remove: true, force: true }, OPS, ['userdel -f -r -- ops']],
  ['leaves a missing account missing', { state: 'absent', groups: ['nope'] }, undefined, []],
  ['has no home to make where none is wanted', {}, { ...OPS, home: '/nonexistent', homeExists: false }, []],
]
for (const [title, params, is, expected] of CASES)
  test(title, (t) => {
    t.deepEqual(
      scripts(plan(params, is)).map((text) => text.replace(/ +(?=-)/g, ' ').replace(/userdel +--/, 'userdel   --')),
      expected,
    )
  })

test('a missing home is made for an account that is there', (t) => {
  const planned = plan({ skeleton: '/etc/skel2' }, { ...OPS, homeExists: false })
  t.deepEqual(
    planned.changes.map((change) => change.summary),
    ['make home directory /home/ops'],
  )
  t.regex(scripts(planned)[0]!, /make_home ops \/home\/ops \/etc\/skel2 ''/)
})

test('a missing group fails the task before anything runs', (t) => {
  t.deepEqual(plan({ groups: ['sudo', 'nope'] }, OPS), { changes: [], failure: 'Group nope does not exist' })
  t.deepEqual(plan({ group: '4242' }), { changes: [], failure: 'Group 4242 does not exist' })
})

test('the hash is a secret on stdin and nowhere else', (t) => {
  const hash = `$6$other$${'b'.repeat(86)}`
  for (const is of [undefined, OPS]) {
    const planned = plan({ password: hash, password_lock: true }, is)
    const step = planned.changes[0]!.steps[0]!
    t.is(step.do === 'run' && step.stdin instanceof Secret && step.stdin.reveal(), `ops:!${hash}\n`)
    t.false(JSON.stringify(planned).includes(hash))
  }
})

test('a key is made once, its passphrase a secret on stdin', (t) => {
  const none: SshKey = { exists: false, publicExists: false }
  const planned = plan({ generate_ssh_key: true, ssh_key_type: 'ed25519', ssh_key_passphrase: 'pass word' }, OPS, none)
  t.is(planned.changes[0]!.summary, 'make SSH key /home/ops/.ssh/id_ed25519')
  const step = planned.changes[0]!.steps[0]!
  t.is(step.do === 'run' && step.stdin instanceof Secret && step.stdin.reveal(), 'pass word')
  t.false(JSON.stringify(planned).includes('pass word'))
  const there: SshKey = { exists: true, publicExists: true }
  t.deepEqual(plan({ generate_ssh_key: true }, OPS, there).changes, [])
  t.is(plan({ generate_ssh_key: true, force: true, ssh_key_file: '/k' }, OPS, there).changes[0]!.summary, 'replace SSH key /k')
  t.is(
    plan({ generate_ssh_key: true }, OPS, { exists: false, publicExists: true }).failure,
    '/home/ops/.ssh/id_rsa.pub exists already; "force: true" replaces it',
  )
})

test('what a dry run makes satisfies the same task', (t) => {
  for (const [title, params, is, expected] of CASES) {
    if (expected.length === 0 || params.state === 'absent') continue
    const makes = plan(params, is).changes.flatMap((change) => change.makes ?? [])
    const after = makes.filter(({ fact }) => fact.id === 'user "ops"').reduce((before, { value }) => value(before), is as User | undefined)
    t.deepEqual(scripts(plan(params, after)), [], title)
  }
})

test('passwords that no crypt method writes are named in the warnings', (t) => {
  for (const hashed of ['*', '!', '*************', HASH, `$y$j9T$salt$${'c'.repeat(43)}`, '$2b$12$abcdefghijklmnopqrstuv'])
    t.true(looksHashed(hashed), hashed)
  for (const not of ['plain', '$6$salt$short', `$6$salt$${'a'.repeat(80)}+++++`, '$6$', '!*']) t.false(looksHashed(not), not)
  const result = user.result!(
    user.params.parse({ name: 'ops', password: 'plain', append: true }),
    { account: OPS, primary: undefined, supplementary: [], namesake: undefined, key: undefined },
    [],
    {},
  )
  t.is((result.warnings as string[]).length, 2)
  t.regex((result.warnings as string[])[1]!, /'append' is set, but no 'groups' are specified/)
})

test('the result says what Ansible says', (t) => {
  const is = {
    account: OPS,
    primary: undefined,
    supplementary: [],
    namesake: undefined,
    key: { exists: true, publicExists: true, publicKey: 'ssh-rsa A', fingerprint: '3072 x' },
  }
  t.deepEqual(user.result!(user.params.parse({ name: 'ops', password: HASH, generate_ssh_key: true }), is, [], {}), {
    name: 'ops',
    state: 'present',
    append: false,
    move_home: false,
    create_home: true,
    system: false,
    uid: 1000,
    group: 1000,
    groups: 'sudo,docker',
    comment: 'Ops',
    home: '/home/ops',
    shell: '/bin/bash',
    password: 'NOT_LOGGING_PASSWORD',
    ssh_key_file: '/home/ops/.ssh/id_rsa',
    ssh_public_key: 'ssh-rsa A',
    ssh_fingerprint: '3072 x',
  })
  t.deepEqual(
    user.result!(user.params.parse({ name: 'ops', state: 'absent', remove: true }), { ...is, account: undefined, key: undefined }, [], {}),
    {
      name: 'ops',
      state: 'absent',
      force: false,
      remove: true,
    },
  )
})

for (const [title, params] of [
  ['a name with a slash', { name: 'a/b' }],
  ['a name that begins like an option', { name: '-r' }],
  ['a hash with a colon', { password: 'a:b' }],
  ['a passphrase of two lines', { ssh_key_passphrase: 'a\nb' }],
  ['a umask together with local', { local: true, umask: '022' }],
] as const)
  test(`${title} is refused`, (t) => t.false(user.params.safeParse({ name: 'ops', ...params }).success))
