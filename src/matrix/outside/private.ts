import { BlockList, isIP, isIPv6 } from 'node:net'

/** Networks that are no part of the public one (IANA's registries of special-purpose addresses): loopback, link-local, private, shared. */
const PRIVATE = new BlockList()
for (const [net, bits] of [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const)
  PRIVATE.addSubnet(net, bits, 'ipv4')
for (const [net, bits] of [
  ['::1', 128],
  ['fc00::', 7],
  ['fe80::', 10],
] as const)
  PRIVATE.addSubnet(net, bits, 'ipv6')

/** Whether nobody in the world reaches this address; what is none is reached by nobody. */
export const isPrivate = (address: string): boolean => !isIP(address) || PRIVATE.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
