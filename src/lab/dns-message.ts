/** What a name server is asked. */
export interface DnsQuestion {
  readonly id: number
  /** Whether the asker wants recursion. */
  readonly recursion: boolean
  /** Lower case, without the last dot. */
  readonly name: string
  /** `A`, `TXT` …; '' for a type not known here. */
  readonly type: string
  /** The question as it came, for the answer to repeat. */
  readonly bytes: Buffer
}

export interface DnsRecord {
  readonly name: string
  readonly type: DnsType
  /** An address, a name or a text; of SOA the two names. */
  readonly data: string
}

const TYPES = { A: 1, NS: 2, CNAME: 5, SOA: 6, TXT: 16, AAAA: 28 } as const
export type DnsType = keyof typeof TYPES

/** Seconds: what stands in a test's zone changes at once. */
const TTL = 1
const HEADER = 12

/** Reads the one question of a query; undefined when it is none (RFC 1035, 4.1). */
export function readQuestion(query: Buffer): DnsQuestion | undefined {
  if (query.length < HEADER || query[2]! & 0xf8 || query.readUInt16BE(4) !== 1) return undefined
  const labels: string[] = []
  let at = HEADER
  while (at < query.length && query[at] !== 0) {
    const length = query[at]!
    if (length > 63) return undefined
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  if (at + 5 > query.length) return undefined
  const code = query.readUInt16BE(at + 1)
  const type = Object.entries(TYPES).find(([, number]) => number === code)?.[0] ?? ''
  const name = labels.join('.').toLowerCase()
  return { id: query.readUInt16BE(0), recursion: (query[2]! & 1) === 1, name, type, bytes: query.subarray(HEADER, at + 5) }
}

const written = (name: string): Buffer =>
  Buffer.concat([
    ...name
      .split('.')
      .filter((label) => label !== '')
      .map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label, 'latin1')])),
    Buffer.from([0]),
  ])

const numbers = (...values: number[]): Buffer => {
  const bytes = Buffer.alloc(4 * values.length)
  values.forEach((value, i) => void bytes.writeUInt32BE(value, 4 * i))
  return bytes
}

/** The URL standard writes an IPv6 address with one gap at most. */
function sixteen(address: string): Buffer {
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const groups = (part: string | undefined) => (part ? part.split(':') : [])
  const [before, after] = [groups(head), groups(tail)]
  const all = [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after]
  return Buffer.from(all.map((group) => group.padStart(4, '0')).join(''), 'hex')
}

function dataOf({ type, data }: DnsRecord): Buffer {
  if (type === 'A') return Buffer.from(data.split('.').map(Number))
  if (type === 'AAAA') return sixteen(data)
  if (type === 'SOA') return Buffer.concat([...data.split(' ').map(written), numbers(1, 3600, 600, 86_400, TTL)])
  if (type !== 'TXT') return written(data)
  const text = Buffer.from(data)
  const pieces = Array.from({ length: Math.max(1, Math.ceil(text.length / 255)) }, (_, i) => text.subarray(255 * i, 255 * (i + 1)))
  return Buffer.concat(pieces.map((piece) => Buffer.concat([Buffer.from([piece.length]), piece])))
}

function recordBytes(record: DnsRecord): Buffer {
  const data = dataOf(record)
  const fixed = Buffer.alloc(10)
  fixed.writeUInt16BE(TYPES[record.type], 0)
  fixed.writeUInt16BE(1, 2)
  fixed.writeUInt32BE(TTL, 4)
  fixed.writeUInt16BE(data.length, 8)
  return Buffer.concat([written(record.name), fixed, data])
}

/** The answer to a question, authoritative. `exists` is whether there is such a name at all; `limit` is in bytes, beyond it only "ask by TCP" is said. */
export function writeAnswer(
  question: DnsQuestion,
  { records, authority, exists }: { records: readonly DnsRecord[]; authority: readonly DnsRecord[]; exists: boolean },
  limit = 65_535,
): Buffer {
  const whole = (cut: boolean) => {
    const header = Buffer.alloc(HEADER)
    header.writeUInt16BE(question.id, 0)
    header[2] = 0x84 | (cut ? 2 : 0) | (question.recursion ? 1 : 0)
    header[3] = 0x80 | (exists ? 0 : 3)
    header.writeUInt16BE(1, 4)
    header.writeUInt16BE(cut ? 0 : records.length, 6)
    header.writeUInt16BE(cut ? 0 : authority.length, 8)
    return Buffer.concat([header, question.bytes, ...(cut ? [] : [...records, ...authority].map(recordBytes))])
  }
  const answer = whole(false)
  return answer.length > limit ? whole(true) : answer
}
