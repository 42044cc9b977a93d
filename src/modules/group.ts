import { z } from 'zod'
import { group as groupFact, localGroup } from '../facts/group.ts'
import { type Change, defineModule, run } from '../module/define.ts'
import { bool, int, text } from '../module/params.ts'
import { type Sh, sh } from '../module/shell.ts'

const params = z
  .strictObject({
    name: text().describe('Name of the group.'),
    state: z.enum(['present', 'absent']).default('present').describe('Whether the group is there.'),
    gid: int().optional().describe('Number of the group. Unset: kept, or the next free one for a new group.'),
    system: bool().default(false).describe('A new group gets a number of the range for system groups.'),
    force: bool().default(false).describe('Remove the group even if it is the primary group of a user.'),
    non_unique: bool().default(false).describe('Allow a number that another group has. Requires gid.'),
    local: bool().default(false).describe('Look only at /etc/group, not at a directory service.'),
    gid_min: int().optional().describe('Lowest number for a new group, instead of the one in /etc/login.defs.'),
    gid_max: int().optional().describe('Highest number for a new group, instead of the one in /etc/login.defs.'),
  })
  .refine((want) => !want.non_unique || want.gid !== undefined, { error: 'non_unique requires gid', path: ['non_unique'] })
  .refine((want) => !want.local || (want.gid_min === undefined && want.gid_max === undefined), {
    error: 'gid_min and gid_max cannot be used with local',
    path: ['local'],
  })

type Want = z.output<typeof params>

const existing = (want: Want, name = want.name) => (want.local ? localGroup(name) : groupFact(name))

/** getent takes digits for a number; a group is meant by its name here. */
const named = <T extends { name: string }>(want: Want, is: T | undefined): T | undefined => (is?.name === want.name ? is : undefined)

/** Groups, by groupadd, groupmod and groupdel (package passwd). */
export const group = defineModule({
  name: 'group',
  summary: 'Keep a group.',
  notes: ['`local` needs no libuser: groupadd and its kin write only /etc/group anyway.'],
  params,
  examples: [
    { title: 'A group exists', params: { name: 'matrix' } },
    { title: 'With a number of its own', params: { name: 'docker', gid: 1750 } },
    { title: 'A group is gone', params: { name: 'oldteam', state: 'absent' } },
  ],
  returns: { name: 'The group.', gid: 'Its number.', state: 'present or absent.', system: 'As asked for.' },
  facts: (want) => ({
    is: existing(want),
    holder: want.state === 'present' && want.gid !== undefined && !want.non_unique ? existing(want, String(want.gid)) : undefined,
  }),
  plan: (want, { is: found, holder }) => {
    const is = named(want, found)
    if (want.state === 'absent') return is ? [removal(want, is.gid)] : []
    if (is && (want.gid === undefined || want.gid === is.gid)) return []
    if (holder && holder.gid === want.gid && holder.name !== want.name) return { changes: [], failure: `GID '${want.gid}' already exists` }
    return [is ? renumbering(want, is.gid) : creation(want)]
  },
  result: (want, { is: found }) => {
    const is = named(want, found)
    if (want.state === 'absent') return { name: want.name, state: want.state }
    return { name: want.name, state: want.state, system: want.system, gid: is?.gid ?? want.gid }
  },
})

const number = (want: Want): (string | number)[] => (want.gid === undefined ? [] : ['-g', want.gid, ...(want.non_unique ? ['-o'] : [])])

const range = (want: Want): string[] => [
  ...(want.gid_min === undefined ? [] : ['-K', `GID_MIN=${want.gid_min}`]),
  ...(want.gid_max === undefined ? [] : ['-K', `GID_MAX=${want.gid_max}`]),
]

const creation = (want: Want): Change =>
  change(
    want,
    `create group ${want.name}${want.gid === undefined ? '' : ` (${want.gid})`}`,
    sh`groupadd ${number(want)} ${want.system ? ['-r'] : []} ${range(want)} -- ${want.name}`,
    { gid: undefined },
    { gid: want.gid },
  )

const renumbering = (want: Want, gid: number | undefined): Change =>
  change(want, `group ${want.name}: number ${gid} → ${want.gid}`, sh`groupmod ${number(want)} -- ${want.name}`, { gid }, { gid: want.gid })

const removal = (want: Want, gid: number | undefined): Change => ({
  summary: `remove group ${want.name}`,
  steps: [run(sh`groupdel ${want.force ? ['-f'] : []} -- ${want.name}`)],
  makes: [groupFact(want.name).will(undefined), localGroup(want.name).will(undefined)],
  diff: { before: `${want.name}${gid === undefined ? '' : ` ${gid}`}\n`, after: '' },
})

function change(want: Want, summary: string, script: Sh, before: { gid: number | undefined }, after: { gid: number | undefined }): Change {
  const made = { name: want.name, ...(after.gid !== undefined && { gid: after.gid }) }
  const line = (gid: number | undefined) => `${want.name}${gid === undefined ? '' : ` ${gid}`}\n`
  return {
    summary,
    steps: [run(script)],
    makes: [groupFact, localGroup].flatMap((fact) => [
      fact(want.name).will((is) => ({ members: [], ...is, ...made })),
      ...(after.gid === undefined ? [] : [fact(String(after.gid)).will((is) => ({ members: [], ...is, ...made }))]),
    ]),
    diff: { before: before.gid === undefined ? '' : line(before.gid), after: line(after.gid) },
  }
}
