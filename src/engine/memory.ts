import { assume } from '../playbook/assumed.ts'
import { handlerNames, registers } from '../playbook/compile.ts'
import { render } from '../playbook/render.ts'
import type { Scope } from '../playbook/scope.ts'
import type { Task } from '../playbook/tree.ts'
import { lookAhead } from './ahead.ts'
import { becomeOf, type HostContext } from './context.ts'
import type { TaskRef } from './event.ts'
import type { Outcome } from './invoke.ts'

/** Asks for `ansible_facts`, along with what lies ahead. */
export async function askHostFacts(context: HostContext, task: Task, scope: Scope): Promise<void> {
  const { hostFact } = context.deps
  const become = becomeOf(context, task, scope, false)
  const { shell, cache } = await context.remote.as(become)
  if (!cache.has(hostFact)) cache.prefetch(shell, [hostFact, ...lookAhead(context, task, become?.user ?? '', cache, shell.home)])
  learnFacts(context, (await cache.get(hostFact)) as Record<string, unknown>)
}

function learnFacts(context: HostContext, facts: Record<string, unknown>): void {
  context.knowledge.facts.set('ansible_facts', { ...(context.knowledge.facts.get('ansible_facts') as object | undefined), ...facts })
  for (const [name, value] of Object.entries(facts)) context.knowledge.facts.set(`ansible_${name}`, value)
}

/** What later tasks can read of this one: its registered result, and facts it set. */
export function remember(context: HostContext, task: Task, outcome: Outcome, result: Record<string, unknown>, ref: TaskRef): void {
  const { registered } = context.knowledge
  if (task.register) registered.set(task.register, outcome.assumed ? assume(result, ref.name) : result)
  const facts = result.ansible_facts
  if (facts === null || typeof facts !== 'object' || outcome.status === 'failed' || outcome.status === 'skipped') return
  if (task.module.name === 'setup')
    learnFacts(context, Object.fromEntries(Object.entries(facts).map(([name, value]) => [name.replace(/^ansible_/, ''), value])))
  else
    for (const name of registers(task, context.play.args)) if (name in facts) registered.set(name, (facts as Record<string, unknown>)[name])
}

/** Marks the handlers that this task's change calls for. `maybe` is the task itself when a dry run cannot tell whether it changes. */
export function notify(context: HostContext, task: Task, scope: Scope, maybe: string | undefined): void {
  const names = task.notify.flatMap((value) => render(value, scope)).map(String)
  for (const handler of context.play.play.handlers) {
    if (!handlerNames(handler).some((name) => names.includes(name))) continue
    const before = context.notified.get(handler)
    if (!before || (before.maybe && !maybe)) context.notified.set(handler, maybe ? { maybe } : {})
    if (!context.program.options.check) context.deps.owed?.add(context.play.play.name, context.host, handlerNames(handler)[0] ?? '')
  }
}
