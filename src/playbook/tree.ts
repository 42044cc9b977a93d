import type { Source } from '../diagnostic.ts'
import type { AnyModule } from '../module/define.ts'
import type { Declaration } from '../secrets/declaration.ts'
import type { Entry, Value } from '../yaml.ts'
import type { ArgumentSpec } from './argument-specs.ts'
import type { Condition } from './condition.ts'

/** A playbook read and checked in form: every import resolved, inheritance from plays, blocks and roles worked into the tasks. */
export interface Playbook {
  readonly path: string
  readonly plays: readonly Play[]
  /** Names registered by tasks that could not be read: reading them is no second fault. */
  readonly lost: ReadonlySet<string>
}

export interface Play {
  readonly name: string
  readonly at: Source
  readonly hosts: string
  readonly hostsAt: Source
  /** Folder of the playbook file; `files/`, `templates/` and `roles/` stand beside it. */
  readonly dir: string
  readonly vars: readonly Entry[]
  readonly secrets: readonly Declaration[]
  readonly specs: readonly ArgumentSpec[]
  readonly gatherFacts: boolean
  /** Sizes of the batches, as written; empty for all hosts at once. */
  readonly serial: readonly (number | string)[]
  readonly forceHandlers: boolean
  /** pre_tasks, then roles and tasks, then post_tasks; handlers run after each. */
  readonly sections: readonly (readonly Node[])[]
  readonly handlers: readonly Task[]
  /** The `vars/` of its roles, just over the play's own; of two roles' the one loaded last wins. */
  readonly roleVars: readonly Entry[]
  /** The `defaults/` of its roles, lowest precedence; of two roles' the one loaded last wins. */
  readonly defaults: readonly Entry[]
}

export type Node = Task | Block

export interface Block {
  readonly kind: 'block'
  readonly name: string | undefined
  readonly at: Source
  readonly block: readonly Node[]
  readonly rescue: readonly Node[]
  readonly always: readonly Node[]
}

/** One use of a role, and the variables that only its own tasks and handlers see so. */
export interface Role {
  /** Of this use: the same role with other parameters has another. */
  readonly id: number
  readonly name: string
  readonly dir: string
  /** From its `vars/`, over those of the roles it depends on and of those that use it. The last wins. */
  readonly vars: readonly (readonly Entry[])[]
  /** From `defaults/`, likewise. */
  readonly defaults: readonly (readonly Entry[])[]
}

/** What a task has of its own or from around it. Values may hold templates, rendered per host. */
export interface Inherited {
  readonly when: readonly Placed[]
  readonly tags: readonly string[]
  /** Outermost first; inner ones win. */
  readonly vars: readonly (readonly Entry[])[]
  readonly environment: readonly Value[]
  readonly become?: Value
  readonly becomeUser?: Value
  readonly checkMode?: Value
  readonly ignoreErrors?: Value
  readonly noLog?: Value
  readonly runOnce?: Value
  readonly delegateTo?: Value
  readonly diff?: Value
  readonly timeout?: Value
}

/** A condition and the scalar it was written in. */
export interface Placed {
  readonly condition: Condition
  readonly at: Source
}

export interface Task extends Inherited {
  readonly kind: 'task'
  readonly id: number
  readonly name: Value | undefined
  readonly module: AnyModule
  /** The parameters as written: a mapping, or a scalar for the module's free form. */
  readonly args: Value
  /** The module's key, where the task is pointed at. */
  readonly at: Source
  readonly loop?: Value
  readonly loopVar: string
  readonly indexVar?: string
  readonly label?: Value
  readonly loopPause?: Value
  readonly register?: string
  readonly registerAt?: Source
  readonly notify: readonly Value[]
  readonly listen: readonly string[]
  /** A handler whose name a later one has too: it answers to `ROLE : NAME` and to its topics only. */
  readonly overridden?: true
  readonly until: readonly Placed[]
  readonly retries?: Value
  readonly delay?: Value
  readonly changedWhen?: readonly Placed[]
  readonly failedWhen?: readonly Placed[]
  readonly role?: Role
  readonly play: string
  /** Where relative files are looked for: the role's folder, then the playbook's. */
  readonly dirs: readonly string[]
}

export const isTask = (node: Node): node is Task => node.kind === 'task'

/** Every task below some nodes, in order. */
export const tasksOf = (nodes: readonly Node[]): Task[] =>
  nodes.flatMap((node) => (isTask(node) ? [node] : tasksOf([...node.block, ...node.rescue, ...node.always])))

/** The tasks of a section that a walk without failures comes by. */
export const pathOf = (nodes: readonly Node[]): Task[] =>
  nodes.flatMap((node) => (isTask(node) ? [node] : [...pathOf(node.block), ...pathOf(node.always)]))
