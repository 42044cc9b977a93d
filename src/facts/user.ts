import { type FactKind, factKind } from '../module/fact.ts'
import { raw, sh } from '../module/shell.ts'
import { Secret } from '../secrets/secret.ts'
import { byNameOrId, parseGroups } from './group.ts'

/** What shadow(5) says. Days; -1 where the field is empty. */
export interface Shadow {
  /** The hash, `!` in front when it is locked. */
  readonly password: Secret
  readonly lastChange: number
  readonly min: number
  readonly max: number
  readonly warn: number
  readonly inactive: number
  /** Days since the epoch. */
  readonly expires: number
}

/** An account as passwd(5), group(5) and shadow(5) have it. */
export interface User {
  readonly name: string
  /** Absent only in a dry run that would create the account and let the host choose; so is `gid`. */
  readonly uid?: number
  readonly gid?: number
  readonly comment: string
  readonly home: string
  /** Something is at the path of the home directory. */
  readonly homeExists: boolean
  readonly shell: string
  /** Name of the primary group, '' when its number has none. */
  readonly group: string
  /** Supplementary groups, in the order of the database; the primary one only if it lists the user too. */
  readonly groups: readonly string[]
  /** Undefined when the asking user may not read it. */
  readonly shadow: Shadow | undefined
}

const kind = (name: string, service: string): FactKind<string, User | undefined> => ({
  name,
  script: (keys) => sh`p=$(getent ${raw(service)}passwd -- ${keys})
printf '%s\\n\\000' "$p"
getent ${raw(service)}shadow -- ${keys}
printf '\\000'
getent ${raw(service)}group
printf '\\000'
printf '%s\\n' "$p" | while IFS=: read -r name _ _ _ _ home _; do [ ! -e "$home" ] || printf '%s\\n' "$name"; done`,
  parse: (stdout, keys) => {
    const [passwd = '', shadows = '', database = '', homes = ''] = stdout.toString().split('\0')
    const groups = parseGroups(database)
    const shadow = new Map(shadows.split('\n').map((line) => [line.split(':')[0]!, parseShadow(line.split(':'))]))
    const atHome = new Set(homes.split('\n'))
    const users = passwd
      .split('\n')
      .map((line) => line.split(':'))
      .filter((parts) => parts.length === 7)
      .map(
        ([name, , uid, gid, comment, home, shell]): User => ({
          name: name!,
          uid: Number(uid),
          gid: Number(gid),
          comment: comment!,
          home: home!,
          homeExists: atHome.has(name!),
          shell: shell!,
          group: groups.find((group) => group.gid === Number(gid))?.name ?? '',
          groups: groups.filter((group) => group.members.includes(name!)).map((group) => group.name),
          shadow: shadow.get(name!),
        }),
      )
    return keys.map((key) =>
      byNameOrId(
        users,
        key,
        (one) => one.name,
        (one) => one.uid,
      ),
    )
  },
})

function parseShadow([, password = '', ...days]: readonly string[]): Shadow {
  const [lastChange, min, max, warn, inactive, expires] = days.map((day) => (day === '' ? -1 : Number(day)))
  return {
    password: new Secret(password),
    lastChange: lastChange ?? -1,
    min: min ?? -1,
    max: max ?? -1,
    warn: warn ?? -1,
    inactive: inactive ?? -1,
    expires: expires ?? -1,
  }
}

/** An account by name or number, wherever the host keeps its accounts; undefined when there is none (getent(1)). */
export const user = factKind(kind('user', ''))

/** An account of /etc/passwd itself, not of a directory service. */
export const localUser = factKind(kind('local-user', '-s files '))
