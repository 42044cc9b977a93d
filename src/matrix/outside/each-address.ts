import { isIPv6 } from 'node:net'
import type { Verdict } from '../check.ts'
import { type Fault, fault, isFault } from '../fault.ts'
import { isPrivate } from './private.ts'
import { hasNoRoute, type World } from './world.ts'

/** A look at one address: good with what was found, or not. */
export type Look = (address: string) => Promise<Verdict>

/**
 * Looks at every address of a name at once: others may take any of them. Good when all that this machine can reach are; IPv6 addresses are left out,
 * and it is said, where this machine has none itself. The detail names the addresses and what was found on the first.
 */
export async function eachAddress(world: World, name: string, port: number, look: Look): Promise<Verdict> {
  const addresses = await world.addresses(name)
  if (isFault(addresses)) return { ...addresses, detail: `DNS: ${addresses.detail}` }
  if (addresses.length === 0) return noAddress(name)
  if (!world.named && addresses.every(isPrivate)) return atHome(name, addresses)
  const looks = await Promise.all(addresses.map((address) => lookAt(world, address, port, look)))
  const reached = looks.filter((one): one is Verdict => one !== 'no route')
  const bad = addresses.map((address, i) => ({ address, found: looks[i]! })).find(({ found }) => found !== 'no route' && found.ok !== true)
  if (bad) return named(bad.address, bad.found as Verdict, addresses)
  const [first] = reached
  if (!first) return { ok: null, detail: `${name} has IPv6 addresses alone, and this machine has no IPv6` }
  const left = looks.length - reached.length
  const count = addresses.length === 1 ? addresses[0]! : `${reached.length} addresses`
  return {
    ok: true,
    detail: [first.detail, count, left > 0 && `${left} of IPv6 not tried: this machine has none`].filter(Boolean).join(', '),
  }
}

async function lookAt(world: World, address: string, port: number, look: Look): Promise<Verdict | 'no route'> {
  if (isIPv6(address)) {
    const reached = await world.dial(address, port).catch((error: unknown) => error as Error)
    if (reached instanceof Error) {
      if (hasNoRoute(reached, address)) return 'no route'
    } else reached.destroy()
  }
  return look(address)
}

/** The address, where there are several. */
const named = (address: string, found: Verdict, all: readonly string[]): Verdict =>
  all.length > 1 && !found.detail.includes(address) ? { ...found, detail: `${address}: ${found.detail}` } : found

const noAddress = (name: string): Fault =>
  fault(
    `DNS: ${name} has no address`,
    'make a record for it: a CNAME to the tunnel (proxied), or A and AAAA; a Worker’s route, too, works only where there is a proxied record',
  )

const atHome = (name: string, addresses: readonly string[]): Fault =>
  fault(
    `DNS: ${name} is ${addresses.join(', ')}, which only this network reaches`,
    'the DNS server of this network answers otherwise than the world’s: name one of those, such as resolver: 1.1.1.1',
  )
