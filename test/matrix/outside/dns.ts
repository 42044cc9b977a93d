import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { isIP } from 'node:net'
import type { ExecutionContext } from 'ava'

/** What a name has: addresses, a CNAME, SRV records (`port target`), or a server failure. */
export type Zone = Record<
  string,
  { a?: string[]; aaaa?: string[]; cname?: string; srv?: { port: number; target: string; priority?: number }[]; broken?: true }
>

const TYPE = { a: 1, cname: 5, aaaa: 28, srv: 33 }

/** A DNS server on loopback (RFC 1035, over UDP) that answers from a zone, which may be changed; its `address:port`. */
export async function serveZone(t: ExecutionContext, zone: Zone): Promise<string> {
  const socket = createSocket('udp4')
  socket.on('message', (question, from) => socket.send(answerTo(question, zone), from.port, from.address))
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  t.teardown(() => socket.close())
  return `127.0.0.1:${socket.address().port}`
}

function answerTo(question: Buffer, zone: Zone): Buffer {
  const labels: string[] = []
  let at = 12
  for (; question[at] !== 0; at += question[at]! + 1) labels.push(question.toString('latin1', at + 1, at + 1 + question[at]!))
  const type = question.readUInt16BE(at + 1)
  const asked = question.subarray(12, at + 5)
  const name = labels.join('.').toLowerCase()
  const found = zone[name]
  const records: { name: string; type: number; data: Buffer }[] = []
  const add = (owner: string, kind: number, data: Buffer) => records.push({ name: owner, type: kind, data })
  let end = name
  if (found?.cname !== undefined && type !== TYPE.srv) {
    add(name, TYPE.cname, encoded(found.cname))
    end = found.cname
  }
  const there = zone[end]
  if (type === TYPE.a) for (const address of there?.a ?? []) add(end, TYPE.a, Buffer.from(address.split('.').map(Number)))
  if (type === TYPE.aaaa) for (const address of there?.aaaa ?? []) add(end, TYPE.aaaa, v6(address))
  if (type === TYPE.srv)
    for (const { port, target, priority = 0 } of there?.srv ?? [])
      add(end, TYPE.srv, Buffer.concat([numbers(priority, 0, port), encoded(target)]))
  const rcode = there?.broken ? 2 : found ? 0 : 3
  const header = Buffer.concat([question.subarray(0, 2), numbers(0x8580 | rcode, 1, records.length, 0, 0)])
  const bodies = records.map((one) => Buffer.concat([encoded(one.name), numbers(one.type, 1, 0, 60, one.data.length), one.data]))
  return Buffer.concat([header, asked, ...bodies])
}

const numbers = (...values: number[]): Buffer => Buffer.from(values.flatMap((value) => [value >> 8, value & 0xff]))

const encoded = (name: string): Buffer =>
  Buffer.concat([
    ...name
      .split('.')
      .filter(Boolean)
      .map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)])),
    Buffer.from([0]),
  ])

/** Written out, or with one `::`. */
function v6(address: string): Buffer {
  if (isIP(address) !== 6) throw new Error(`${address} is no IPv6 address`)
  const [head = '', tail = ''] = address.split('::')
  const groups = (part: string) =>
    part
      .split(':')
      .filter(Boolean)
      .map((one) => Number.parseInt(one, 16))
  const [first, last] = [groups(head), groups(tail)]
  return numbers(...first, ...Array<number>(8 - first.length - last.length).fill(0), ...last)
}
