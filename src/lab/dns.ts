import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, isIPv4, isIPv6, type Socket } from 'node:net'
import { lookUp, type World } from './cloudflare/world.ts'
import { type DnsQuestion, type DnsRecord, type DnsType, readQuestion, writeAnswer } from './dns-message.ts'

export interface DnsOptions {
  /** Zones of the stand-in of Cloudflare; what changes in them is answered at once. */
  readonly world?: World
  /** Addresses by name, for names outside the zones or before them. Read at each question, so that hosts can be added. */
  readonly names?: Readonly<Record<string, string | readonly string[]>>
  /** The address that proxied records lead to, as Cloudflare answers its own; without it they have none. */
  readonly edge?: string
  /** Resolvers that all other questions go to, port 53; without them other names do not exist. */
  readonly forward?: readonly string[]
  /** Where it listens. */
  readonly address: string
  /** 53 unless told, or any where that is taken. */
  readonly port?: number
}

export interface DnsServer {
  readonly address: string
  readonly port: number
  close(): Promise<void>
}

const UDP_LIMIT = 512
const LONGEST_CHAIN = 8

const asList = (given: string | readonly string[] | undefined): readonly string[] =>
  given === undefined ? [] : typeof given === 'string' ? [given] : given

/** Every record of a name, as the world would see it. */
function recordsOf({ world, names = {}, edge, address }: DnsOptions, name: string): DnsRecord[] {
  const record = (type: DnsType, data: string): DnsRecord => ({ name, type, data })
  const addresses = (list: readonly string[]) => list.map((one) => record(isIPv6(one) ? 'AAAA' : 'A', one))
  const given = asList(Object.entries(names).find(([one]) => one.toLowerCase() === name)?.[1])
  if (given.length > 0) return addresses(given)
  const zone = world?.zones.find((one) => one.name === name)
  const server = `ns.${zone?.name}`
  const apex = zone ? [record('NS', server), record('SOA', `${server} dns.${zone.name}`)] : []
  // the server of a zone is this one
  if (world?.zones.some((one) => name === `ns.${one.name}`)) return addresses([address])
  const kept = (world?.zones ?? []).flatMap((one) => one.records).filter((one) => one.name === name)
  const proxied = kept.some((one) => one.proxied) && edge !== undefined ? addresses([edge]) : []
  const plain = [...new Set(kept.filter((one) => !one.proxied).map((one) => one.type))].flatMap((type) =>
    lookUp(world!, name, type).map((data) => record(type as DnsType, data)),
  )
  return [...apex, ...proxied, ...plain]
}

function answer(options: DnsOptions, question: DnsQuestion, limit?: number): Buffer {
  const records: DnsRecord[] = []
  let name = question.name
  for (let links = 0; links < LONGEST_CHAIN; links++) {
    const all = recordsOf(options, name)
    records.push(...all.filter((one) => one.type === question.type))
    const link = all.find((one) => one.type === 'CNAME')
    if (!link || question.type === 'CNAME') break
    records.push(link)
    name = link.data.toLowerCase().replace(/\.$/, '')
  }
  const known = [
    ...Object.keys(options.names ?? {}),
    ...(options.world?.zones ?? []).flatMap((zone) => [zone.name, `ns.${zone.name}`, ...zone.records.map((one) => one.name)]),
  ].map((one) => one.toLowerCase())
  // a name with others below it is there too, though it holds nothing (RFC 8020)
  const exists = known.some((one) => one === question.name || one.endsWith(`.${question.name}`))
  const zone = options.world?.zones.find((one) => question.name === one.name || question.name.endsWith(`.${one.name}`))
  const authority = records.length > 0 || !zone ? [] : recordsOf(options, zone.name).filter((one) => one.type === 'SOA')
  return writeAnswer(question, { records, authority, exists }, limit)
}

