import type { Step } from '../module/define.ts'
import type { Programs } from '../module/program.ts'
import type { Secret } from '../secrets/secret.ts'
import type { WorldSettings } from './outside/world.ts'

/** Synapse's tables, and its connections; or why there are none to see. */
export type LiveDatabase = { readonly schema: number; readonly connections: number } | { readonly why: string }

/** What is known of the database that Synapse is configured for. */
export interface DatabaseFacts {
  /** `database.name` in Synapse's configuration: psycopg2 or sqlite3. */
  readonly name?: string
  /** Why that is not known. */
  readonly why?: string
  /** What its server on the host says of it; unset when that cannot be asked. */
  readonly live?: LiveDatabase
  /** An SQLite file that lies where Synapse would make one. */
  readonly sqlite?: string
  readonly wanted: 'psycopg2' | 'sqlite3'
}

export interface OutsideInput extends WorldSettings {
  /** Address of a federation tester to ask besides. */
  readonly tester?: string
}

export interface VerifyInput {
  readonly serverName: string
  readonly matrixHost: string
  readonly secret: Secret
  /** PEM. */
  readonly ca?: string
  readonly httpPort: number
  readonly httpsPort: number
  readonly version?: string
  readonly database: DatabaseFacts
  /** Requests arrive through a tunnel, whose CF-Connecting-IP is believed. */
  readonly tunnel: boolean
  /** Bytes. */
  readonly uploadSize: number
  /** Bytes; one more must be refused. */
  readonly maxUploadSize?: number
  /** Port of the tunnel's metrics on the host's 127.0.0.1, when it is to be looked at. */
  readonly tunnelMetricsPort?: number
  /** Looks from outside as well. */
  readonly outside?: OutsideInput
}

export interface AccountInput {
  readonly serverName: string
  readonly httpPort: number
  readonly secret: Secret
  readonly name: string
  readonly password: Secret
  readonly admin: boolean
}

interface Inputs {
  'verify matrix': VerifyInput
  'register matrix account': AccountInput
}

/** A step that has a Matrix program of the controller work with the host. */
export const matrixStep = <N extends keyof Inputs>(program: N, input: Inputs[N]): Step => ({ do: 'program', program, input })

/** The programs; each is loaded when it is first called. Their input is what `matrixStep` put into the step. */
export const matrixPrograms: Programs = {
  'verify matrix': async (input, context) => (await import('./verify.ts')).verify(input as VerifyInput, context),
  'register matrix account': async (input, context) => (await import('./register.ts')).makeAccount(input as AccountInput, context),
}
