import { factKind } from '../../module/fact.ts'
import { type Api, type Known, known, path, read } from './api.ts'
import { findZone } from './zone.ts'

export interface WorkerRoute {
  readonly id: string
  readonly pattern: string
  /** Undefined or null: requests of the pattern go by all Workers. */
  readonly script?: string | null
}

export interface WorkerRoutes {
  /** Of the zone. */
  readonly zone: string
  readonly routes: readonly WorkerRoute[]
}

/** All routes of a zone to Workers. The API has them in one page. */
export const cloudflareWorkerRoutes = factKind<{ readonly api: Api; readonly zone: string }, Known<WorkerRoutes>>({
  name: 'cloudflare-worker-routes',
  ask: async ({ api, zone: name }, http) => {
    const zone = await findZone(http, api, name)
    if (!zone.ok) return zone
    const routes = await read<WorkerRoute[] | null>(http, api, path`/zones/${zone.value.id}/workers/routes`)
    return routes.ok ? known({ zone: zone.value.id, routes: routes.value ?? [] }) : routes
  },
})
