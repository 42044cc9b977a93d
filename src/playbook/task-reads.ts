import type { Value } from '../yaml.ts'
import { type Arguments, argumentReads, parseArguments } from './arguments.ts'
import { findInput, inputsOf, templateFile } from './inputs.ts'
import type { Reads } from './names.ts'
import { isFault, readsOf } from './render.ts'
import { Scope } from './scope.ts'
import type { Placed, Task } from './tree.ts'

/** Every keyword of a task that may hold templates, its loop and parameters aside. */
export const keywordValues = (task: Task): Value[] =>
  [
    task.name,
    task.become,
    task.becomeUser,
    task.checkMode,
    task.ignoreErrors,
    task.noLog,
    task.runOnce,
    task.delegateTo,
    task.diff,
    task.timeout,
    task.label,
    task.loopPause,
    task.retries,
    task.delay,
    ...task.environment,
    ...task.notify,
  ].filter((value) => value !== undefined)

/** The conditions of a task that are about its result. */
export const laterConditions = (task: Task): Placed[] => [...task.until, ...(task.changedWhen ?? []), ...(task.failedWhen ?? [])]

const together = (reads: readonly Reads[]): Reads => ({ names: reads.flatMap((one) => one.names), open: reads.some((one) => one.open) })

/** What must be known before a task can be planned: its conditions, loop, parameters, the template files these name, and who it runs as. */
export function readsToPlan(task: Task, args: Arguments): Reads {
  return together([
    ...task.when.map((one) => one.condition.reads),
    ...args.entries.map((one) => argumentReads(task.module, one)),
    ...(task.loop ? [readsOf(task.loop)] : []),
    ...[task.become, task.becomeUser, task.checkMode, task.delegateTo, task.timeout, ...task.environment].flatMap((value) =>
      value ? [readsOf(value)] : [],
    ),
    templateReads(task, args),
  ])
}

/** Everything that a task reads at any time. */
export const readsOfTask = (task: Task, args: Arguments): Reads =>
  together([readsToPlan(task, args), ...keywordValues(task).map(readsOf), ...laterConditions(task).map((one) => one.condition.reads)])

const NO_VARIABLES = new Scope([])
const known = new WeakMap<Task, Reads>()

/** What the template files read that a task names by a fixed path. */
function templateReads(task: Task, args: Arguments): Reads {
  const before = known.get(task)
  if (before) return before
  const reads = together(
    templatesOf(task, args).flatMap((path) => {
      const { template } = templateFile(path)
      return isFault(template) ? [] : [template.reads]
    }),
  )
  known.set(task, reads)
  return reads
}

function templatesOf(task: Task, args: Arguments): string[] {
  if (!task.module.inputs) return []
  const late = new Set(args.entries.filter((one) => !NO_VARIABLES.ready(argumentReads(task.module, one))).map((one) => one.key))
  // what else the module needs does not matter here: only the names of its inputs do
  const parsed = parseArguments(task.module, args, NO_VARIABLES, late)
  const want = 'want' in parsed && parsed.want ? parsed.want : fixed(args, late)
  return inputsOf(task.module, want).flatMap(({ path, as }) => {
    const { found } = as === 'template' && typeof path === 'string' ? findInput(task, path, as) : {}
    return found ? [found] : []
  })
}

/** The parameters that are plain scalars, as they are written. */
const fixed = (args: Arguments, late: ReadonlySet<string>): Record<string, unknown> =>
  Object.fromEntries(args.entries.flatMap((one) => (one.value.kind === 'scalar' && !late.has(one.key) ? [[one.key, one.value.value]] : [])))
