import type { Http } from '../../module/http.ts'
import { type Api, type Known, known, path, read, readAll } from './api.ts'

export interface Zone {
  readonly id: string
  readonly name: string
  /** active; pending until the domain's registrar names Cloudflare's servers. */
  readonly status: string
  readonly account: { readonly id: string }
}

/** A zone by its name. */
export async function findZone(http: Http, api: Api, name: string): Promise<Known<Zone>> {
  const zones = await read<Zone[] | null>(http, api, path`/zones?name=${name}`)
  if (!zones.ok) return zones
  const zone = zones.value?.find((one) => one.name === name)
  if (zone) return known(zone)
  const way = 'give the domain itself and no name below it, add it at https://dash.cloudflare.com, and let the token see it'
  return { ok: false, missing: true, why: `the token sees no zone "${name}": ${way}` }
}

/** The account by its id, as the owner of a zone, or as the only one that the token sees. */
export async function findAccount(
  http: Http,
  api: Api,
  { account, zone }: { readonly account?: string | undefined; readonly zone?: string | undefined },
): Promise<Known<string>> {
  if (account !== undefined) return known(account)
  if (zone !== undefined) {
    const found = await findZone(http, api, zone)
    return found.ok ? known(found.value.account.id) : found
  }
  const accounts = await readAll<{ id: string; name: string }>(http, api, '/accounts?direction=asc')
  if (!accounts.ok) return accounts
  const [only, ...others] = accounts.value
  if (only && others.length === 0) return known(only.id)
  const seen = only ? `the token sees ${accounts.value.length} accounts` : 'the token sees no account'
  return { ok: false, why: `${seen}: set account_id (in the dashboard's address, after dash.cloudflare.com/), or zone` }
}
