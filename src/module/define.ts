import type { z } from 'zod'
import type { Secret } from '../secrets/secret.ts'
import type { Fact, Prediction } from './fact.ts'
import type { HttpRequest } from './http.ts'
import type { LocalFile } from './local-file.ts'
import type { Sh } from './shell.ts'

/** What a step's script reads on its stdin: bytes, a secret, or a file of the controller, streamed. */
export type Payload = Uint8Array | string | Secret | { readonly file: string; readonly size: number }

/** One thing the engine does for a task. Plain data: it can be printed, compared and stored. */
export type Step =
  | {
      readonly do: 'run'
      readonly script: Sh
      readonly stdin?: Payload
      /** Any exit code is an answer for `result` to judge; without it, one other than 0 fails the task. */
      readonly anyExit?: true
      /** Its output is worth showing while it runs (apt, a user's command). */
      readonly live?: true
      /** Runs with the task's `environment:`. */
      readonly userEnvironment?: true
    }
  | {
      /** A program of the controller that talks to the host over TCP. Its output is JSON on stdout. */
      readonly do: 'program'
      readonly program: string
      /** Plain data; a secret in it stays a `Secret` that only the program reveals. */
      readonly input: unknown
    }
  | ({
      /** A request of the controller; any status but 2xx fails the task. `{name}` in the URL is what an earlier step of the task saved. */
      readonly do: 'request'
      /** Texts of the answer to save by name, each by its way into the JSON: `{ id: 'result.id' }`. */
      readonly saves?: Readonly<Record<string, string>>
    } & HttpRequest)
  | { readonly do: 'pause'; readonly seconds?: number; readonly prompt?: string; readonly echo?: boolean }

/** Before and after of a changed text, as Ansible's `diff` result has it. */
export interface Diff {
  readonly before: string
  readonly after: string
  readonly before_header?: string
  readonly after_header?: string
}

export interface Change {
  /** What will be different, for a person: "install docker.io", "mode 0644 → 0600". */
  readonly summary: string
  readonly steps: readonly Step[]
  /** What will be true afterwards; a dry run believes it. */
  readonly makes?: readonly Prediction[]
  readonly diff?: Diff
  /** It may alter or create things nobody can name beforehand (installing a package, a user's command). */
  readonly opaque?: true
  /** It starts a service: what that then makes and answers nobody can name beforehand; its own result is known. */
  readonly starts?: true
  /** It changes nothing on the host (a request, a wait, a command that only reads): never counts as changed, never runs in a dry run. */
  readonly reads?: true
}

/** What a module decides for one task on one host. No changes: all is as wanted. */
export interface Plan {
  readonly changes: readonly Change[]
  /** Why the task cannot be done: it fails with this, and nothing runs. */
  readonly failure?: string
  /** Why there is nothing to do at all (`creates` exists): shown, and the result's `msg`. */
  readonly message?: string
  /** For the engine itself: `flush_handlers`, `end_host` … (module meta). */
  readonly directive?: string
}

/** What one executed step gave back. */
export interface Output {
  readonly code: number
  readonly stdout: Buffer
  readonly stderr: Buffer
  /** Controller's clock, milliseconds since the epoch. */
  readonly start: number
  readonly end: number
  /** What the user typed at a pause. */
  readonly input?: string
}

/** Keys of a task's registered result beyond `changed`, `failed`, `skipped`, `msg` and `diff`, which the engine sets unless given here. */
export type ModuleResult = Record<string, unknown> & { changed?: boolean; failed?: boolean; msg?: string }

type Question = Fact | readonly Fact[] | undefined
export type Questions = Readonly<Record<string, Question>>
type Answer<Q> = Q extends Fact<infer V> ? V : Q extends readonly Fact<infer V>[] ? V[] : undefined
/** Questions by name to their answers by the same name; a list of questions gives a list of answers, none gives undefined. */
export type Answers<Q extends Questions> = { [K in keyof Q]: Answer<Q[K]> }

/** Parameters that name files of the controller: `file` as they are (a directory gives all below it), `template` rendered. */
export type Inputs = Readonly<Record<string, { readonly path: string; readonly as: 'file' | 'template' } | undefined>>
/** Each input as it was read: one entry for a file, one per entry below a directory. */
export type Loaded<I extends Inputs> = { [K in keyof I]: LocalFile[] }

export interface Module<
  P extends z.ZodType = z.ZodType,
  I extends Inputs = Inputs,
  F extends Questions = Questions,
  M extends Questions = Questions,
> {
  readonly name: string
  /** One sentence, imperative, ending in a full stop. */
  readonly summary: string
  /** What a user must know beyond the parameters; differences from Ansible's module of the name belong here. */
  readonly notes?: readonly string[]
  /** A z.strictObject; every field has `.describe()`, aliases are `.meta({ aliases: ['dest'] })`. */
  readonly params: P
  /** The parameter that a bare string stands for: `command: echo hi`. */
  readonly freeForm?: string
  /** Each is a task's value for this module as YAML would hold it, with what it shows. */
  readonly examples: readonly { readonly title: string; readonly params: unknown }[]
  /** What the registered result holds, by key. */
  readonly returns?: Readonly<Record<string, string>>
  /** Controller's files that the parameters name. */
  readonly inputs?: (want: z.output<P>) => I
  /** What must be known of the host first. */
  readonly facts?: (want: z.output<P>, inputs: Loaded<I>) => F
  /** What must be known besides, once those are. */
  readonly more?: (want: z.output<P>, is: Answers<F>, inputs: Loaded<I>) => M
  /** Decides. Pure: same arguments, same plan. */
  readonly plan: (want: z.output<P>, is: Answers<F> & Answers<M>, inputs: Loaded<I>) => Plan | readonly Change[]
  /** The registered result. After a change `is` has been asked again; `outputs` are those of the executed steps, in order. */
  readonly result?: (want: z.output<P>, is: Answers<F> & Answers<M>, outputs: readonly Output[], inputs: Loaded<I>) => ModuleResult
  /** Runs for the first host of a play only, its result given to all (pause). */
  readonly once?: true
  /** Works by requests of the controller alone: the host is not connected to for it. */
  readonly controller?: true
  /** What in the answers and the outputs nobody may see: masked in all that is shown, and refused where other users of a host could read it. */
  readonly secrets?: (is: Answers<F> & Answers<M>) => readonly string[]
}

/** The identity function that gives a module its types. */
export const defineModule = <P extends z.ZodType, I extends Inputs, F extends Questions, M extends Questions>(
  module: Module<P, I, F, M>,
): Module<P, I, F, M> => module

// biome-ignore lint/suspicious/noExplicitAny: a list of modules mixes their parameter and fact types
export type AnyModule = Module<any, any, any, any>

export const run = (script: Sh, options: Omit<Extract<Step, { do: 'run' }>, 'do' | 'script'> = {}): Step => ({
  do: 'run',
  script,
  ...options,
})

/** Changes from a list with holes: `changes(wanted && {...}, ...)`. */
export const changes = (...items: readonly (Change | false | undefined)[]): Change[] => items.filter((item): item is Change => !!item)
