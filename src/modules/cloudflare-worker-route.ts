import { z } from 'zod'
import { apiOf, known, path } from '../facts/cloudflare/api.ts'
import { cloudflareWorkerRoutes, type WorkerRoute, type WorkerRoutes } from '../facts/cloudflare/worker-routes.ts'
import { type Change, changes, defineModule, type Plan } from '../module/define.ts'
import { bool, text } from '../module/params.ts'
import { apiParams, refuse, unseen, zoneParam } from './cloudflare/params.ts'
import { send } from './cloudflare/send.ts'

const params = z
  .strictObject({
    zone: zoneParam(),
    pattern: text()
      .refine((pattern) => /^(https?:\/\/)?[^/\s?#]+\/[^\s?#]*$/.test(pattern), {
        error: 'expected a host and a path without query, such as example.com/.well-known/matrix/client*',
      })
      .refine((pattern) => !/\*./.test(pattern.replace(/^(https?:\/\/)?[^/]+/, '')), {
        error: 'a * in a path can only be its last character',
      })
      .describe(
        'Which addresses the Worker answers. It is held against the whole address: without a * at the end, one with a query is missed.',
      ),
    script: text().describe('The Worker.'),
    state: z.enum(['present', 'absent']).default('present').describe('Whether the route is there.'),
    adopt: bool().default(false).describe('Take over or remove also a route that leads to another Worker.'),
    ...apiParams,
  })
  .refine((want) => isOf(want.pattern, want.zone), { error: 'the pattern must be for the zone or a name below it', path: ['pattern'] })

function isOf(pattern: string, zone: string): boolean {
  const host = pattern
    .replace(/^https?:\/\//, '')
    .split('/')[0]!
    .toLowerCase()
    .replace(/^\*\.?/, '')
  return host === zone || host.endsWith(`.${zone}`)
}

type Want = z.output<typeof params>

const fact = (want: Want) => cloudflareWorkerRoutes({ api: apiOf(want), zone: want.zone })

/** Routes of a zone to Workers. */
export const cloudflareWorkerRoute = defineModule({
  name: 'cloudflare_worker_route',
  summary: 'Keep a route that leads requests to a Worker.',
  notes: [
    'Works from the controller: nothing is asked of the host, and the API token never reaches it.',
    'The token takes Zone → Workers Routes: Edit and Zone → Zone: Read for the domain.',
    'A route fires only when the host of its pattern has a proxied DNS record (cloudflare_zone_check tells).',
    'Of overlapping patterns the more specific one wins, but `/images*` wins over `/images/*`.',
  ],
  params,
  examples: [
    {
      title: 'What clients of Matrix ask for',
      params: {
        zone: 'example.com',
        pattern: 'example.com/.well-known/matrix/client*',
        script: 'matrix-well-known',
        api_token: '<%= cloudflare_api_token %>',
      },
    },
  ],
  returns: { id: 'Of the route.', pattern: 'As it is.', script: 'The Worker.' },
  controller: true,
  facts: (want) => ({ routes: fact(want) }),
  plan: (want, { routes }): Plan | Change[] => {
    if (!routes.ok) return refuse(routes.why)
    const is = routes.value.routes.find((one) => one.pattern === want.pattern)
    if (is && is.script !== want.script && !want.adopt) {
      const whose = is.script ? `leads to the Worker "${is.script}"` : 'is kept from all Workers'
      return refuse(`${want.pattern} ${whose}: remove that route, or set adopt: true to take it over`)
    }
    if (want.state === 'absent') return changes(is && removal(want, routes.value, is))
    return is?.script === want.script ? [] : [setting(want, routes.value, is)]
  },
  result: (want, { routes }) => {
    if (!routes.ok) return unseen(routes.why)
    const is = routes.value.routes.find((one) => one.pattern === want.pattern)
    return { state: want.state, pattern: want.pattern, script: want.script, ...(is && { id: is.id }) }
  },
})

function setting(want: Want, { zone, routes }: WorkerRoutes, is: WorkerRoute | undefined): Change {
  const body = { pattern: want.pattern, script: want.script }
  const line = (script: string) => `${want.pattern} → ${script}\n`
  return {
    summary: is ? `route ${want.pattern}: ${is.script || 'no Worker'} → ${want.script}` : `create route ${want.pattern} → ${want.script}`,
    steps: [
      is
        ? send(want, 'PUT', path`/zones/${zone}/workers/routes/${is.id}`, { json: body })
        : send(want, 'POST', path`/zones/${zone}/workers/routes`, { json: body }),
    ],
    makes: [fact(want).will(known({ zone, routes: [...routes.filter((one) => one !== is), { id: is?.id ?? '', ...body }] }))],
    diff: { before: is ? line(is.script || 'no Worker') : '', after: line(want.script) },
  }
}

const removal = (want: Want, { zone, routes }: WorkerRoutes, is: WorkerRoute): Change => ({
  summary: `remove route ${want.pattern} → ${is.script || 'no Worker'}`,
  steps: [send(want, 'DELETE', path`/zones/${zone}/workers/routes/${is.id}`)],
  makes: [fact(want).will(known({ zone, routes: routes.filter((one) => one !== is) }))],
  diff: { before: `${want.pattern} → ${is.script || 'no Worker'}\n`, after: '' },
})
