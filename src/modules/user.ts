import { group, localGroup } from '../facts/group.ts'
import { sshKey } from '../facts/ssh-key.ts'
import { localUser, user as userFact } from '../facts/user.ts'
import { type Change, changes, defineModule, run } from '../module/define.ts'
import { creation, modification, predict, removal, shadowChanges } from './user/account.ts'
import { homeAfter, makeHome } from './user/home.ts'
import { keyChange, keyFailure, keyPath } from './user/ssh-key.ts'
import { params, type Want, warnings } from './user/want.ts'

// Debian Policy 9.2.3: a home that never exists.
const NO_HOME = '/nonexistent'

const groupOf = (want: Want) => (want.local ? localGroup : group)

/** Where the account's home is or will be; useradd(8) takes /home/NAME unless told. */
const homeOf = (want: Want, is: { readonly home: string } | undefined): string => want.home ?? is?.home ?? `/home/${want.name}`

/** Accounts, by useradd, usermod, userdel, chage and chpasswd (package passwd). */
export const user = defineModule({
  name: 'user',
  summary: 'Keep a user account.',
  notes: [
    'password is a crypt(5) hash, compared with /etc/shadow and written through `chpasswd -e`. One that does not look like a hash is stored all the same and named in `warnings`.',
    'ssh_key_passphrase reaches ssh-keygen through SSH_ASKPASS (OpenSSH 8.4 and later), from a file only root can read that is gone afterwards.',
    'A missing home directory is made for an existing account too, except /nonexistent.',
    '`local` needs no libuser: useradd and its kin write only the files in /etc anyway.',
    'An account without any password cannot be unlocked: `password_lock: false` leaves it alone.',
  ],
  params,
  examples: [
    { title: 'An administrator who may use Docker', params: { name: 'ops', shell: '/bin/bash', groups: ['sudo', 'docker'], append: true } },
    { title: 'An account for a service', params: { name: 'bridge', system: true, home: '/var/lib/bridge', shell: '/usr/sbin/nologin' } },
    { title: 'A password, by its hash', params: { name: 'ops', password: '$6$saltsalt$…', update_password: 'on_create' } },
    { title: 'An account with an SSH key', params: { name: 'backup', generate_ssh_key: true, ssh_key_type: 'ed25519' } },
    { title: 'Gone, with all files', params: { name: 'guest', state: 'absent', remove: true } },
  ],
  returns: {
    name: 'The account.',
    state: 'present or absent.',
    uid: 'Its number.',
    group: 'The number of its primary group.',
    groups: 'Its supplementary groups, separated by commas.',
    home: 'Its home directory.',
    shell: 'Its login shell.',
    comment: 'Its GECOS field.',
    ssh_key_file: 'With generate_ssh_key: the private key file.',
    ssh_public_key: 'With generate_ssh_key: the public key.',
    ssh_fingerprint: 'With generate_ssh_key: its fingerprint.',
    warnings: 'What is doubtful about the parameters, if anything.',
  },
  facts: (want) => ({
    account: (want.local ? localUser : userFact)(want.name),
    primary: want.state === 'present' && want.group !== undefined ? groupOf(want)(want.group) : undefined,
    supplementary: want.state === 'present' ? (want.groups ?? []).map(groupOf(want)) : [],
    namesake: groupOf(want)(want.name),
  }),
  more: (want, is) => ({
    key: want.generate_ssh_key && want.state === 'present' ? sshKey(keyPath(want, homeOf(want, named(want, is.account)))) : undefined,
  }),
  plan: (want, { account, primary, supplementary, namesake, key }) => {
    const is = named(want, account)
    if (want.state === 'absent') return is ? [removal(want)] : []
    const missing = [
      ...(want.group !== undefined && !primary ? [want.group] : []),
      ...(want.groups ?? []).filter((_, i) => !supplementary[i]),
    ]
    if (missing.length > 0) return { changes: [], failure: `Group ${missing[0]} does not exist` }
    const path = keyPath(want, homeOf(want, is))
    const failure = key && keyFailure(want, path, key)
    if (failure !== undefined) return { changes: [], failure }
    const groups = { primary, supplementary: supplementary.map((one) => one!), namesake: namesake?.name === want.name }
    return changes(
      ...(is ? [modification(want, is, groups), ...shadowChanges(want, is)] : [creation(want, groups)]),
      is && want.create_home && !is.homeExists && homeOf(want, is) === is.home && is.home !== NO_HOME && homeCreation(want, is.home),
      key && keyChange(want, path, key),
    )
  },
  result: (want, { account, key }) => {
    const is = named(want, account)
    const doubts = warnings(want)
    const common = { name: want.name, state: want.state, ...(doubts.length > 0 && { warnings: doubts }) }
    if (want.state === 'absent') return { ...common, force: want.force, remove: want.remove }
    return {
      ...common,
      append: want.append,
      move_home: want.move_home,
      create_home: want.create_home,
      system: want.system,
      ...(is && {
        uid: is.uid,
        group: is.gid,
        groups: is.groups.filter((name) => name !== is.group).join(','),
        comment: is.comment,
        home: is.home,
        shell: is.shell,
      }),
      ...(want.password !== undefined && { password: 'NOT_LOGGING_PASSWORD' }),
      ...(key && { ssh_key_file: keyPath(want, homeOf(want, is)), ssh_public_key: key.publicKey, ssh_fingerprint: key.fingerprint }),
    }
  },
})

/** getent takes digits for a number; an account is meant by its name here. */
const named = <T extends { name: string }>(want: Want, is: T | undefined): T | undefined => (is?.name === want.name ? is : undefined)

const homeCreation = (want: Want, home: string): Change => ({
  summary: `make home directory ${home}`,
  steps: [run(makeHome(want, home))],
  makes: predict(want, (before) => before && { ...before, ...homeAfter(want, home) }),
})
