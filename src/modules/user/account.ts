import type { Group } from '../../facts/group.ts'
import type { Shadow, User } from '../../facts/user.ts'
import { localUser, user } from '../../facts/user.ts'
import { type Change, run } from '../../module/define.ts'
import { join, raw, type Sh, sh } from '../../module/shell.ts'
import { Secret } from '../../secrets/secret.ts'
import { homeAfter, makeHome } from './home.ts'
import type { Want } from './want.ts'

/** What is known of the groups the task names; all exist. */
export interface Groups {
  readonly primary: Group | undefined
  readonly supplementary: readonly Group[]
  /** There is a group of the account's name already. */
  readonly namesake: boolean
}

export const predict = (want: Want, make: (before: User | undefined) => User | undefined) =>
  [user, localUser].map((fact) => fact(want.name).will(make))

const DAY = 86_400

/** Days since the epoch, -1 for never; undefined when not asked for. */
const expiryDay = ({ expires }: Want): number | undefined =>
  expires === undefined ? undefined : expires < 0 ? -1 : Math.floor(expires / DAY)

const AGING = [
  ['-m', 'min', 'password_expire_min'],
  ['-M', 'max', 'password_expire_max'],
  ['-W', 'warn', 'password_expire_warn'],
  ['-I', 'inactive', 'password_expire_account_disable'],
] as const

/** What chage(1) must be told; [] when all is as wanted. */
function aging(want: Want, shadow: Shadow | undefined): (string | number)[] {
  const day = expiryDay(want)
  const expiry = day !== undefined && (day < 0 ? (shadow?.expires ?? -1) >= 0 : shadow?.expires !== day)
  return [
    ...(expiry ? ['-E', day] : []),
    ...AGING.flatMap(([option, field, name]) => {
      const days = want[name]
      return days === undefined || shadow?.[field] === days ? [] : [option, days]
    }),
  ]
}

const agedShadow = (want: Want, shadow: Shadow): Shadow => ({
  ...shadow,
  ...(expiryDay(want) !== undefined && { expires: expiryDay(want)! }),
  ...Object.fromEntries(AGING.flatMap(([, field, name]) => (want[name] === undefined ? [] : [[field, want[name]]]))),
})

const chage = (want: Want, options: readonly (string | number)[]): Sh => sh`chage ${options} -- ${want.name}`

/** The line that chpasswd -e reads. */
const entry = (want: Want, hash: string) => new Secret(`${want.name}:${hash}\n`)

export function creation(want: Want, groups: Groups): Change {
  const options = [
    ...(want.uid === undefined ? [] : ['-u', want.uid, ...(want.non_unique ? ['-o'] : [])]),
    ...(want.seuser === undefined ? [] : ['-Z', want.seuser]),
    ...(groups.primary ? ['-g', groups.primary.name] : groups.namesake ? ['-N'] : []),
    ...(groups.supplementary.length === 0 ? [] : ['-G', groups.supplementary.map((group) => group.name).join(',')]),
    ...(want.comment === undefined ? [] : ['-c', want.comment]),
    ...(want.home === undefined ? [] : ['-d', want.home]),
    ...(want.shell === undefined ? [] : ['-s', want.shell]),
    ...(want.create_home ? ['-m'] : ['-M']),
    ...(want.create_home && want.skeleton !== undefined ? ['-k', want.skeleton] : []),
    ...(want.create_home && want.umask !== undefined ? ['-K', `UMASK=${want.umask}`] : []),
    ...(want.uid_min === undefined ? [] : ['-K', `UID_MIN=${want.uid_min}`]),
    ...(want.uid_max === undefined ? [] : ['-K', `UID_MAX=${want.uid_max}`]),
    ...(want.system ? ['-r'] : []),
  ]
  const days = aging({ ...want, ...(want.expires !== undefined && want.expires < 0 && { expires: undefined }) }, undefined)
  const hash = want.password === undefined ? undefined : `${want.password_lock ? '!' : ''}${want.password}`
  const parts = [
    ...(want.home !== undefined && want.create_home ? [sh`mkdir -p -- ${parent(want.home)}`] : []),
    sh`useradd ${options} -- ${want.name} </dev/null`,
    ...(days.length === 0 ? [] : [chage(want, days)]),
    ...(hash === undefined ? [] : [raw('chpasswd -e')]),
  ]
  return {
    summary: `create user ${want.name}${want.uid === undefined ? '' : ` (${want.uid})`}`,
    steps: [run(join(parts, ' && '), hash === undefined ? {} : { stdin: entry(want, hash) })],
    makes: predict(want, () => ({
      name: want.name,
      ...(want.uid !== undefined && { uid: want.uid }),
      ...(groups.primary?.gid !== undefined && { gid: groups.primary.gid }),
      comment: want.comment ?? '',
      home: want.home ?? `/home/${want.name}`,
      homeExists: want.create_home,
      shell: want.shell ?? '/bin/sh',
      group: groups.primary?.name ?? want.name,
      groups: groups.supplementary.map((group) => group.name),
      shadow: agedShadow(want, { ...NEW, password: new Secret(hash ?? '!') }),
    })),
  }
}

const NEW: Omit<Shadow, 'password'> = { lastChange: -1, min: 0, max: 99_999, warn: 7, inactive: -1, expires: -1 }

const parent = (path: string): string => path.replace(/\/+$/, '').replace(/\/[^/]*$/, '') || '/'

