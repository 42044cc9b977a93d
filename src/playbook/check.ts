import { type Diagnostic, problem, type Source } from '../diagnostic.ts'
import { didYouMean } from '../did-you-mean.ts'
import type { Entry, Value } from '../yaml.ts'
import { type Arguments, argumentReads, expressionKind, expressions, parseArguments, renderProblem } from './arguments.ts'
import { compileCondition } from './condition.ts'
import { findInput, inputsOf, missingInput, templateFile } from './inputs.ts'
import type { Reads } from './names.ts'
import { isFault, placeWithin, readsOf, render, scalars, templateOf } from './render.ts'
import type { Scope } from './scope.ts'
import { keywordValues, laterConditions } from './task-reads.ts'
import { compileTemplate } from './template.ts'
import type { Placed, Task } from './tree.ts'

/** Whether a condition of the task is known to be false already. */
export const staticallyOff = (task: Task, scope: Scope): boolean => task.when.some((placed) => isKnownFalse(placed, scope))

export type Report = (problem: Diagnostic) => void

/** Checks all of a task that can be computed with what is known of a host before connecting. */
export function checkTask(task: Task, args: Arguments, outer: Scope, report: Report): void {
  // loop variables have a value only when the loop runs, but they are known; so is the task's own result in the conditions about it
  const inLoop = task.loop ? outer.declaring([task.loopVar, 'ansible_loop_var', ...(task.indexVar ? [task.indexVar] : [])]) : outer
  checkConditions(task.when, inLoop, report)
  if (staticallyOff(task, inLoop)) return
  if (task.loop) checkLoop(task.loop, outer, report)
  for (const value of [task.retries, task.delay, task.timeout, task.loopPause]) if (value) checkNumber(value, outer, report)
  const after = inLoop.declaring([...(task.register ? [task.register] : []), 'result'])
  checkConditions(laterConditions(task), after, report)
  for (const value of keywordValues(task)) checkValue(value, inLoop, report)
  const late = new Set<string>()
  for (const one of args.entries) {
    checkArgument(task, one, inLoop, report)
    if (!inLoop.ready(argumentReads(task.module, one)) || isBroken(task, one)) late.add(one.key)
  }
  // a value that is unknown for good has been reported; without it the others are still worth checking
  const parsed = parseArguments(task.module, args, inLoop, late)
  if ('problems' in parsed) parsed.problems.forEach(report)
  else if (parsed.want !== undefined && late.size === 0) checkInputs(task, args, parsed.want, inLoop, report)
}

/** Its template or expression is at fault, which is told where it is found. */
const isBroken = (task: Task, one: Entry): boolean => {
  const kind = expressionKind(task.module, one.key)
  if (!kind) return [...scalars(one.value)].some((scalar) => isFault(templateOf(scalar) ?? {}))
  return expressions(one.value).some(({ text }) => isFault(kind === 'cel' ? compileCondition(text) : compileTemplate(`<%= ${text} %>`)))
}

function checkLoop(value: Value, scope: Scope, report: Report): void {
  checkValue(value, scope, report)
  const found = known(value, scope)
  if (found !== undefined && !Array.isArray(found))
    report(problem('invalid-value', `loop needs a list, not ${JSON.stringify(found)}`, value.at))
}

function checkNumber(value: Value, scope: Scope, report: Report): void {
  const found = known(value, scope)
  if (found !== undefined && !(Number(found) >= 0))
    report(problem('invalid-value', `expected a number, not ${JSON.stringify(found)}`, value.at))
}

/** The value where it can be computed now; undefined where it cannot, or is at fault, which is told elsewhere. */
function known(value: Value, scope: Scope): unknown {
  if (!scope.ready(readsOf(value))) return undefined
  try {
    return render(value, scope)
  } catch {
    return undefined
  }
}

function checkArgument(task: Task, one: Entry, scope: Scope, report: Report): void {
  const kind = expressionKind(task.module, one.key)
  if (!kind) {
    checkValue(one.value, scope, report)
    return
  }
  const asked: string[] = []
  for (const { text, at } of expressions(one.value)) {
    const code = kind === 'cel' ? text : `<%= ${text} %>`
    const shift = code.indexOf(text)
    const compiled = kind === 'cel' ? compileCondition(text) : compileTemplate(code)
    const place = (start: number, end: number) => placeWithin(at, text, Math.max(0, start - shift), Math.max(1, end - shift))
    if (isFault(compiled))
      report(
        problem(
          kind === 'cel' ? 'invalid-condition' : 'invalid-template',
          compiled.message,
          place(compiled.start, compiled.end),
          compiled.hint,
        ),
      )
    else checkReads(compiled.reads, scope.declaring(asked), place, report)
    if ('asks' in compiled) asked.push(...compiled.asks)
  }
}

function checkValue(value: Value, scope: Scope, report: Report): void {
  for (const scalar of scalars(value)) {
    const template = templateOf(scalar)
    if (!template || isFault(template)) continue
    checkReads(template.reads, scope, (start, end) => placeWithin(scalar.at, template.text, start, end), report)
  }
}

/** Conditions that must all hold: each may rely on what the ones before it have asked for with has(). */
function checkConditions(conditions: readonly Placed[], scope: Scope, report: Report): void {
  const asked: string[] = []
  for (const placed of conditions) {
    const trusting = scope.declaring(asked)
    checkCondition(placed, trusting, report)
    if (isKnownFalse(placed, scope)) return
    asked.push(...placed.condition.asks)
  }
}

function isKnownFalse({ condition }: Placed, scope: Scope): boolean {
  try {
    return scope.ready(condition.reads) && condition.evaluate(scope) === false
  } catch {
    return false
  }
}

const checkCondition = ({ condition, at }: Placed, scope: Scope, report: Report): void => {
  checkReads(condition.reads, scope, (start, end) => placeWithin(at, condition.text, start, end), report)
  if (!scope.ready(condition.reads)) return
  try {
    const value = condition.evaluate(scope)
    if (typeof value !== 'boolean')
      report(problem('invalid-condition', `a condition must be true or false; this one is ${JSON.stringify(value)}`, at))
  } catch (error) {
    report(renderProblem(error, at, scope))
  }
}

function checkReads(reads: Reads, scope: Scope, place: (start: number, end: number) => Source, report: Report): void {
  for (const one of reads.names) {
    if (scope.knows(one.name)) {
      const behind = scope.missing({ names: [one], open: false })
      for (const name of behind)
        report(
          problem(
            'undefined-variable',
            `undefined variable "${name}", of which "${one.name}" is made`,
            place(one.start, one.end),
            didYouMean(name, scope.names()),
          ),
        )
    } else if (!one.optional)
      report(
        problem(
          'undefined-variable',
          `undefined variable "${one.name}"`,
          place(one.start, one.end),
          didYouMean(one.name, [...scope.names(), ...scope.declared]),
        ),
      )
  }
}

function checkInputs(task: Task, args: Arguments, want: unknown, scope: Scope, report: Report): void {
  for (const { name, path, as } of inputsOf(task.module, want)) {
    const at = args.entries.find((one) => one.key === name)?.value.at ?? task.at
    const { found, looked } = findInput(task, path, as)
    if (!found) {
      report(missingInput({ path, as }, looked, at))
      continue
    }
    if (as !== 'template') continue
    const { file, template } = templateFile(found)
    const place = (start: number, end: number): Source => ({ file, start, end })
    if (isFault(template)) report(problem('invalid-template', template.message, place(template.start, template.end), template.hint))
    else checkReads(template.reads, scope, place, report)
  }
}
