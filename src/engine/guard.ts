import type { Change, Payload } from '../module/define.ts'
import { type Fact, isRemote } from '../module/fact.ts'
import { quote } from '../module/shell.ts'
import type { Redactor } from '../secrets/redact.ts'
import { MASK, Secret, SHORTEST_SECRET } from '../secrets/secret.ts'
import type { FactCache } from './fact-cache.ts'

/** The secrets among a task's parameters. A short value of one made for secrets is as likely a plain word (a container's MODE=host). */
export function secretsIn(value: unknown): string[] {
  if (value instanceof Secret) return value.reveal().length < SHORTEST_SECRET ? [] : [value.reveal()]
  if (Array.isArray(value)) return value.flatMap(secretsIn)
  if (value === null || typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) return []
  return Object.values(value).flatMap(secretsIn)
}

export const ON_COMMAND_LINE =
  'a secret would stand on a command line, where every user of the host can read it: give it on stdin, in a file, or by a parameter made for it'

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
      if (secrets.exposes(step.script.text)) return ON_COMMAND_LINE
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

/** A change without the old values of the secrets that it sets: they may be in force elsewhere, and no Redactor knows them. */
export function withoutOld(change: Change, secrets: Redactor): Change {
  const { diff } = change
  if (!diff || !secrets.exposes(diff.after)) return change
  const after = diff.after.split('\n')
  const set = after.filter((line) => secrets.exposes(line)).map((line) => secrets.redact(line).split(MASK))
  const hidden = (line: string) => !after.includes(line) && set.some((parts) => line.startsWith(parts[0]!) && line.endsWith(parts.at(-1)!))
  const before = diff.before.split('\n').map((line) => (line !== '' && hidden(line) ? MASK : line))
  return { ...change, diff: { ...diff, before: before.join('\n') } }
}

/** Whether asking this would let other users of the host see a secret: a key stands on the command line of what answers it. */
export const exposesFact = ({ kind, key }: Fact, secrets: Redactor): boolean =>
  !isRemote(kind) && !kind.unseen && strings(key).some((text) => secrets.exposes(text))

const strings = (value: unknown): string[] =>
  typeof value === 'string' ? [value] : value !== null && typeof value === 'object' ? Object.values(value).flatMap(strings) : []

function holdsSecret(payload: Payload | undefined, secrets: Redactor): boolean {
  if (typeof payload === 'string') return secrets.exposes(payload)
  return payload instanceof Uint8Array && secrets.exposes(Buffer.from(payload).toString())
}

/** What a prediction of the facts `stat` and `lstat` says of a regular file that others may read. */
function isOpenFile(value: unknown): boolean {
  const is = value as { exists?: boolean; type?: string; mode?: number } | undefined
  return is?.exists === true && is.type === 'file' && typeof is.mode === 'number' && (is.mode & 0o004) !== 0
}