/** Whether a name is answered here. */
function isOurs({ world, names = {} }: DnsOptions, name: string): boolean {
  const zones = (world?.zones ?? []).some((zone) => name === zone.name || name.endsWith(`.${zone.name}`))
  // a given name is here with all that is below it
  return zones || Object.keys(names).some((one) => name === one.toLowerCase() || name.endsWith(`.${one.toLowerCase()}`))
}

const FORWARD_MS = 5000

/** Asks other resolvers, and passes on the first answer. */
function passOn(resolvers: readonly string[], query: Buffer, reply: (answer: Buffer) => void): void {
  const socket = createSocket('udp4')
  const timer = setTimeout(() => socket.close(), FORWARD_MS)
  socket.once('message', (answered) => {
    clearTimeout(timer)
    socket.close()
    reply(answered)
  })
  // the asker asks again, or gives up
  socket.on('error', () => undefined)
  for (const resolver of resolvers) socket.send(query, 53, resolver)
}

/** The rest of a conversation over TCP is another resolver's. */
function handOver(socket: Socket, begun: Buffer, resolver: string): void {
  const other = connect(53, resolver)
  other.on('error', () => socket.destroy())
  socket.on('close', () => other.destroy())
  other.write(begun)
  socket.pipe(other).pipe(socket)
}

/** Messages over TCP have their length before them (RFC 1035, 4.2.2). */
function converse(options: DnsOptions, socket: Socket): void {
  let rest = Buffer.alloc(0)
  const answerAll = (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= 2 && rest.length >= 2 + rest.readUInt16BE(0)) {
      const end = 2 + rest.readUInt16BE(0)
      const question = readQuestion(rest.subarray(2, end))
      const [resolver] = options.forward ?? []
      if (resolver !== undefined && !(question && isOurs(options, question.name))) {
        socket.off('data', answerAll)
        return handOver(socket, rest, resolver)
      }
      rest = rest.subarray(end)
      if (!question) return void socket.destroy()
      const reply = answer(options, question)
      const length = Buffer.alloc(2)
      length.writeUInt16BE(reply.length)
      socket.write(Buffer.concat([length, reply]))
    }
  }
  socket.on('error', () => socket.destroy())
  socket.on('data', answerAll)
}

/**
 * A name server over UDP and TCP for a lab: the zones of the stand-in of Cloudflare and the names given, nothing else in the world.
 * It answers resolvers and stub resolvers alike. It does not keep the process alive.
 */
export async function serveDns(options: DnsOptions): Promise<DnsServer> {
  const { address } = options
  const listen = async (wanted: number) => {
    const tcp = createServer((socket) => converse(options, socket))
    const udp = createSocket(isIPv4(address) ? 'udp4' : 'udp6')
    tcp.listen(wanted, address)
    try {
      await once(tcp, 'listening')
      const { port } = tcp.address() as AddressInfo
      udp.bind(port, address)
      await once(udp, 'listening')
      return { tcp, udp, port }
    } catch (error) {
      tcp.close()
      udp.close()
      throw error
    }
  }
  const { tcp, udp, port } = await listen(options.port ?? 53).catch((error: NodeJS.ErrnoException) => {
    if (options.port !== undefined || (error.code !== 'EADDRINUSE' && error.code !== 'EACCES')) throw error
    // the number that TCP got may be taken for UDP
    return listen(0).catch(() => listen(0))
  })
  tcp.unref()
  udp.unref()
  const sockets = new Set<Socket>()
  tcp.on('connection', (socket) => {
    socket.unref()
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  udp.on('message', (query, from) => {
    const question = readQuestion(query)
    if (options.forward && !(question && isOurs(options, question.name)))
      return passOn(options.forward, query, (answered) => udp.send(answered, from.port, from.address))
    if (question) udp.send(answer(options, question, UDP_LIMIT), from.port, from.address)
  })
  const close = async () => {
    for (const socket of sockets) socket.destroy()
    await Promise.all([new Promise<void>((done) => tcp.close(() => done())), new Promise<void>((done) => udp.close(() => done()))])
  }
  return { address, port, close }
}
