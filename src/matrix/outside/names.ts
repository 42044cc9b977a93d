import type { Fault } from '../fault.ts'

/** An SRV record. */
export interface Service {
  readonly name: string
  readonly port: number
  readonly priority: number
  readonly weight: number
}

/** What DNS says. */
export interface Names {
  /** IPv4 first; [] when there are none. An address is its own. */
  addresses(name: string): Promise<readonly string[] | Fault>
  /** The most wanted first; [] when there are none. */
  services(name: string): Promise<readonly Service[] | Fault>
  /** Whether a CNAME stands at the name. */
  isAlias(name: string): Promise<boolean>
}
