import { spawn } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { matrixPrograms } from '../../src/matrix/programs.ts'
import type { AnyModule, Change, ModuleResult, Output, Plan, Step } from '../../src/module/define.ts'
import { type Fact, isRemote } from '../../src/module/fact.ts'
import { type LocalFile, loadLocal } from '../../src/module/local-file.ts'
import { Secret } from '../../src/secrets/secret.ts'
import { dialHere } from '../../src/transport/dial.ts'
import { httpClient } from '../../src/transport/http.ts'

/** Runs a script in a real POSIX shell on this machine, the way the engine's shell does. */
export function shell(script: string, stdin?: Extract<Step, { do: 'run' }>['stdin'], prefix: readonly string[] = []): Promise<Output> {
  const start = Date.now()
  const [command, ...args] = [...prefix, 'sh', '-c', script]
  const child = spawn(command!, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
  })
  child.stdin.on('error', () => {})
  if (stdin === undefined) child.stdin.end()
  else if (stdin instanceof Secret) child.stdin.end(stdin.reveal())
  else if (typeof stdin === 'object' && 'file' in stdin) createReadStream(stdin.file).pipe(child.stdin)
  else child.stdin.end(stdin)
  const out: Buffer[] = []
  const err: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
  return new Promise((done) =>
    child.on('close', (code) =>
      done({ code: code ?? 255, stdout: Buffer.concat(out), stderr: Buffer.concat(err), start, end: Date.now() }),
    ),
  )
}

type Ask = (fact: Fact) => Promise<unknown>
const inShell =
  (prefix: readonly string[]): Ask =>
  async (fact) =>
    isRemote(fact.kind)
      ? fact.kind.ask(fact.key, httpClient({ firstDelay: 1 }))
      : fact.kind.parse((await shell(`export LC_ALL=C; ${fact.kind.script([fact.key])}`, undefined, prefix)).stdout, [fact.key])[0]

async function answers(questions: Record<string, unknown>, ask: Ask): Promise<Record<string, unknown>> {
  const known: Record<string, unknown> = {}
  for (const [name, question] of Object.entries(questions))
    known[name] = Array.isArray(question)
      ? await Promise.all(question.map(ask))
      : question === undefined
        ? undefined
        : await ask(question as Fact)
  return known
}

export interface Settled {
  /** What the module planned; [] when all was as wanted. */
  changes: readonly Change[]
  plan: Plan
  result: ModuleResult
  outputs: Output[]
}

/**
 * One module against a real shell, as the engine does it: facts, plan, steps, facts again, result.
 * `prefix` puts the shell elsewhere: ['ssh', …], ['runuser', '-u', 'x', '--'].
 */
export async function settle(module: AnyModule, params: unknown, options: { prefix?: string[]; check?: boolean } = {}): Promise<Settled> {
  const want = module.params.parse(params)
  const inputs: Record<string, LocalFile[]> = {}
  for (const [name, input] of Object.entries(module.inputs?.(want) ?? {}))
    if (input) inputs[name] = await loadLocal((input as { path: string }).path)
  const prefix = options.prefix ?? []
  const known = async () => {
    const is = await answers(module.facts?.(want, inputs) ?? {}, inShell(prefix))
    return { ...is, ...(await answers(module.more?.(want, is, inputs) ?? {}, inShell(prefix))) }
  }
  let is = await known()
  const planned = module.plan(want, is, inputs)
  const plan: Plan = Array.isArray(planned) ? { changes: planned } : (planned as Plan)
  const outputs: Output[] = []
  if (plan.failure) return { changes: [], plan, outputs, result: { failed: true, msg: plan.failure } }
  if (!options.check && plan.changes.length > 0) {
    for (const step of plan.changes.flatMap((change) => change.steps)) {
      if (step.do === 'program') {
        const answer = await matrixPrograms[step.program]!(step.input, {
          dial: dialHere,
          signal: new AbortController().signal,
          say: () => {},
        })
        outputs.push({ code: 0, stdout: Buffer.from(JSON.stringify(answer)), stderr: Buffer.alloc(0), start: 0, end: 0 })
      }
      if (step.do !== 'run') continue
      const output = await shell(step.script.text, step.stdin, prefix)
      outputs.push(output)
      if (output.code !== 0 && !step.anyExit)
        return { changes: plan.changes, plan, outputs, result: { failed: true, msg: output.stderr.toString() } }
    }
    is = await known()
  }
  const result = { changed: plan.changes.some((change) => !change.reads), ...module.result?.(want, is, outputs, inputs) }
  return { changes: plan.changes, plan, outputs, result }
}
