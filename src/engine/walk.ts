import { isSelected } from '../playbook/tags.ts'
import { isTask, type Node, type Task } from '../playbook/tree.ts'
import type { HostContext } from './context.ts'
import type { Failure } from './event.ts'
import { answersTo } from './memory.ts'
import { runTask, type TaskEnd } from './task.ts'

/** Walks tasks and blocks in order; gives the failure that ended the walk, if one did. */
export async function walk(context: HostContext, nodes: readonly Node[]): Promise<Failure | undefined> {
  for (const node of nodes) {
    if (context.ended || context.shared.ended || context.shared.play.ended || context.deps.stop.aborted) return undefined
    const failure = isTask(node) ? await walkTask(context, node) : await walkBlock(context, node)
    if (failure) return failure
  }
  return undefined
}

async function walkTask(context: HostContext, task: Task): Promise<Failure | undefined> {
  const { tags, skipTags } = context.program.options
  if (!isSelected(task.tags, tags, skipTags)) {
    context.leftOut = true
    return undefined
  }
  if (context.endedRole !== undefined && task.role?.id === context.endedRole) return undefined
  const end = await runTask(context, task)
  if (end.directive && end.status !== 'skipped') return direct(context, task, end.directive)
  if (end.status !== 'failed' || end.ignored) return undefined
  context.knowledge.registered.set('ansible_failed_task', {
    name: task.name?.kind === 'scalar' ? String(task.name.value) : task.module.name,
    action: task.module.name,
  })
  context.knowledge.registered.set('ansible_failed_result', end.result)
  return failureOf(end)
}

const failureOf = (end: TaskEnd): Failure => end.failure ?? { reason: 'step-failed', message: String(end.result.msg ?? 'failed') }

async function walkBlock(context: HostContext, block: Extract<Node, { kind: 'block' }>): Promise<Failure | undefined> {
  if (block.rescue.length > 0) context.rescuers++
  let failure: Failure | undefined
  try {
    failure = await walk(context, block.block)
  } finally {
    if (block.rescue.length > 0) context.rescuers--
  }
  if (failure && block.rescue.length > 0) failure = await walk(context, block.rescue)
  return (await walk(context, block.always)) ?? failure
}

async function direct(context: HostContext, task: Task, directive: string): Promise<Failure | undefined> {
  if (directive === 'flush_handlers') return runHandlers(context)
  if (directive === 'end_host') context.ended = true
  else if (directive === 'end_play') context.shared.play.ended = true
  else if (directive === 'end_batch') context.shared.ended = true
  else if (directive === 'end_role') context.endedRole = task.role?.id
  else if (directive === 'reset_connection') await context.remote.close()
  else if (directive === 'clear_facts') {
    context.knowledge.facts.clear()
    context.remote.forget()
  }
  return undefined
}

/** Runs what was notified, each handler once, in the order in which they are defined; a handler may notify a later or an earlier one. */
export async function runHandlers(context: HostContext): Promise<Failure | undefined> {
  // one that is notified again in the same flush has run: two that notify each other must not go on for ever
  const ran = new Set<Task>()
  for (;;) {
    for (const handler of ran) context.notified.delete(handler)
    const due = context.play.play.handlers.find((handler) => context.notified.has(handler))
    if (!due || context.ended || context.deps.stop.aborted) return undefined
    const doubtful = context.notified.get(due)?.maybe
    context.notified.delete(due)
    ran.add(due)
    const end = await runTask(context, due, doubtful)
    if (end.status === 'failed' && !end.ignored) return failureOf(end)
    if (!context.program.options.check) context.deps.owed?.done(context.play.play.name, context.host, answersTo(context, due)[0] ?? '')
  }
}