export const removal = (want: Want): Change => ({
  summary: `remove user ${want.name}${want.remove ? ' and their files' : ''}`,
  steps: [run(sh`userdel ${want.force ? ['-f'] : []} ${want.remove ? ['-r'] : []} -- ${want.name}`)],
  makes: predict(want, () => undefined),
})

/** What usermod(8) must change of an account that is there. */
export function modification(want: Want, is: User, groups: Groups): Change | undefined {
  const options: (string | number)[] = []
  const said: string[] = []
  const set = (words: readonly (string | number)[], what: string) => {
    options.push(...words)
    said.push(what)
  }
  if (want.uid !== undefined && want.uid !== is.uid)
    set(['-u', want.uid, ...(want.non_unique ? ['-o'] : [])], `number ${is.uid} → ${want.uid}`)
  if (groups.primary && groups.primary.name !== is.group) set(['-g', groups.primary.name], `group ${is.group} → ${groups.primary.name}`)
  const primary = groups.primary?.name ?? is.group
  const wanted = want.groups && groups.supplementary.map((group) => group.name).filter((name) => name !== primary)
  const current = is.groups.filter((name) => name !== primary)
  const missing = wanted?.filter((name) => !current.includes(name)) ?? []
  const extra = want.append || !wanted ? [] : current.filter((name) => !wanted.includes(name))
  if (missing.length + extra.length > 0)
    set(
      want.append ? ['-a', '-G', missing.join(',')] : ['-G', wanted!.join(',')],
      `groups ${[...missing.map((name) => `+${name}`), ...extra.map((name) => `−${name}`)].join(' ')}`,
    )
  if (want.comment !== undefined && want.comment !== is.comment) set(['-c', want.comment], `comment "${is.comment}" → "${want.comment}"`)
  if (want.shell !== undefined && want.shell !== is.shell) set(['-s', want.shell], `shell ${is.shell} → ${want.shell}`)
  const moves = want.home !== undefined && want.home !== is.home
  if (moves) set(['-d', want.home!], `home ${is.home} → ${want.home}`)
  if (said.length === 0) return undefined
  const usermod = sh`usermod ${options} -- ${want.name}`
  const moved =
    moves && want.move_home
      ? sh`if [ -d ${is.home} ] && [ ! -e ${want.home!} ]; then usermod -m ${options} -- ${want.name}; else ${usermod}; fi`
      : usermod
  return {
    summary: `user ${want.name}: ${said.join(', ')}`,
    steps: [run(moves && want.create_home ? sh`${moved} && ${makeHome(want, want.home!)}` : moved)],
    makes: predict(want, (before) => ({
      ...(before ?? is),
      ...(want.uid !== undefined && { uid: want.uid }),
      ...(groups.primary && { group: groups.primary.name }),
      ...(groups.primary?.gid !== undefined && { gid: groups.primary.gid }),
      ...(wanted && { groups: want.append ? [...current, ...missing] : wanted }),
      ...(want.comment !== undefined && { comment: want.comment }),
      ...(want.shell !== undefined && { shell: want.shell }),
      ...(moves && homeAfter(want, want.home!)),
    })),
  }
}

/** Password, lock and dates: all that shadow(5) holds. */
export function shadowChanges(want: Want, is: User): Change[] {
  const stored = is.shadow?.password.reveal()
  const replaces =
    want.password !== undefined &&
    want.update_password === 'always' &&
    // an empty field lets anyone in: a lock is not the same
    (unlocked(stored) !== unlocked(want.password) || (stored === '' && want.password !== ''))
  const locks = want.password_lock === true && !replaces && stored?.startsWith('!') === false
  // a bare "!" holds no password to unlock: usermod refuses
  const unlocks = want.password_lock === false && !replaces && stored !== undefined && /^!+[^!]/.test(stored)
  const days = aging(want, is.shadow)
  const hash = `${want.password_lock ? '!' : ''}${want.password}`
  const becomes = (password: (before: string) => string) =>
    predict(want, (before) => {
      const shadow = before?.shadow ?? { ...NEW, password: new Secret('') }
      return { ...(before ?? is), shadow: { ...shadow, password: new Secret(password(shadow.password.reveal())) } }
    })
  return [
    ...(replaces
      ? [
          {
            summary: `user ${want.name}: password`,
            steps: [run(raw('chpasswd -e'), { stdin: entry(want, hash) })],
            makes: becomes(() => hash),
          },
        ]
      : []),
    ...(locks
      ? [
          {
            summary: `user ${want.name}: lock the password`,
            steps: [run(sh`usermod -L -- ${want.name}`)],
            makes: becomes((before) => `!${before}`),
          },
        ]
      : []),
    ...(unlocks
      ? [
          {
            summary: `user ${want.name}: unlock the password`,
            steps: [run(sh`usermod -U -- ${want.name}`)],
            makes: becomes((before) => before.replace(/^!+/, '')),
          },
        ]
      : []),
    ...(days.length > 0
      ? [
          {
            summary: `user ${want.name}: expiry`,
            steps: [run(chage(want, days))],
            makes: predict(want, (before) => before && { ...before, ...(before.shadow && { shadow: agedShadow(want, before.shadow) }) }),
          },
        ]
      : []),
  ]
}

/** A lock is a `!` in front of the hash (usermod(8), -L). */
const unlocked = (password: string | undefined): string | undefined => password?.replace(/^!+/, '')
