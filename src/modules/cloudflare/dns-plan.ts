import { apiOf, known, path } from '../../facts/cloudflare/api.ts'
import { cloudflareDns, type DnsName, type DnsRecord } from '../../facts/cloudflare/dns.ts'
import type { Change, Plan } from '../../module/define.ts'
import { plainContent, sentContent } from './dns-content.ts'
import type { DnsWant } from './dns-params.ts'
import { MARK, refuse } from './params.ts'
import { send } from './send.ts'

/** The record's name in full. */
export function fullName({ record, zone }: Pick<DnsWant, 'record' | 'zone'>): string {
  const name = record.toLowerCase().replace(/\.$/, '')
  if (name === '@') return zone
  return name === zone || name.endsWith(`.${zone}`) ? name : `${name}.${zone}`
}

export const dnsFact = (want: DnsWant) => cloudflareDns({ api: apiOf(want), zone: want.zone, name: fullName(want) })

const isOurs = (record: DnsRecord): boolean => record.comment?.includes(MARK) ?? false
const isTunnel = (content: string): boolean => content.endsWith('.cfargotunnel.com')
const ADDRESSES = ['A', 'AAAA', 'CNAME']

const isEqual = (want: DnsWant, record: DnsRecord): boolean =>
  record.type === want.type && plainContent(record.type, record.content) === plainContent(want.type, want.value!)

/** Records that cannot be beside the wanted one: a CNAME is alone among addresses, and of `solo` records there is one. */
function inTheWay(want: DnsWant, records: readonly DnsRecord[]): DnsRecord[] {
  const solo = want.solo ?? want.type !== 'TXT'
  return records.filter((one) => {
    if (one.type === want.type) return solo && !isEqual(want, one)
    return ADDRESSES.includes(one.type) && ADDRESSES.includes(want.type) && [one.type, want.type].includes('CNAME')
  })
}

const named = (record: Pick<DnsRecord, 'type' | 'content'>): string => `${record.type} ${record.content}`

function foreign(want: DnsWant, records: readonly DnsRecord[], what: string): Plan | undefined {
  const others = records.filter((one) => !isOurs(one))
  if (others.length === 0 || want.adopt) return undefined
  const which = others.map(named).join(', ')
  const way = `delete ${others.length === 1 ? 'it' : 'them'} at https://dash.cloudflare.com (${want.zone}, DNS), or set adopt: true to ${what}`
  return refuse(`${fullName(want)} has a record that was not made here: ${which}. ${way}`)
}

export function present(want: DnsWant, is: DnsName): Plan | Change[] {
  const others = inTheWay(want, is.records)
  const refused = foreign(want, others, 'replace it')
  if (refused) return refused
  const equal = is.records.find((one) => isEqual(want, one))
  const reused = equal ? undefined : others.find((one) => one.type === want.type)
  const gone = others.filter((one) => one !== reused)
  const changes = gone.map((one) => deletion(want, is, one))
  const kept = is.records.filter((one) => !others.includes(one) && one !== equal)
  const last = equal ? adjustment(want, is, equal) : reused ? adjustment(want, is, reused) : creation(want, is)
  const now = last?.record ?? equal
  const whole = last ? [...changes, last.change] : changes
  if (whole.length === 0) return []
  const makes = [dnsFact(want).will(known({ zone: is.zone, records: [...kept, ...(now ? [now] : [])] }))]
  return whole.map((one, i) => (i === whole.length - 1 ? { ...one, makes } : one))
}

const deletion = (want: DnsWant, is: DnsName, record: DnsRecord): Change => ({
  summary: `delete ${record.type} ${record.name} → ${record.content}`,
  steps: [send(want, 'DELETE', path`/zones/${is.zone}/dns_records/${record.id}`)],
  diff: { before: line(record), after: '' },
})

const commentOf = (want: DnsWant): string => (want.comment ? `${want.comment} (${MARK})` : MARK)

interface Planned {
  readonly change: Change
  readonly record: DnsRecord
}

function creation(want: DnsWant, is: DnsName): Planned {
  const proxied = want.proxied ?? isTunnel(want.value!)
  const content = sentContent(want.type, want.value!)
  const body = { type: want.type, name: fullName(want), content, ttl: proxied ? 1 : (want.ttl ?? 1), comment: commentOf(want) }
  const record = { ...body, ...(ADDRESSES.includes(want.type) && { proxied }) }
  const change = {
    summary: `create ${want.type} ${body.name} → ${want.value}${proxied ? ', proxied' : ''}`,
    steps: [send(want, 'POST', path`/zones/${is.zone}/dns_records`, { json: record })],
    diff: { before: '', after: line(record) },
  }
  return { change, record: { ...record, id: '' } }
}

function adjustment(want: DnsWant, is: DnsName, record: DnsRecord): Planned | undefined {
  const differs: Partial<DnsRecord> = {}
  const said: string[] = []
  const set = <K extends 'content' | 'proxied' | 'ttl' | 'comment'>(key: K, value: DnsRecord[K]) => {
    Object.assign(differs, { [key]: value })
    said.push(`${key} ${String(record[key] ?? 'none')} → ${String(value)}`)
  }
  if (!isEqual(want, record)) set('content', sentContent(want.type, want.value!))
  const proxied = want.proxied ?? (isTunnel(want.value!) ? true : (record.proxied ?? false))
  if (proxied !== (record.proxied ?? false)) set('proxied', proxied)
  if (!proxied && want.ttl !== undefined && want.ttl !== record.ttl) set('ttl', want.ttl)
  if (isOurs(record) && want.comment !== undefined && record.comment !== commentOf(want)) set('comment', commentOf(want))
  // what is changed becomes ours; a record that is as wanted stays whose it is
  else if (said.length > 0 && !isOurs(record)) Object.assign(differs, { comment: commentOf(want) })
  if (Object.keys(differs).length === 0) return undefined
  const after = { ...record, ...differs }
  const change = {
    summary: `${record.type} ${record.name}: ${said.join(', ')}`,
    steps: [send(want, 'PATCH', path`/zones/${is.zone}/dns_records/${record.id}`, { json: differs })],
    diff: { before: line(record), after: line(after) },
  }
  return { change, record: after }
}

const line = (one: Omit<DnsRecord, 'id'>): string =>
  `${one.name} ${one.ttl === 1 ? 'auto' : one.ttl} ${one.type} ${one.content}${one.proxied ? ' proxied' : ''}${one.comment ? ` ; ${one.comment}` : ''}\n`

export function absent(want: DnsWant, is: DnsName): Plan | Change[] {
  const there = is.records.filter((one) => one.type === want.type && (want.value === undefined || isEqual(want, one)))
  const refused = foreign(want, there, 'delete it')
  if (refused) return refused
  const makes = [dnsFact(want).will(known({ zone: is.zone, records: is.records.filter((one) => !there.includes(one)) }))]
  return there.map((one, i) => ({ ...deletion(want, is, one), ...(i === there.length - 1 && { makes }) }))
}
