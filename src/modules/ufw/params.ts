import { z } from 'zod'
import { bool, int, text } from '../../module/params.ts'
import { address, ports } from './address.ts'

const PORTLESS = ['ipv6', 'esp', 'ah', 'igmp', 'gre', 'vrrp']

const ip = () =>
  text()
    .refine((given) => given === 'any' || address(given) !== undefined, { error: 'expected an address, a network (10.0.0.0/8) or any' })
    .default('any')
const port = () =>
  text()
    .refine((given) => ports(given) !== undefined, { error: 'expected ports by number: 80, "80,443" or "6000:6100"' })
    .optional()
const device = () =>
  text()
    .refine((name) => /^[^\s/!]{1,15}$/.test(name), { error: 'expected the name of a network interface' })
    .optional()

const DIRECTION = { in: 'in', incoming: 'in', out: 'out', outgoing: 'out', routed: 'routed' } as const

export const params = z
  .strictObject({
    state: z
      .enum(['enabled', 'disabled', 'reloaded', 'reset'])
      .optional()
      .describe(
        'enabled and disabled: now and at boot. reloaded: read its files again. reset: disabled and without rules; defaults and logging stay.',
      ),
    default: z
      .enum(['allow', 'deny', 'reject'])
      .optional()
      .meta({ aliases: ['policy'] })
      .describe('What happens to traffic that no rule is about, by `direction` (incoming, unless that says outgoing or routed).'),
    rule: z.enum(['allow', 'deny', 'limit', 'reject']).optional().describe('The rule to add, or with `delete` to take away.'),
    direction: z
      .enum(['in', 'incoming', 'out', 'outgoing', 'routed'])
      .optional()
      .describe('in (the default) or out for a rule; incoming, outgoing or routed for a default.'),
    from_ip: ip()
      .meta({ aliases: ['from', 'src'] })
      .describe('Source: an address, a network or any.'),
    from_port: port().describe('Source ports: one, several with commas, a range with a colon.'),
    to_ip: ip()
      .meta({ aliases: ['to', 'dest'] })
      .describe('Destination: an address, a network or any.'),
    to_port: port()
      .meta({ aliases: ['port'] })
      .describe('Destination ports: one, several with commas, a range with a colon.'),
    proto: z
      .enum(['any', 'tcp', 'udp', ...PORTLESS])
      .optional()
      .meta({ aliases: ['protocol'] })
      .describe('Protocol.'),
    name: text()
      .refine((given) => /^[\w .+-]+$/.test(given), { error: 'expected the name of an application profile' })
      .optional()
      .meta({ aliases: ['app'] })
      .describe('An application profile (`ufw app list`) in place of `to_port` and `proto`.'),
    interface: device()
      .meta({ aliases: ['if'] })
      .describe('Only on this interface, by `direction`.'),
    interface_in: device()
      .meta({ aliases: ['if_in'] })
      .describe('Only what comes in by this interface.'),
    interface_out: device()
      .meta({ aliases: ['if_out'] })
      .describe('Only what goes out by this interface.'),
    route: bool().default(false).describe('The rule is about traffic that the host forwards.'),
    insert: int().optional().describe('Place of a new rule, counted from `insert_relative_to`. One behind the last is appended.'),
    insert_relative_to: z
      .enum(['zero', 'first-ipv4', 'last-ipv4', 'first-ipv6', 'last-ipv6'])
      .default('zero')
      .describe('What `insert` counts from: zero makes 1 the first rule, the others make 0 the rule of that name.'),
    comment: text()
      .refine((given) => !/['\r\n]/.test(given), { error: 'ufw takes no comment with an apostrophe or a line break' })
      .optional()
      .describe('A comment on the rule.'),
    delete: bool().default(false).describe('Take the rule away.'),
    log: bool().default(false).describe('Log new connections that the rule is about.'),
    logging: z.enum(['on', 'off', 'low', 'medium', 'high', 'full']).optional().describe('How much is logged.'),
  })
  .superRefine((want, context) => {
    const issue = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message })
    if (!want.state && !want.default && !want.rule && !want.logging) issue('state', 'one of state, default, rule and logging is required')
    if (want.default && (want.direction === 'in' || want.direction === 'out'))
      issue('direction', 'a default is for incoming, outgoing or routed')
    if (!want.rule) {
      if (want.delete || want.insert !== undefined || want.to_port !== undefined || want.name !== undefined)
        issue('rule', 'rule is required')
      return
    }
    if (want.direction === 'routed') issue('direction', 'a rule for forwarded traffic is said with route: true')
    const [source, destination] = [address(want.from_ip), address(want.to_ip)]
    if (source && destination && source.family !== destination.family) issue('to_ip', 'source and destination are of different families')
    if (want.interface !== undefined && (want.interface_in ?? want.interface_out) !== undefined)
      issue('interface', 'parameters are mutually exclusive: interface|interface_in, interface|interface_out')
    if (want.interface !== undefined && want.direction === undefined) issue('direction', 'direction is required with interface')
    if (want.route && want.interface === undefined && want.direction !== undefined)
      issue('direction', 'direction has no meaning with route: give interface_in, interface_out')
    if (!want.route && want.interface_in !== undefined && want.interface_out !== undefined)
      issue('interface_out', 'only a rule with route: true has both interface_in and interface_out')
    if (!want.route && want.interface_in !== undefined && DIRECTION[want.direction ?? 'in'] === 'out')
      issue('interface_in', 'a rule for outgoing traffic has interface_out')
    if (!want.route && want.interface_out !== undefined && DIRECTION[want.direction ?? 'out'] === 'in')
      issue('interface_out', 'a rule for incoming traffic has interface_in')
    if (want.name !== undefined && (want.to_port !== undefined || want.proto !== undefined))
      issue('name', 'an application profile has ports and protocol of its own')
    const several = [want.to_port, want.from_port].some((given) => given !== undefined && /[,:]/.test(given))
    if (several && want.proto !== 'tcp' && want.proto !== 'udp') issue('proto', 'several ports need proto: tcp or udp')
    if ((want.to_port ?? want.from_port) !== undefined && PORTLESS.includes(want.proto ?? '')) issue('proto', `${want.proto} has no ports`)
    if (want.delete && want.insert !== undefined) issue('insert', 'parameters are mutually exclusive: delete|insert')
    if (want.insert !== undefined && want.insert < (want.insert_relative_to === 'zero' ? 1 : Number.NEGATIVE_INFINITY))
      issue('insert', 'the first rule is number 1')
  })

export type Want = z.output<typeof params>

/** in or out, of a rule that is not for forwarded traffic. */
export const wayOf = (want: Want): 'in' | 'out' =>
  want.direction === undefined
    ? want.interface_out !== undefined && !want.route
      ? 'out'
      : 'in'
    : DIRECTION[want.direction] === 'out'
      ? 'out'
      : 'in'
