import { isIP } from 'node:net'
import { int, text } from '../../module/params.ts'

/** A server's name is part of every name on it and cannot be changed; a port in it would move Synapse's listener. */
export const serverName = () =>
  text().refine((name) => /^(?=.{1,230}$)[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(name), {
    error: 'expected a domain in lower case without a port, such as example.com',
  })

/** Where a server's clients find it. */
export const hostname = () =>
  text().refine((name) => /^(?=.{1,253}$)[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(name), {
    error: 'expected a host name, such as matrix.example.com',
  })

export const port = () => int().refine((number) => number >= 1 && number <= 65_535, { error: 'expected a port, from 1 to 65535' })

const LARGEST = 1024 ** 3

/** Bytes of a file that the controller makes up and holds in memory. */
export const fileSize = () =>
  int().refine((bytes) => bytes >= 1 && bytes <= LARGEST, { error: 'expected a number of bytes, from 1 to 1 GiB (1073741824)' })

/** Whether it is the address of a DNS server, as `setServers` of node:dns takes it. */
export function isResolver(given: string): boolean {
  const [, v6, v4, port] = /^(?:\[([^\]]+)\]|([\d.]+))(?::(\d{1,5}))?$/.exec(given) ?? []
  return isIP(given) !== 0 || (isIP(v6 ?? v4 ?? '') === (v6 ? 6 : 4) && Number(port ?? 53) >= 1 && Number(port ?? 53) <= 65_535)
}
