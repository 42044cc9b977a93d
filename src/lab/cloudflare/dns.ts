import { isIPv4, isIPv6 } from 'node:net'
import { z } from 'zod'
import { bodyOf, type Call, type Endpoint, Refusal, zoneOf } from './answer.ts'
import { newId, type RecordState, type ZoneState } from './world.ts'

const fields = {
  type: z.enum(['A', 'AAAA', 'CNAME', 'TXT']),
  name: z.string().min(1).max(255),
  content: z.string().min(1),
  proxied: z.boolean(),
  ttl: z.int().refine((seconds) => seconds === 1 || (seconds >= 60 && seconds <= 86_400), { error: 'ttl must be 1, or 60 to 86400' }),
  comment: z.string().max(100).nullable(),
}
const edit = z.strictObject(fields).partial()
const creation = z.strictObject({
  ...fields,
  proxied: fields.proxied.default(false),
  ttl: fields.ttl.default(1),
  comment: fields.comment.default(null),
})
type Body = z.output<typeof creation>

const HOST = /^(\*\.)?([a-z0-9_]([a-z0-9_-]*[a-z0-9])?\.)+[a-z0-9-]+$/i
const ADDRESSES = ['A', 'AAAA', 'CNAME']

function kept(type: Body['type'], content: string): string {
  if (type === 'AAAA') return new URL(`http://[${content}]`).hostname.slice(1, -1)
  return type === 'TXT' && !content.startsWith('"') ? `"${content}"` : content
}

/** Names are completed with the zone's, as the API does; text is kept in quotes. */
function recordOf(zone: ZoneState, body: Body, id: string): RecordState {
  const given = body.name.toLowerCase()
  const name = given === '@' ? zone.name : given === zone.name || given.endsWith(`.${zone.name}`) ? given : `${given}.${zone.name}`
  const invalid =
    (body.type === 'A' && !isIPv4(body.content)) ||
    (body.type === 'AAAA' && !isIPv6(body.content)) ||
    (body.type === 'CNAME' && !HOST.test(body.content))
  if (invalid) throw new Refusal(400, body.type === 'CNAME' ? 9007 : 9005, `Content for ${body.type} record is invalid.`)
  if (body.proxied && body.type === 'TXT') throw new Refusal(400, 9004, 'This record type cannot be proxied.')
  const content = kept(body.type, body.content)
  const record = { ...body, id, name, content, ttl: body.proxied ? 1 : body.ttl }
  for (const other of zone.records.filter((one) => one.id !== id && one.name === name)) {
    if (other.type === record.type && other.content === content) throw new Refusal(400, 81058, 'An identical record already exists.')
    const clash = ADDRESSES.includes(other.type) && ADDRESSES.includes(record.type) && [other.type, record.type].includes('CNAME')
    if (clash) throw new Refusal(400, 81053, 'An A, AAAA, or CNAME record with that host already exists.')
  }
  return record
}

const shown = (record: RecordState) => ({
  ...record,
  proxiable: record.type !== 'TXT',
  settings: {},
  meta: {},
  tags: [],
  created_on: '2026-11-01T00:00:00Z',
  modified_on: '2026-11-01T00:00:00Z',
})

function found(call: Call): { zone: ZoneState; record: RecordState; i: number } {
  const zone = zoneOf(call)
  const i = zone.records.findIndex((one) => one.id === call.at.record)
  if (i < 0) throw new Refusal(404, 81044, 'Record does not exist.')
  return { zone, record: zone.records[i]!, i }
}

const COLLECTION = '/zones/{zone}/dns_records'

export const dns: Endpoint[] = [
  {
    method: 'GET',
    path: COLLECTION,
    permission: 'Zone → DNS',
    query: ['name.exact', 'name', 'type', 'content'],
    answer: (call) => {
      const { searchParams } = call.url
      const name = searchParams.get('name.exact') ?? searchParams.get('name')
      const type = searchParams.get('type')
      const content = searchParams.get('content')
      const records = zoneOf(call).records.filter(
        (one) =>
          (name === null || one.name === name) &&
          (type === null || one.type === type) &&
          (content === null || one.content === content || one.content === `"${content}"`),
      )
      return { list: records.map(shown) }
    },
  },
  {
    method: 'POST',
    path: COLLECTION,
    permission: 'Zone → DNS',
    answer: (call) => {
      const zone = zoneOf(call)
      const record = recordOf(zone, bodyOf(call, creation), newId())
      zone.records.push(record)
      return { result: shown(record) }
    },
  },
  {
    method: 'PATCH',
    path: `${COLLECTION}/{record}`,
    permission: 'Zone → DNS',
    answer: (call) => {
      const { zone, record, i } = found(call)
      const changes = Object.entries(bodyOf(call, edit)).filter(([, value]) => value !== undefined)
      const changed = recordOf(zone, { ...(record as Body), ...Object.fromEntries(changes) }, record.id)
      zone.records[i] = changed
      return { result: shown(changed) }
    },
  },
  {
    method: 'DELETE',
    path: `${COLLECTION}/{record}`,
    permission: 'Zone → DNS',
    answer: (call) => {
      const { zone, record, i } = found(call)
      zone.records.splice(i, 1)
      return { result: { id: record.id } }
    },
  },
]
