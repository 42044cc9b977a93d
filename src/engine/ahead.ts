import type { Fact } from '../module/fact.ts'
import { registers } from '../playbook/compile.ts'
import { readsOf, render } from '../playbook/render.ts'
import type { Scope } from '../playbook/scope.ts'
import { isSelected } from '../playbook/tags.ts'
import { readsOfTask } from '../playbook/task-reads.ts'
import type { Task } from '../playbook/tree.ts'
import { becomeOf, type HostContext, scopeOf } from './context.ts'
import type { FactCache } from './fact-cache.ts'
import { exposesFact } from './guard.ts'
import { argumentsOf, prepareAhead, readsBefore } from './prepare.ts'
import { nextQuestions } from './questions.ts'

/**
 * The questions of the next tasks of the same user, as far as they can be told now: as many tasks as the window is wide, which then
 * doubles (slow start). A task that reads what an earlier one of them will register has to wait, and so has one under a condition
 * that cannot be decided yet.
 */
export function lookAhead(context: HostContext, after: Task, user: string, cache: FactCache, home: string): Fact[] {
  const from = context.upcoming.indexOf(after) + 1
  if (from === 0 && !context.upcoming.includes(after)) return []
  const pending = new Set<string>(registers(after, context.play.args))
  const questions: Fact[] = []
  const { tags, skipTags } = context.program.options
  // first what is left of the task's own loop
  const left = context.turnsLeft.slice(0, context.window)
  questions.push(...left.flatMap((loop) => questionsOfTurn(context, after, loop, user, cache, new Set(), home)))
  const until = Math.min(context.upcoming.length, from + context.window)
  for (const task of context.upcoming.slice(from, until)) {
    if (isSelected(task.tags, tags, skipTags)) questions.push(...questionsOf(context, task, user, cache, pending, home))
    for (const name of registers(task, context.play.args)) pending.add(name)
  }
  context.window = Math.min(context.window * 2, 1 << 20)
  // what must not be asked is refused when its task's turn comes
  return questions.filter((fact) => !exposesFact(fact, context.deps.secrets))
}

function questionsOf(context: HostContext, task: Task, user: string, cache: FactCache, pending: ReadonlySet<string>, home: string): Fact[] {
  const scope = scopeOf(context, task)
  if (needsHostFacts(context, task, scope)) return cache.has(context.deps.hostFact) ? [] : [context.deps.hostFact]
  if (task.delegateTo && String(tryRender(() => render(task.delegateTo!, scope))) !== '') return []
  const items = itemsAhead(task, scope, pending)
  return items.flatMap((loop) => questionsOfTurn(context, task, loop, user, cache, pending, home))
}

function questionsOfTurn(
  context: HostContext,
  task: Task,
  loop: ReadonlyMap<string, unknown>,
  user: string,
  cache: FactCache,
  pending: ReadonlySet<string>,
  home: string,
): Fact[] {
  const scope = scopeOf(context, task, loop)
  if (!scope.ready(readsBefore(context, task), pending)) return []
  const found = tryRender(() => {
    if (task.when.some(({ condition }) => condition.evaluate(scope) !== true)) return []
    if ((becomeOf(context, task, scope, false)?.user ?? '') !== user) return []
    const prepared = prepareAhead(context, task, scope, home)
    return prepared ? nextQuestions(prepared, cache) : []
  })
  return found ?? []
}

/** Whether a task waits for `ansible_facts` to be asked. */
export function needsHostFacts(context: HostContext, task: Task, scope: Scope): boolean {
  if (context.knowledge.facts.size > 0 || !context.play.play.gatherFacts) return false
  const reads = readsOfTask(task, argumentsOf(context, task))
  return reads.open || scope.unbound(reads).some((name) => name.startsWith('ansible_') && context.play.declared.has(name))
}

function itemsAhead(task: Task, scope: Scope, pending: ReadonlySet<string>): ReadonlyMap<string, unknown>[] {
  if (!task.loop) return [new Map()]
  if (!scope.ready(readsOf(task.loop), pending)) return []
  return tryRender(() => itemsOf(task, scope)) ?? []
}

/** The loop's items as variables; throws for what is not a list. */
export function itemsOf(task: Task, scope: Scope): ReadonlyMap<string, unknown>[] {
  const list = render(task.loop!, scope)
  if (!Array.isArray(list)) throw new Error(`loop needs a list, not ${list === null ? 'nothing' : typeof list}`)
  return list.map(
    (item, i) =>
      new Map<string, unknown>([
        [task.loopVar, item],
        ['ansible_loop_var', task.loopVar],
        ...(task.indexVar ? ([[task.indexVar, i]] as const) : []),
      ]),
  )
}

/** What cannot be rendered ahead of its turn is no fault yet: the task itself will say so. */
function tryRender<T>(make: () => T): T | undefined {
  try {
    return make()
  } catch {
    return undefined
  }
}
