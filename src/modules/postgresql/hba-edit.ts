import { ended, type HbaLine, type HbaRule, parseHba, writeRule } from './hba-file.ts'
import { hides, isSame, keyOf } from './hba-match.ts'
import { placeOf } from './hba-place.ts'

/** One rule that is to be there, or not. */
export interface HbaWant {
  readonly rule: HbaRule
  readonly comment: string | undefined
  readonly state: 'present' | 'absent'
}

interface Edited {
  readonly text: string
  /** What was done, for a person; none when all is as wanted. */
  readonly msgs: readonly string[]
}

/** Makes the rules so; every other byte stays. `overwrite` removes all other rules; comments stay. */
export function editHba(text: string, wants: readonly HbaWant[], options: { overwrite: boolean; keepComments: boolean }): Edited {
  const newline = text.includes('\r\n') ? '\r\n' : '\n'
  const lines = parseHba(text)
  const msgs: string[] = []
  if (options.overwrite) overwrite(lines, wants, msgs, newline)
  else
    for (const [i, want] of wants.entries()) {
      const present = (some: readonly HbaWant[]) => some.flatMap(({ state, rule }) => (state === 'present' ? [rule] : []))
      const task = { earlier: present(wants.slice(0, i)), later: present(wants.slice(i + 1)) }
      if (want.state === 'absent') remove(lines, want, msgs)
      else keep(lines, want, msgs, { newline, keepComments: options.keepComments, ...task })
    }
  return msgs.length === 0 ? { text, msgs } : { text: lines.map(({ raw }) => raw).join(''), msgs }
}

const lineOf = (want: HbaWant, newline: string, comment = want.comment): HbaLine => ({
  raw: `${writeRule(want.rule, comment)}${newline}`,
  rule: want.rule,
  ...(comment !== undefined && { comment }),
})

const brief = (rule: HbaRule): string => writeRule(rule).replace(/\s+/g, ' ')

function remove(lines: HbaLine[], want: HbaWant, msgs: string[]): void {
  for (let at = lines.length - 1; at >= 0; at--) {
    const { rule } = lines[at]!
    if (!rule || keyOf(rule) !== keyOf(want.rule)) continue
    lines.splice(at, 1)
    msgs.push(`rule removed: ${brief(rule)}`)
  }
}

interface Keeping {
  readonly newline: string
  readonly keepComments: boolean
  /** What stands before and behind it in the task. */
  readonly earlier: readonly HbaRule[]
  readonly later: readonly HbaRule[]
}

function keep(lines: HbaLine[], want: HbaWant, msgs: string[], keeping: Keeping): void {
  const { newline, keepComments } = keeping
  const at = lines.findIndex(({ rule }) => rule && keyOf(rule) === keyOf(want.rule))
  const old = lines[at]
  if (!old?.rule) {
    insert(lines, want, keeping)
    msgs.push(`rule added: ${brief(want.rule)}`)
    return
  }
  const comment = want.comment ?? (keepComments ? old.comment : undefined)
  const hider = lines.slice(0, at).find(({ rule }) => rule && hides(rule, want.rule))
  if (hider?.rule) {
    lines.splice(at, 1)
    insert(lines, { ...want, comment }, keeping)
    msgs.push(`rule moved before "${brief(hider.rule)}", which won over it: ${brief(want.rule)}`)
    return
  }
  const commented = want.comment === undefined || want.comment === old.comment
  if (isSame(old.rule, want.rule) && commented) return
  const moved = !keepComments && old.comment !== undefined && want.comment !== old.comment ? [{ raw: `${old.comment}${newline}` }] : []
  lines.splice(at, 1, ...moved, lineOf(want, newline, comment))
  msgs.push(
    isSame(old.rule, want.rule) ? `comment of a rule: ${brief(want.rule)}` : `rule changed: ${brief(old.rule)} → ${brief(want.rule)}`,
  )
}

function insert(lines: HbaLine[], want: HbaWant, { newline, ...task }: Keeping): void {
  const rules = lines.map(({ rule }) => rule)
  const at = placeOf(want.rule, rules, task)
  const before = lines[at - 1]
  if (before) lines[at - 1] = { ...before, raw: at === lines.length ? ended(before.raw, newline) : before.raw }
  lines.splice(at, 0, lineOf(want, newline))
}

function overwrite(lines: HbaLine[], wants: readonly HbaWant[], msgs: string[], newline: string): void {
  const wanted = wants.filter(({ state }) => state === 'present')
  const rules = lines.flatMap(({ rule }) => (rule ? [rule] : []))
  if (rules.length === wanted.length && rules.every((rule, i) => isSame(rule, wanted[i]!.rule))) return
  const first = lines.findIndex(({ rule }) => rule)
  const rest = lines.filter(({ rule }) => !rule)
  const at = first < 0 ? rest.length : first
  if (at > 0) rest[at - 1] = { raw: ended(rest[at - 1]!.raw, newline) }
  rest.splice(at, 0, ...wanted.map((want) => lineOf(want, newline)))
  lines.splice(0, lines.length, ...rest)
  msgs.push(`rules replaced: ${rules.length} → ${wanted.length}`)
}
