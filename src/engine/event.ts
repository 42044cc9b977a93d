// What the engine says while it works: facts, JSON-safe, secrets already masked, no wording, colour or width.
// Events of one host come in order; every start gets its end, also when the run is interrupted.

/** 1-based; `endCol` is exclusive and on the same line. */
export interface Place {
  readonly path: string
  readonly line: number
  readonly col: number
  readonly endCol: number
}

export interface TaskRef {
  /** Unique within the run; the same for every host. */
  readonly id: number
  readonly name: string
  readonly module: string
  readonly play: string
  readonly role?: string
  readonly tags: readonly string[]
  readonly handler?: true
  readonly at: Place
}

/** `maybe` is of a dry run only: an earlier task, named in `because`, decides. */
export type Status = 'ok' | 'changed' | 'skipped' | 'failed' | 'maybe'

export type FailureReason = 'unreachable' | 'probe-failed' | 'step-failed' | 'invalid-value' | 'timeout' | 'aborted' | 'bug'

export interface Failure {
  readonly reason: FailureReason
  readonly message: string
  readonly hint?: string
  readonly at?: Place
  /** Exit code of the step that failed. */
  readonly exit?: number
  /** The last lines it wrote. */
  readonly stdoutTail?: string
  readonly stderrTail?: string
}

export interface PlannedChange {
  readonly summary: string
  readonly diff?: { readonly before: string; readonly after: string; readonly before_header?: string; readonly after_header?: string }
}

export type Event =
  | { type: 'run:start'; mode: 'apply' | 'check'; playbook: string; hosts: string[] }
  | { type: 'play:start'; play: string; hosts: string[] }
  /** The host's connection is being opened. */
  | { type: 'host:start'; host: string }
  | { type: 'task:start'; host: string; task: TaskRef }
  /** What the task will change (apply) or would change (check); not sent when there is nothing. */
  | { type: 'task:plan'; host: string; task: TaskRef; item?: string; changes: PlannedChange[] }
  /** Live output of a running step: whole lines, without their newline. */
  | { type: 'task:output'; host: string; task: TaskRef; stream: 'stdout' | 'stderr'; text: string }
  /** One turn of a loop. */
  | { type: 'task:item'; host: string; task: TaskRef; item: string; status: Status; result: Record<string, unknown>; failure?: Failure }
  | { type: 'task:retry'; host: string; task: TaskRef; attempt: number; retries: number; delay: number }
  | {
      type: 'task:end'
      host: string
      task: TaskRef
      status: Status
      /** Milliseconds. */
      ms: number
      /** What `register` sees. */
      result: Record<string, unknown>
      failure?: Failure
      /** The task failed and the run goes on: `ignore_errors`, or a `rescue` that takes over. */
      ignored?: 'ignore_errors' | 'rescue'
      /** Of a `maybe`: the task that decides. */
      because?: string
    }
  | { type: 'host:end'; host: string; status: 'ok' | 'failed' | 'unreachable' | 'interrupted'; ms: number; failure?: Failure }
  | { type: 'run:end'; summary: Summary }

export interface HostSummary {
  status: 'ok' | 'failed' | 'unreachable' | 'interrupted'
  ok: number
  changed: number
  maybe: number
  skipped: number
  failed: number
  ignored: number
  /** Milliseconds from host:start to host:end. */
  ms: number
  /** Names of the tasks that changed something, in order, with what was planned. */
  changes: { task: string; changes: string[] }[]
  failure?: Failure
}

export interface Summary {
  mode: 'apply' | 'check'
  ms: number
  hosts: Record<string, HostSummary>
}
