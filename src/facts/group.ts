import { type FactKind, factKind } from '../module/fact.ts'
import { raw, sh } from '../module/shell.ts'

/** One line of group(5). */
export interface Group {
  readonly name: string
  /** Absent only in a dry run that would create the group and let the host choose. */
  readonly gid?: number
  /** Names of those who have it as a supplementary group. */
  readonly members: readonly string[]
}

export const parseGroups = (lines: string): Group[] =>
  lines
    .split('\n')
    .map((line) => line.split(':'))
    .filter((parts) => parts.length === 4)
    .map(([name, , gid, members]) => ({ name: name!, gid: Number(gid), members: members!.split(',').filter((member) => member !== '') }))

/** The one of this name or, as getent(1) has it for digits, of this number. */
export const byNameOrId = <T>(
  all: readonly T[],
  key: string,
  name: (one: T) => string,
  id: (one: T) => number | undefined,
): T | undefined => all.find((one) => name(one) === key) ?? (/^\d+$/.test(key) ? all.find((one) => id(one) === Number(key)) : undefined)

const kind = (name: string, service: string): FactKind<string, Group | undefined> => ({
  name,
  script: (keys) => sh`getent ${raw(service)}group -- ${keys}`,
  parse: (stdout, keys) => {
    const found = parseGroups(stdout.toString())
    return keys.map((key) =>
      byNameOrId(
        found,
        key,
        (one) => one.name,
        (one) => one.gid,
      ),
    )
  },
})

/** A group by name or number, wherever the host keeps its groups; undefined when there is none (getent(1)). */
export const group = factKind(kind('group', ''))

/** A group of /etc/group itself, not of a directory service. */
export const localGroup = factKind(kind('local-group', '-s files '))
