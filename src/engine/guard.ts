import type { Change, Payload } from '../module/define.ts'
import { quote } from '../module/shell.ts'
import type { Redactor } from '../secrets/redact.ts'
import { Secret } from '../secrets/secret.ts'
import type { FactCache } from './fact-cache.ts'

/** The secrets among a task's parameters. */
export function secretsIn(value: unknown): string[] {
  if (value instanceof Secret) return [value.reveal()]
  if (Array.isArray(value)) return value.flatMap(secretsIn)
  if (value === null || typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) return []
  return Object.values(value).flatMap(secretsIn)
}

/** Why these changes would let other users of the host see a secret; undefined when they would not. */
export function exposure(
  changes: readonly Change[],
  environment: Readonly<Record<string, string>>,
  secrets: Redactor,
  cache: FactCache,
): string | undefined {
  for (const change of changes) {
    for (const step of change.steps) {
      if (step.do !== 'run') continue
      if (secrets.exposes(step.script.text))
        return 'a secret would stand on a command line, where every user of the host can read it: give it on stdin, in a file, or by a parameter made for it'
      if (step.userEnvironment && Object.values(environment).some((value) => secrets.exposes(quote(value))))
        return 'a secret would stand in the environment of a process: give it on stdin or in a file'
    }
    if (!change.steps.some((step) => step.do === 'run' && holdsSecret(step.stdin, secrets))) continue
    const open = (change.makes ?? []).find(({ fact, value }) => isOpenFile(value(cache.peek(fact))))
    if (open)
      return `a secret would be put into ${String(open.fact.key)}, which every user of the host may read: set mode: "0600", or "0640" and a group`
  }
  return undefined
}

function holdsSecret(payload: Payload | undefined, secrets: Redactor): boolean {
  if (typeof payload === 'string') return secrets.exposes(payload)
  return payload instanceof Uint8Array && secrets.exposes(Buffer.from(payload).toString())
}

/** What a prediction of the facts `stat` and `lstat` says of a regular file that others may read. */
function isOpenFile(value: unknown): boolean {
  const is = value as { exists?: boolean; type?: string; mode?: number } | undefined
  return is?.exists === true && is.type === 'file' && typeof is.mode === 'number' && (is.mode & 0o004) !== 0
}
