import type { Fact, FactKind, Prediction } from '../module/fact.ts'
import type { Shell } from '../transport/transport.ts'

/** Asks a host, through one shell, whatever is not known yet, and remembers it until a change makes it stale. */
export class FactCache {
  readonly #answers = new Map<string, Promise<unknown>>()
  readonly #arrived = new Map<string, unknown>()
  readonly #overlay: Map<string, ((before: unknown) => unknown)[]>

  /** `overlay` is the predicted world of a dry run, shared by the caches of all users of a host. */
  constructor(overlay: Map<string, ((before: unknown) => unknown)[]> = new Map()) {
    this.#overlay = overlay
  }

  has(fact: Fact): boolean {
    return this.#answers.has(fact.id)
  }

  /** Whether a dry run predicted something of it. */
  isPredicted(fact: Fact): boolean {
    return this.#overlay.has(fact.id)
  }

  /** Writes one script that asks all of these that are not known; does not wait. Says whether anything was written. */
  prefetch(shell: Shell, facts: readonly Fact[]): boolean {
    const unknown = [...new Map(facts.filter((fact) => !this.has(fact)).map((fact) => [fact.id, fact])).values()]
    if (unknown.length === 0) return false
    const groups = groupByKind(unknown)
    const reply = shell.request({ script: joinedScript(groups) }).then(({ stdout }) => joinedAnswers(groups, stdout))
    // a lost connection is met by whoever awaits the answer; one that nobody awaits is no event
    reply.catch(() => undefined)
    for (const fact of unknown) {
      const answer: Promise<unknown> = reply.then((answers) => {
        if (this.#answers.get(fact.id) === answer) this.#arrived.set(fact.id, answers.get(fact.id))
        return answers.get(fact.id)
      })
      answer.catch(() => undefined)
      this.#answers.set(fact.id, answer)
    }
    return true
  }

  /** The answer of a fact that was asked, as the dry run's predictions have it. */
  async get(fact: Fact): Promise<unknown> {
    return this.#predicted(fact, await this.#answers.get(fact.id))
  }

  /** Whether the answer is here already. */
  arrived(fact: Fact): boolean {
    return this.#arrived.has(fact.id)
  }

  /** An answer that has arrived, without waiting. */
  peek(fact: Fact): unknown {
    return this.#predicted(fact, this.#arrived.get(fact.id))
  }

  #predicted(fact: Fact, answer: unknown): unknown {
    return (this.#overlay.get(fact.id) ?? []).reduce((before, predict) => predict(before), answer)
  }

  predict(predictions: readonly Prediction[]): void {
    for (const { fact, value } of predictions) this.#overlay.set(fact.id, [...(this.#overlay.get(fact.id) ?? []), value])
  }

  /** Something on the host has changed: everything is asked again when next needed. */
  forget(): void {
    this.#answers.clear()
    this.#arrived.clear()
  }
}

interface Group {
  // biome-ignore lint/suspicious/noExplicitAny: keys and answers of different kinds meet here
  readonly kind: FactKind<any, any>
  readonly facts: readonly Fact[]
}

// Longer argument lists are split: Linux takes about 2 MiB for all arguments together (execve(2)).
const KEYS_AT_ONCE = 2000

function groupByKind(facts: readonly Fact[]): Group[] {
  const groups: Group[] = []
  for (const fact of facts) {
    const open = groups.findLast((group) => group.kind === fact.kind)
    if (open && open.facts.length < KEYS_AT_ONCE) (open.facts as Fact[]).push(fact)
    else groups.push({ kind: fact.kind, facts: [fact] })
  }
  return groups
}

/** One script for all kinds, each in a subshell of its own, a separator between their outputs. */
function joinedScript(groups: readonly Group[]): string {
  const keys = (group: Group) => group.facts.map((fact) => fact.key)
  const parts = groups.map((group) => `( ${group.kind.script(keys(group)).text}\n) 2>/dev/null`)
  return `LC_ALL=C; export LC_ALL\n${parts.join(`\nprintf '\\000%s\\000' ${SEPARATOR}\n`)}\n`
}

// Stands between the answers of two kinds. Long and random enough that no file of a host holds it by chance.
const SEPARATOR = crypto.randomUUID()

function joinedAnswers(groups: readonly Group[], stdout: Buffer): Map<string, unknown> {
  const separator = Buffer.from(`\0${SEPARATOR}\0`)
  const answers = new Map<string, unknown>()
  let from = 0
  for (const [i, group] of groups.entries()) {
    const next = stdout.indexOf(separator, from)
    const end = i === groups.length - 1 || next < 0 ? stdout.length : next
    const values = group.kind.parse(
      stdout.subarray(from, end),
      group.facts.map((fact) => fact.key),
    )
    for (const [j, fact] of group.facts.entries()) answers.set(fact.id, values[j])
    from = end + separator.length
  }
  return answers
}
