import type { ProgramContext } from '../module/program.ts'
import type { Client, Patience } from './client.ts'
import type { Fault } from './fault.ts'
import type { Resolved } from './outside/resolve.ts'
import type { World } from './outside/world.ts'
import type { VerifyInput } from './programs.ts'

/** What a check found. Neither good nor bad (null): there was nothing to look at. */
export type Verdict = { readonly ok: true | null; readonly detail: string } | Fault

/** Throwaway account that a check made. */
export interface Account {
  readonly name: string
  readonly id: string
  readonly password: string
  readonly token: string
}

/** What the checks of a run share: what they look at, and what they made and leave to the cleanup. */
export interface Run {
  readonly want: VerifyInput
  readonly context: ProgramContext
  /** Synapse on the host's loopback. */
  readonly synapse: Client
  readonly world: World
  readonly patience: Patience
  admin?: Account
  user?: Account
  /** Access token of a login with a password. */
  login?: string
  readonly rooms: string[]
  uploaded?: boolean
  /** Where other servers find this one. */
  resolved?: Resolved
}

export type From = 'host' | 'through Apache' | 'outside'

export interface Check {
  readonly id: string
  readonly name: string
  readonly from: From
  /** Checks that must have succeeded: without them this one could only repeat their fault. */
  readonly needs: readonly string[]
  /** Runs after the others, whatever they found. */
  readonly always?: true
  /** `web` reaches the server the way that `from` says: Synapse itself, Apache on the host, or the public host name. */
  readonly run: (run: Run, web: Client) => Promise<Verdict>
}

/** One check's result; plain data, as it is registered and shown. */
export interface CheckResult {
  readonly id: string
  readonly name: string
  readonly from: From
  /** null: not reached, since an earlier one failed; or nothing to look at. */
  readonly ok: boolean | null
  readonly detail: string
  readonly hint?: string
  readonly ms: number
}

export const good = (detail: string): Verdict => ({ ok: true, detail })
