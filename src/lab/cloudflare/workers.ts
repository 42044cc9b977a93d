import { parse } from 'acorn'
import { z } from 'zod'
import { accountOf, bodyOf, type Call, type Endpoint, Refusal, zoneOf } from './answer.ts'
import { newId, type WorkerState, type ZoneState } from './world.ts'

const metadata = z.strictObject({
  main_module: z.string(),
  compatibility_date: z.string().regex(/^\d{4}-\d\d-\d\d$/),
  compatibility_flags: z.array(z.string()).optional(),
  bindings: z.array(z.unknown()).optional(),
  keep_bindings: z.array(z.string()).optional(),
  tags: z.array(z.string()).optional(),
})

/** An upload: a part `metadata`, and one part for each module, called by its file name. */
async function uploaded(call: Call): Promise<Omit<WorkerState, 'name' | 'account'>> {
  if (!call.type.startsWith('multipart/form-data')) throw new Refusal(415, 10025, `unsupported Content-Type "${call.type}"`)
  const form = await new Response(new Uint8Array(call.body), { headers: { 'Content-Type': call.type } }).formData()
  const modules: Record<string, string> = {}
  let described: z.output<typeof metadata> | undefined
  for (const [name, value] of form.entries()) {
    const [type, text] = typeof value === 'string' ? ['', value] : [value.type, await value.text()]
    if (name === 'metadata') {
      if (type !== 'application/json') throw new Refusal(400, 10021, 'metadata must be application/json')
      described = bodyOf({ ...call, type, body: Buffer.from(text) }, metadata)
    } else {
      if (type !== 'application/javascript+module') throw new Refusal(400, 10021, `part ${name}: "${type}" is no type of a module`)
      checkModule(name, text)
      modules[name] = text
    }
  }
  if (!described) throw new Refusal(400, 10021, 'missing metadata')
  if (!(described.main_module in modules)) throw new Refusal(400, 10021, `No such module "${described.main_module}".`)
  return { main: described.main_module, modules, compatibilityDate: described.compatibility_date }
}

function checkModule(name: string, text: string): void {
  try {
    const { body } = parse(text, { sourceType: 'module', ecmaVersion: 'latest' })
    if (!body.some((one) => one.type === 'ExportDefaultDeclaration')) throw new Error('no default export')
  } catch (error) {
    throw new Refusal(400, 10021, `Uncaught SyntaxError in ${name}: ${(error as Error).message}`)
  }
}

function found(call: Call): WorkerState {
  const account = accountOf(call)
  const worker = call.world.workers.find((one) => one.account === account && one.name === call.at.script)
  if (!worker) throw new Refusal(404, 10007, 'This Worker does not exist on your account.')
  return worker
}

const SCRIPT = '/accounts/{account}/workers/scripts/{script}'
const permission = 'Account → Workers Scripts'

const scripts: Endpoint[] = [
  {
    method: 'PUT',
    path: SCRIPT,
    permission,
    answer: async (call) => {
      const account = accountOf(call)
      if (!/^[a-z0-9][a-z0-9_-]{0,62}$/.test(call.at.script!)) throw new Refusal(400, 10016, 'Invalid Worker name')
      const given = await uploaded(call)
      const is = call.world.workers.find((one) => one.account === account && one.name === call.at.script)
      if (is) Object.assign(is, given)
      else call.world.workers.push({ name: call.at.script!, account, ...given })
      return { result: { id: call.at.script, etag: newId() } }
    },
  },
  {
    method: 'DELETE',
    path: SCRIPT,
    permission,
    answer: (call) => {
      call.world.workers.splice(call.world.workers.indexOf(found(call)), 1)
      return { result: null }
    },
  },
  {
    method: 'GET',
    path: `${SCRIPT}/content/v2`,
    permission,
    answer: (call) => {
      const { main, modules } = found(call)
      const form = new FormData()
      for (const [name, text] of Object.entries(modules))
        form.append(name, new Blob([text], { type: 'application/javascript+module' }), name)
      return { response: new Response(form, { headers: { 'cf-entrypoint': main } }) }
    },
  },
  {
    method: 'GET',
    path: `${SCRIPT}/settings`,
    permission,
    answer: (call) => ({ result: { compatibility_date: found(call).compatibilityDate, compatibility_flags: [], bindings: [], tags: [] } }),
  },
]

const route = z.strictObject({ pattern: z.string().min(1), script: z.string().optional() })

/** A route's body; its pattern is of the zone and of no other route, its Worker is there. */
function routeOf(call: Call, zone: ZoneState, id?: string): z.output<typeof route> {
  const body = bodyOf(call, route)
  const host = body.pattern
    .replace(/^https?:\/\//, '')
    .split('/')[0]!
    .replace(/^\*\.?/, '')
  if (host !== zone.name && !host.endsWith(`.${zone.name}`)) throw new Refusal(400, 10022, 'Route pattern must be for the zone.')
  if (zone.routes.some((one) => one.id !== id && one.pattern === body.pattern))
    throw new Refusal(409, 10020, 'A route with the same pattern already exists.')
  if (body.script !== undefined && !call.world.workers.some((one) => one.name === body.script && one.account === zone.account))
    throw new Refusal(
      400,
      10019,
      'Cannot configure a route for a Worker which does not exist. Please ensure this Worker exists and try again.',
    )
  return body
}

function foundRoute(call: Call) {
  const zone = zoneOf(call)
  const one = zone.routes.find(({ id }) => id === call.at.route)
  if (!one) throw new Refusal(404, 10009, 'Route not found')
  return { zone, one }
}

const ROUTES = '/zones/{zone}/workers/routes'

const routes: Endpoint[] = [
  { method: 'GET', path: ROUTES, permission: 'Zone → Workers Routes', answer: (call) => ({ result: zoneOf(call).routes }) },
  {
    method: 'POST',
    path: ROUTES,
    permission: 'Zone → Workers Routes',
    answer: (call) => {
      const zone = zoneOf(call)
      const made = { id: newId(), ...routeOf(call, zone) }
      zone.routes.push(made)
      return { result: made }
    },
  },
  {
    method: 'PUT',
    path: `${ROUTES}/{route}`,
    permission: 'Zone → Workers Routes',
    answer: (call) => {
      const { zone, one } = foundRoute(call)
      const { pattern, script } = routeOf(call, zone, one.id)
      Object.assign(one, { pattern, script })
      return { result: one }
    },
  },
  {
    method: 'DELETE',
    path: `${ROUTES}/{route}`,
    permission: 'Zone → Workers Routes',
    answer: (call) => {
      const { zone, one } = foundRoute(call)
      zone.routes.splice(zone.routes.indexOf(one), 1)
      return { result: { id: one.id } }
    },
  },
]

export const workers: Endpoint[] = [...scripts, ...routes]
