import { assume, Unknown } from '../playbook/assumed.ts'
import { handlerNames, registers } from '../playbook/compile.ts'
import { RenderError, render } from '../playbook/render.ts'
import type { Scope } from '../playbook/scope.ts'
import type { Task } from '../playbook/tree.ts'
import { lookAhead } from './ahead.ts'
import { becomeOf, type HostContext, scopeOf } from './context.ts'
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
  if (task.register) context.knowledge.registered.set(task.register, outcome.assumed ? assume(result, ref.name) : result)
  if (!task.loop) rememberFacts(context, task, outcome, ref)
}

/** The variables that set_fact set, or the facts that setup found; after each turn of a loop, so that the next one sees them. */
export function rememberFacts(context: HostContext, task: Task, outcome: Outcome, ref: TaskRef): void {
  if (outcome.status === 'failed' || outcome.status === 'skipped') return
  const { registered } = context.knowledge
  const set = registers(task, context.play.args).filter((name) => name !== task.register)
  // a dry run that cannot tell what would be set must not go on believing the older value
  if (outcome.assumed) for (const name of set) registered.set(name, new Unknown(ref.name))
  const facts = outcome.result.ansible_facts
  if (outcome.assumed || facts === null || typeof facts !== 'object') return
  if (task.module.name === 'setup')
    learnFacts(context, Object.fromEntries(Object.entries(facts).map(([name, value]) => [name.replace(/^ansible_/, ''), value])))
  else for (const name of set) if (name in facts) registered.set(name, (facts as Record<string, unknown>)[name])
}

/** Marks the handlers that this task's change calls for. `maybe` is the task itself when a dry run cannot tell whether it changes. */
export function notify(context: HostContext, task: Task, scope: Scope, maybe: string | undefined): void {
  const { handlers, name: play } = context.play.play
  for (const value of task.notify)
    for (const wanted of [render(value, scope)].flat().map(String)) {
      const found = handlers.filter((handler) => answersTo(context, handler).includes(wanted))
      if (found.length === 0) throw new RenderError(value.at, new Error(`no handler is called "${wanted}"`))
      for (const handler of found) {
        const before = context.notified.get(handler)
        if (!before || (before.maybe && !maybe)) context.notified.set(handler, maybe ? { maybe } : {})
        if (!context.program.options.check) context.deps.owed?.add(play, context.host, answersTo(context, handler)[0] ?? '')
      }
    }
}

/** What a handler is called for this host: its name may hold a template. */
export function answersTo(context: HostContext, handler: Task): string[] {
  const fixed = handlerNames(handler)
  if (!handler.name || handler.overridden || fixed.length > handler.listen.length) return fixed
  try {
    const name = String(render(handler.name, scopeOf(context, handler)))
    return [name, ...(handler.role ? [`${handler.role.name} : ${name}`] : []), ...fixed]
  } catch {
    return fixed // a name that cannot be made is nobody's name
  }
}
