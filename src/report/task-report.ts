import type { Event, Failure, PlannedChange, Summary, TaskRef } from '../engine/event.ts'
import { type CheckRow, checksIn } from './check-table.ts'
import { type Label, labelOf } from './style.ts'

/** One turn of a loop, with what was planned in it. */
export interface ItemReport {
  readonly item: string
  readonly label: Label
  readonly changes: readonly PlannedChange[]
  /** What `debug` has to show. */
  readonly said: readonly string[]
  /** What a module that proves something has found. */
  readonly checks: readonly CheckRow[]
  readonly failure?: Failure
}

/** A task on one host, once it is over. `changes` are those planned outside of a loop. */
export interface TaskReport {
  readonly host: string
  readonly task: TaskRef
  readonly label: Label
  readonly ms: number
  readonly changes: readonly PlannedChange[]
  readonly items: readonly ItemReport[]
  readonly said: readonly string[]
  readonly checks: readonly CheckRow[]
  readonly result: Record<string, unknown>
  readonly failure?: Failure
  readonly because?: string
  readonly ignored?: 'ignore_errors' | 'rescue'
}

/** Gathers what a host's events say of its running task, and gives all of it at the task's end. */
export function gatherTasks(): (event: Event) => TaskReport | undefined {
  const open = new Map<string, { changes: PlannedChange[]; items: ItemReport[] }>()
  let mode: Summary['mode'] = 'apply'
  const of = (host: string) => {
    const known = open.get(host) ?? { changes: [], items: [] }
    open.set(host, known)
    return known
  }
  return (event) => {
    if (event.type === 'run:start') mode = event.mode
    else if (event.type === 'task:plan') of(event.host).changes.push(...event.changes)
    // a turn that is tried again plans again
    else if (event.type === 'task:retry') of(event.host).changes = []
    else if (event.type === 'task:item') {
      const { item, status, failure, task, result } = event
      const { changes, items } = of(event.host)
      items.push({
        item,
        label: labelOf(status, mode, failure),
        changes,
        said: saidBy(task, result),
        checks: checksIn(result),
        ...(failure && { failure }),
      })
      of(event.host).changes = []
    } else if (event.type === 'task:end') {
      const { host, task, status, ms, result, failure, because, ignored } = event
      const gathered = of(host)
      open.delete(host)
      return {
        host,
        task,
        label: labelOf(status, mode, failure, ignored),
        ms,
        result,
        ...gathered,
        said: gathered.items.length > 0 ? [] : saidBy(task, result),
        checks: checksIn(result),
        ...(failure && { failure }),
        ...(because && { because }),
        ...(ignored && { ignored }),
      }
    }
    return undefined
  }
}

/** A `debug` task is there to be read, whatever the verbosity: its message, or the expression with its value. Lines as they come. */
function saidBy(task: TaskRef, result: Record<string, unknown>): string[] {
  if (task.module !== 'debug' || result.failed === true || result.skipped === true) return []
  return Object.entries(result)
    .filter(([key]) => key !== 'changed' && key !== 'failed' && !key.startsWith('ansible_loop') && key !== result.ansible_loop_var)
    .flatMap(([key, value]) => {
      const text = typeof value === 'string' ? value : (JSON.stringify(value, null, 2) ?? '')
      return `${key === 'msg' ? '' : `${key}: `}${text}`.split('\n')
    })
}
