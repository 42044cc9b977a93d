import { isIPv4, isIPv6 } from 'node:net'

export type Family = 4 | 6

/** What stands for any address of a family. */
export const ANY = { 4: '0.0.0.0/0', 6: '::/0' } as const

/** An address or network the way ufw writes it: networks of IPv4 without their host bits, no mask for a single host. */
export function address(given: string): { family: Family; text: string } | undefined {
  const [ip = '', mask, ...more] = given.split('/')
  if (more.length > 0) return undefined
  if (isIPv4(ip)) {
    const length = mask === undefined ? 32 : maskLength(mask)
    if (length === undefined) return undefined
    if (length === 32) return { family: 4, text: ip }
    const bits = ip.split('.').reduce((all, part) => all * 256 + Number(part), 0)
    const network = length === 0 ? 0 : (bits >>> (32 - length)) * 2 ** (32 - length)
    return { family: 4, text: `${[24, 16, 8, 0].map((shift) => Math.floor(network / 2 ** shift) % 256).join('.')}/${length}` }
  }
  if (!isIPv6(ip) || ip.includes('%')) return undefined
  if (mask !== undefined && !(/^\d+$/.test(mask) && Number(mask) <= 128)) return undefined
  const short = new URL(`http://[${ip}]/`).hostname.slice(1, -1)
  return { family: 6, text: mask === undefined || Number(mask) === 128 ? short : `${short}/${Number(mask)}` }
}

/** The length of a mask: 24, or 255.255.255.0. */
function maskLength(mask: string): number | undefined {
  if (/^\d+$/.test(mask)) return Number(mask) <= 32 ? Number(mask) : undefined
  if (!isIPv4(mask)) return undefined
  const bits = mask
    .split('.')
    .map((part) => Number(part).toString(2).padStart(8, '0'))
    .join('')
  return /^1*0*$/.test(bits) ? bits.replaceAll('0', '').length : undefined
}

/** Ports as ufw writes them, sorted; undefined for what are none. Names of services are not known here. */
export function ports(given: string): string | undefined {
  const parts = given.split(',')
  const good = parts.every((part) => {
    const [from, to, ...more] = part.split(':')
    const isPort = (text: string | undefined) => /^\d{1,5}$/.test(text ?? '') && Number(text) >= 1 && Number(text) <= 65535
    return isPort(from) && (to === undefined || (isPort(to) && Number(from) < Number(to))) && more.length === 0
  })
  // more than fifteen do not fit into one rule of iptables
  if (!good || parts.length + parts.filter((part) => part.includes(':')).length > 15) return undefined
  return parts.sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10)).join(',')
}

/** Whether a list of ports and ranges, or `any`, has a port in it. */
export const hasPort = (list: string, port: number): boolean =>
  list === 'any' ||
  list.split(',').some((part) => {
    const [from, to = from] = part.split(':').map(Number)
    return port >= from! && port <= to!
  })
