import { isIPv6 } from 'node:net'

/** A host's key in the inventory: the hosts it names and the port written behind it. */
export interface HostKey {
  readonly names: readonly string[]
  readonly port?: number
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
const MOST = 65_536

/**
 * What a host's key stands for: `web[01:10:2].example.com` and `db-[a:f]` are ranges, `name:2222` and `[::1]:2222` carry a port.
 * A key that is none of these gives the reason as text. From Ansible's "Adding ranges of hosts": ranges are inclusive, leading
 * zeros are kept.
 */
export function readHostKey(key: string): HostKey | string {
  const [, bare = key, digits] = /^((?:[^:[\]]|\[[^\]]*\])+):(\d+)$/.exec(key) ?? []
  const port = digits === undefined ? undefined : Number(digits)
  if (port !== undefined && (port < 1 || port > 65_535)) return `${port} is no port: ports are 1 to 65535`
  const names = expand(unbracket(bare))
  return typeof names === 'string' ? names : { names, ...(port !== undefined && { port }) }
}

/** `[::1]` to `::1`; anything else as it is. */
const unbracket = (text: string): string => {
  const inside = /^\[(.*)\]$/.exec(text)?.[1]
  return inside !== undefined && isIPv6(inside) ? inside : text
}

function expand(name: string): string[] | string {
  if (name === '' || /[\s,]/.test(name)) return 'a host name holds no spaces or commas'
  const range = /^(.*?)\[([^\]]*)\](.*)$/.exec(name)
  if (!range) return /[[\]]/.test(name) ? 'a bracket stands alone' : [name]
  const [, before = '', inside = '', after = ''] = range
  const steps = sequence(inside)
  if (typeof steps === 'string') return `[${inside}]: ${steps}`
  const rest = after === '' ? [''] : expand(after)
  if (typeof rest === 'string') return rest
  if (steps.length * rest.length > MOST) return `it stands for ${steps.length * rest.length} hosts; ${MOST} is the most`
  return steps.flatMap((one) => rest.map((tail) => before + one + tail))
}

function sequence(text: string): string[] | string {
  const parts = text.split(':')
  const [begin = '', end = '', step = '1'] = parts
  if (parts.length < 2 || parts.length > 3 || end === '') return 'a range is written [1:10], [01:10:2] or [a:f]'
  if (!/^[1-9]\d*$/.test(step)) return 'the step of a range is a whole number above 0'
  if (/^[a-zA-Z]$/.test(begin) && /^[a-zA-Z]$/.test(end)) {
    const letters = LETTERS.slice(LETTERS.indexOf(begin), LETTERS.indexOf(end) + 1)
    return letters === '' ? 'a range must begin before it ends' : [...letters].filter((_, i) => i % Number(step) === 0)
  }
  const first = begin === '' ? '0' : begin
  if (!/^\d+$/.test(first) || !/^\d+$/.test(end)) return 'a range goes from number to number or from letter to letter'
  const padded = first.length > 1 && first.startsWith('0')
  if (padded && first.length !== end.length) return 'with leading zeros both ends must have the same number of digits'
  const count = Math.floor((Number(end) - Number(first)) / Number(step)) + 1
  if (count < 1) return 'a range must begin before it ends'
  if (count > MOST) return `it stands for ${count} hosts; ${MOST} is the most`
  return Array.from({ length: count }, (_, i) => String(Number(first) + i * Number(step)).padStart(padded ? first.length : 1, '0'))
}
