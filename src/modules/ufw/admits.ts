import { BlockList, isIPv6 } from 'node:net'
import type { SshConnection, Ufw } from '../../facts/ufw.ts'
import { type Family, hasPort } from './address.ts'
import { parseRule, type Rule } from './rule.ts'

/** Whether a firewall would let the connection in anew that this very task came by: the first rule that is about it decides, else the policy. */
export function admits(is: Ufw, ssh: SshConnection): boolean {
  if (!is.running && !is.atBoot) return true
  const client = ssh.client.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*/, '')
  const family: Family = isIPv6(client) ? 6 : 4
  // ufw's own rules before the user's accept everything on the loopback interface; without IPV6 they drop all other IPv6
  if (ssh.interface === 'lo') return true
  if (family === 6 && !is.ipv6) return false
  const server = ssh.server.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*/, '')
  const about = (rule: Rule) =>
    !rule.route &&
    /^in(?:_|$)/.test(rule.way) &&
    (rule.way === 'in' || ssh.interface === '' || rule.way === `in_${ssh.interface}`) &&
    (rule.proto === 'any' || rule.proto === 'tcp') &&
    hasPort(rule.dport, ssh.port) &&
    rule.sport === 'any' &&
    within(client, rule.src, family) &&
    within(server, rule.dst, family)
  const first = (family === 6 ? is.rules6 : is.rules).map(parseRule).find((rule) => rule && about(rule))
  return (first?.action ?? is.policies.incoming).replace('limit', 'allow') === 'allow'
}

function within(ip: string, network: string, family: Family): boolean {
  const [base = '', length = family === 6 ? '128' : '32'] = network.split('/')
  const list = new BlockList()
  list.addSubnet(base, Number(length), family === 6 ? 'ipv6' : 'ipv4')
  return list.check(ip, family === 6 ? 'ipv6' : 'ipv4')
}
