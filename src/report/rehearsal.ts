import { styleText } from 'node:util'
import type { Event, Status } from '../engine/event.ts'

export interface Comparison {
  /** Tasks whose prediction came true, and those for which it was open (`maybe`). */
  readonly right: number
  readonly open: number
  readonly wrong: readonly { task: string; said: Status; did: Status }[]
  readonly changed: number
  readonly changedAgain: readonly string[]
}

/** What a dry run said of each task against what the apply then did, and what a second apply changed. */
export function compareRuns(check: readonly Event[], apply: readonly Event[], again: readonly Event[]): Comparison {
  const said = ends(check)
  const did = ends(apply)
  let right = 0
  let open = 0
  const wrong: { task: string; said: Status; did: Status }[] = []
  for (const [key, { name, status }] of did) {
    const before = said.get(key)?.status ?? 'skipped'
    if (before === 'maybe') open++
    // a request or a wait is left out of a dry run, and changes nothing when it is not
    else if (before === status || (before === 'skipped' && status === 'ok')) right++
    else wrong.push({ task: name, said: before, did: status })
  }
  return {
    right,
    open,
    wrong,
    changed: [...did.values()].filter((one) => one.status === 'changed').length,
    changedAgain: [...ends(again).values()].filter((one) => one.status === 'changed').map((one) => one.name),
  }
}

function ends(events: readonly Event[]): Map<string, { name: string; status: Status }> {
  const found = new Map<string, { name: string; status: Status }>()
  for (const event of events)
    if (event.type === 'task:end') found.set(`${event.host} ${event.task.id}`, { name: event.task.name, status: event.status })
  return found
}

/** The closing report of a rehearsal; times in milliseconds. */
export function rehearsalReport(
  comparison: Comparison,
  ms: { check: number; apply: number; again: number; verify?: number; federation?: number },
  colour: boolean,
): string {
  const { right, open, wrong, changed, changedAgain } = comparison
  const paint = (style: 'green' | 'red' | 'bold', text: string) => (colour ? styleText(style, text, { validateStream: false }) : text)
  const seconds = (time: number) => `${(time / 1000).toFixed(1)} s`.padStart(8)
  const total = right + open + wrong.length
  const lines = [
    '',
    paint('bold', 'Rehearsal'),
    `  check        ${seconds(ms.check)}   ${right} of ${total} tasks foretold${open ? `, ${open} left open` : ''}${wrong.length ? `, ${wrong.length} wrong` : ''}`,
    ...wrong.map((one) => `                          ${one.task}: said ${one.said}, did ${one.did}`),
    `  apply        ${seconds(ms.apply)}   ${changed} changed`,
    `  apply again  ${seconds(ms.again)}   ${changedAgain.length} changed`,
    ...changedAgain.map((task) => `                          ${task}`),
    ...(ms.verify === undefined ? [] : [`  verify       ${seconds(ms.verify)}   all checks passed`]),
    ...(ms.federation === undefined ? [] : [`  federation   ${seconds(ms.federation)}   two servers talk, in a room begun by either`]),
    changedAgain.length === 0
      ? paint('green', '  The playbook works on a bare host, and a second run changes nothing.')
      : paint('red', '  A second run must change nothing: these tasks are not idempotent.'),
    '',
  ]
  return lines.join('\n')
}
