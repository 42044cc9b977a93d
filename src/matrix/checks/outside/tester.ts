import { type Check, good, type Verdict } from '../../check.ts'
import { type Client, clientOf, describe } from '../../client.ts'
import { fault } from '../../fault.ts'
import { publicWay } from '../../ways.ts'

/** Seconds: it tries every address itself. */
const WITHIN = 60

/** The public tester is someone else's: that it does not answer says nothing of this server. */
export const tester: Check = {
  id: 'federation_tester',
  name: 'federation tester',
  from: 'outside',
  needs: ['signing_key'],
  run: async ({ want, world, context, patience }) => {
    const url = new URL(want.outside!.tester!)
    const way = publicWay(world, url.hostname, {
      port: Number(url.port || (url.protocol === 'https:' ? 443 : 80)),
      host: url.host,
      certificate: url.hostname,
    })
    const { tls: _, ...plain } = way
    const client = clientOf(url.protocol === 'https:' ? way : plain, context.signal, patience)
    return askTester(client, `${url.pathname.replace(/\/$/, '')}/api/report?server_name=${encodeURIComponent(want.serverName)}`)
  },
}

async function askTester(client: Client, path: string): Promise<Verdict> {
  const reply = await client.ask({ path, within: WITHIN })
  const unknown = (why: string): Verdict => ({ ok: null, detail: `${client.way.host} is of no help: ${why}` })
  if (!reply.ok) return unknown(reply.detail)
  const { json } = reply
  if (reply.status !== 200 || typeof json?.FederationOK !== 'boolean') return unknown(describe(reply))
  if (json.FederationOK) return good(`${client.way.host} finds no fault`)
  return fault(
    `${client.way.host} cannot federate: ${troubles(json).join('; ') || 'it does not say why'}`,
    'it sees this server from elsewhere: does something let in only some networks?',
  )
}

/** What the report names as wrong (matrix-federation-tester, the types of its report): per address, and of the well-known. */
function troubles(report: Readonly<Record<string, unknown>>): string[] {
  const wellKnown = (report.WellKnownResult ?? {}) as { result?: unknown }
  const errors = Object.entries((report.ConnectionErrors ?? {}) as Record<string, { Message?: unknown } | null>)
  const reports = Object.entries((report.ConnectionReports ?? {}) as Record<string, { Checks?: Record<string, unknown> } | null>)
  return [
    ...(typeof wellKnown.result === 'string' && wellKnown.result !== '' ? [`well-known: ${wellKnown.result}`] : []),
    ...errors.map(([address, error]) => `${address}: ${String(error?.Message ?? 'no connection')}`),
    ...reports.flatMap(([address, one]) =>
      Object.entries(one?.Checks ?? {})
        .filter(([name, ok]) => ok === false && name !== 'AllChecksOK')
        .map(([name]) => `${address}: ${name}`),
    ),
  ]
}
