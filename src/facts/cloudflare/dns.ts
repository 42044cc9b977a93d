import { factKind } from '../../module/fact.ts'
import { type Api, type Known, known, path, readAll } from './api.ts'
import { findZone } from './zone.ts'

export interface DnsRecord {
  readonly id: string
  readonly name: string
  readonly type: string
  readonly content: string
  readonly proxied?: boolean
  /** Seconds; 1 is Cloudflare's own choice. */
  readonly ttl: number
  readonly comment?: string | null
}

export interface DnsName {
  /** Of the zone. */
  readonly zone: string
  readonly records: readonly DnsRecord[]
}

interface Key {
  readonly api: Api
  readonly zone: string
  /** In full. */
  readonly name: string
}

/** All records of a name, whatever their type. */
export const cloudflareDns = factKind<Key, Known<DnsName>>({
  name: 'cloudflare-dns',
  ask: async ({ api, zone: zoneName, name }, http) => {
    const zone = await findZone(http, api, zoneName)
    if (!zone.ok) return zone
    const { id } = zone.value
    const records = await readAll<DnsRecord>(http, api, path`/zones/${id}/dns_records?name.exact=${name}`)
    return records.ok ? known({ zone: id, records: records.value.filter((one) => one.name.toLowerCase() === name) }) : records
  },
})
