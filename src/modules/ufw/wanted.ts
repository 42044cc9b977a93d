import type { Ufw } from '../../facts/ufw.ts'
import { type Sh, sh } from '../../module/shell.ts'
import { ANY, address, type Family, ports } from './address.ts'
import { type Want, wayOf } from './params.ts'
import { isRule, parseRule, type Rule, ruleLine, sameTraffic } from './rule.ts'

/** The rules a task is about, by the family of the list they stand in. */
export type Wanted = { readonly [F in Family]: readonly Rule[] }

/** The profile of this name, in whatever case. */
const profileOf = (is: Ufw, name: string): string | undefined =>
  Object.hasOwn(is.profiles, name) ? name : Object.keys(is.profiles).find((one) => one.toLowerCase() === name.toLowerCase())

/** What the task's rule is for ufw, or why it cannot be one. */
export function wantedRules(want: Want, is: Ufw): Wanted | { readonly failure: string } {
  const [source, destination] = [address(want.from_ip), address(want.to_ip)]
  const given = source?.family ?? destination?.family
  if (given === 6 && !is.ipv6) return { failure: 'a rule for IPv6 needs IPV6=yes in /etc/default/ufw' }
  const only4 = want.proto === 'ipv6' || want.proto === 'igmp'
  if (given === 6 && only4) return { failure: `${want.proto} is a protocol of IPv4` }
  const app = want.name === undefined ? '' : profileOf(is, want.name)
  if (app === undefined) {
    const known = Object.keys(is.profiles).sort().join(', ') || 'none'
    return { failure: `there is no application profile ${want.name}: the host has ${known}` }
  }
  const traffic = app
    ? is.profiles[app]!.split('|').map((one) => {
        const [list = '', proto = 'any'] = one.split('/')
        return { proto, dport: ports(list) ?? list }
      })
    : [{ proto: want.proto ?? 'any', dport: want.to_port === undefined ? 'any' : ports(want.to_port)! }]
  const rules = (family: Family) =>
    traffic.map(
      (one): Rule => ({
        ...one,
        route: want.route,
        action: want.rule!,
        log: want.log ? 'log' : '',
        sport: want.from_port === undefined ? 'any' : ports(want.from_port)!,
        src: source?.text ?? ANY[family],
        dst: destination?.text ?? ANY[family],
        dapp: app,
        sapp: '',
        way: way(want),
        // ufw takes a rule away whatever its comment is
        comment: want.delete ? '' : (want.comment ?? ''),
      }),
    )
  return { 4: given === 6 ? [] : rules(4), 6: given === 4 || only4 || !is.ipv6 ? [] : rules(6) }
}

function way(want: Want): string {
  const direction = wayOf(want)
  const incoming = want.interface_in ?? (direction === 'in' ? want.interface : undefined)
  const outgoing = want.interface_out ?? (direction === 'out' ? want.interface : undefined)
  const both = [incoming && `in_${incoming}`, outgoing && `out_${outgoing}`].filter((part) => part)
  return both.join('!') || (want.route ? 'in' : direction)
}

const LISTS = { 4: 'rules', 6: 'rules6' } as const
const FAMILIES: readonly Family[] = [4, 6]

/** Whether all of them are there; with `any`, whether one is. */
export function present(is: Ufw, wanted: Wanted, how: 'all' | 'any'): boolean {
  const found = FAMILIES.flatMap((family) => {
    const rules = is[LISTS[family]].map(parseRule)
    return wanted[family].map((want) => rules.some((rule) => rule !== undefined && isRule(rule, want)))
  })
  return how === 'all' ? found.every((one) => one) : found.includes(true)
}

/** The firewall once ufw has added them: in place of a rule about the same traffic, at a place, or at the end. */
export function withRules(is: Ufw, wanted: Wanted, at?: number): Ufw {
  const added = (family: Family) => {
    const list = [...is[LISTS[family]]]
    wanted[family].forEach((want, i) => {
      const found = list.findIndex((line) => {
        const rule = parseRule(line)
        return rule !== undefined && sameTraffic(rule, want)
      })
      const place = at === undefined ? -1 : at - 1 + i - (family === 6 ? is.rules.length : 0)
      if (found >= 0) list[found] = ruleLine(want)
      else if (place >= 0 && place < list.length) list.splice(place, 0, ruleLine(want))
      else list.push(ruleLine(want))
    })
    return list
  }
  return { ...is, rules: added(4), rules6: added(6) }
}

/** And once it has taken them away. */
export function withoutRules(is: Ufw, wanted: Wanted): Ufw {
  const left = (family: Family) =>
    is[LISTS[family]].filter((line) => {
      const rule = parseRule(line)
      return rule === undefined || !wanted[family].some((want) => isRule(rule, { ...want, comment: '' }))
    })
  return { ...is, rules: left(4), rules6: left(6) }
}

/**
 * The number a new rule gets in `ufw status numbered`, IPv4 first; undefined behind the last: it is appended. ufw refuses a rule of one
 * family at a number of the other's: there it gets the same place in its own list.
 */
export function insertAt(want: Want, is: Ufw, wanted: Wanted): number | undefined {
  if (want.insert === undefined) return undefined
  const [v4, all] = [is.rules.length, is.rules.length + is.rules6.length]
  const from = {
    zero: 0,
    'first-ipv4': 1,
    'last-ipv4': Math.max(v4, 1),
    'first-ipv6': v4 + 1,
    'last-ipv6': is.rules6.length > 0 ? all : all + 1,
  }[want.insert_relative_to]
  const asked = Math.max(from + want.insert, 1)
  const counts6 = want.insert_relative_to.endsWith('ipv6')
  const at = wanted[4].length > 0 || asked > v4 ? asked : counts6 ? v4 + 1 : v4 + asked
  const last = wanted[6].length > 0 ? all : v4
  return at > last ? undefined : at
}

/** The command line of a rule, in ufw's full syntax (ufw(8), RULE SYNTAX). */
export function ruleCommand(want: Want, is: Ufw, at: number | undefined): Sh {
  const direction = wayOf(want)
  const incoming = want.interface_in ?? (direction === 'in' ? want.interface : undefined)
  const outgoing = want.interface_out ?? (direction === 'out' ? want.interface : undefined)
  const on = [...(incoming === undefined ? [] : ['in', 'on', incoming]), ...(outgoing === undefined ? [] : ['out', 'on', outgoing])]
  const app = want.name === undefined ? undefined : profileOf(is, want.name)
  const words = [
    ...(want.route ? ['route'] : []),
    ...(want.delete ? ['delete'] : []),
    ...(at === undefined ? [] : ['insert', at]),
    want.rule!,
    ...(on.length > 0 || want.route ? on : [direction]),
    ...(want.log ? ['log'] : []),
    ...(want.proto === undefined || want.proto === 'any' ? [] : ['proto', want.proto]),
    ...['from', want.from_ip, ...(want.from_port === undefined ? [] : ['port', want.from_port])],
    ...['to', want.to_ip, ...(want.to_port === undefined ? [] : ['port', want.to_port]), ...(app === undefined ? [] : ['app', app])],
    ...(want.comment === undefined || want.delete ? [] : ['comment', want.comment]),
  ]
  return sh`ufw ${words}`
}
