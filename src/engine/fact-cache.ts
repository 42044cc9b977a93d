import { type Fact, type HostFact, isRemote, type Prediction } from '../module/fact.ts'
import type { Http } from '../module/http.ts'
import type { Shell } from '../transport/transport.ts'

/** Asks a host, through one shell, whatever is not known yet, and remembers it until a change makes it stale. */
export class FactCache {
  readonly #answers = new Map<string, Promise<unknown>>()
  readonly #arrived = new Map<string, unknown>()
  readonly #overlay: Map<string, ((before: unknown) => unknown)[]>
  readonly #http: Http

  /** `overlay` is the predicted world of a dry run, shared by the caches of all users of a host. */
  constructor(http: Http, overlay: Map<string, ((before: unknown) => unknown)[]> = new Map()) {
    this.#http = http
    this.#overlay = overlay
  }

  has(fact: Fact): boolean {
    return this.#answers.has(fact.id)
  }

  /** Whether a dry run predicted something of it. */
  isPredicted(fact: Fact): boolean {
    return this.#overlay.has(fact.id)
  }

  /**
   * Writes one script that asks all of these that are not known, and sends the requests of those that the controller asks, all at once;
   * does not wait. Says whether anything was asked.
   */
  prefetch(shell: Shell, facts: readonly Fact[]): boolean {
    const unknown = [...new Map(facts.filter((fact) => !this.has(fact)).map((fact) => [fact.id, fact])).values()]
    const ofHost = unknown.filter((fact): fact is HostFact => !isRemote(fact.kind))
    const http = askedOnce(this.#http)
    for (const fact of unknown) if (isRemote(fact.kind)) this.#expect(fact, fact.kind.ask(fact.key, http))
    if (ofHost.length === 0) return unknown.length > 0
    const groups = groupByKind(ofHost)
    const reply = shell.request({ script: joinedScript(groups) }).then(({ stdout }) => joinedAnswers(groups, stdout))
    // a lost connection is met by whoever awaits the answer; one that nobody awaits is no event
    reply.catch(() => undefined)
    for (const fact of ofHost)
      this.#expect(
        fact,
        reply.then((answers) => answers.get(fact.id)),
      )
    return true
  }

  #expect(fact: Fact, coming: Promise<unknown>): void {
    const answer: Promise<unknown> = coming.then((value) => {
      if (this.#answers.get(fact.id) === answer) this.#arrived.set(fact.id, value)
      return value
    })
    answer.catch(() => undefined)
    this.#answers.set(fact.id, answer)
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

/** Facts that are asked together share what they read: the zone that five of them begin with is asked for once. */
function askedOnce(http: Http): Http {
  const asked = new Map<string, ReturnType<Http>>()
  return (request) => {
    if (request.method !== 'GET') return http(request)
    const key = `${request.url} ${request.bearer?.reveal()}`
    const answer = asked.get(key) ?? http(request)
    asked.set(key, answer)
    return answer
  }
}

interface Group {
  readonly kind: HostFact['kind']
  readonly facts: readonly HostFact[]
}

// Longer argument lists are split: Linux takes about 2 MiB for all arguments together (execve(2)).
const KEYS_AT_ONCE = 2000

function groupByKind(facts: readonly HostFact[]): Group[] {
  const groups: Group[] = []
  for (const fact of facts) {
    const open = groups.findLast((group) => group.kind === fact.kind)
    if (open && open.facts.length < KEYS_AT_ONCE) (open.facts as HostFact[]).push(fact)
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
