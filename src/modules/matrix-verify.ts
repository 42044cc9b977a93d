import { z } from 'zod'
import { content } from '../facts/content.ts'
import { stat } from '../facts/stat.ts'
import { tree } from '../facts/tree.ts'
import { matrixStep } from '../matrix/programs.ts'
import { defineModule } from '../module/define.ts'
import { below } from '../module/host-path.ts'
import { bool, path, secret, text } from '../module/params.ts'
import { configuredDatabase, liveDatabase, liveDatabaseFact } from './matrix/configured-database.ts'
import { fileSize, hostname, isResolver, port, serverName } from './matrix/names.ts'

const params = z.strictObject({
  server_name: serverName().describe('The server’s name: what stands behind the colon of its users’ names.'),
  matrix_host: hostname().describe('The host name that clients connect to; Apache serves it with a certificate for it.'),
  registration_shared_secret: secret().describe('As in homeserver.yaml; throwaway accounts are made with it.'),
  ca: path()
    .optional()
    .describe('PEM file on the host with the certificate to trust, when it is self-signed. Unset: the well-known authorities.'),
  https_port: port().default(443).describe('Where Apache listens.'),
  http_port: port().default(8008).describe('Where Synapse listens on the host’s 127.0.0.1.'),
  version: text()
    .refine((version) => /^v?\d+\.\d+\.\d+/.test(version), {
      error: 'expected a release such as v1.99.0; leave it out where any will do (latest)',
    })
    .optional()
    .describe('The release that must run, such as v1.99.0; any without it.'),
  database: z
    .enum(['psycopg2', 'sqlite3'])
    .default('psycopg2')
    .describe('What the configuration must name as database: PostgreSQL or SQLite.'),
  data_dir: path()
    .default('/var/lib/docker/volumes/synapse-data/_data')
    .describe('Directory on the host with homeserver.yaml and, when there is one, conf.d.'),
  tunnel: bool()
    .default(false)
    .describe('From outside, requests come through a Cloudflare tunnel: its CF-Connecting-IP is to be believed, and nobody else’s.'),
  upload_size: fileSize()
    .default(1024 * 1024)
    .describe('Bytes of the larger of two files that are sent up and fetched back.'),
  tunnel_metrics_port: port()
    .optional()
    .describe(
      'Port on the host’s 127.0.0.1 where the tunnel’s connector (cloudflared) serves its metrics, such as 20241; its connections are then looked at.',
    ),
  outside: bool()
    .default(false)
    .describe(
      'Also look from the controller over the public way, as other servers and browsers do: DNS, certificates, .well-known, federation.',
    ),
  resolver: text()
    .refine(isResolver, { error: 'expected the address of a DNS server, with a port or without: 1.1.1.1, 127.0.0.1:5353, [::1]:53' })
    .optional()
    .describe(
      'For `outside`: the DNS server to ask instead of the controller’s, such as 1.1.1.1, where the network at home answers otherwise than the world’s.',
    ),
  outside_ca: text()
    .optional()
    .describe('For `outside`: the authorities to trust instead of the well-known ones, as PEM or as a file of the controller; for a lab.'),
  federation_tester: text()
    .refine((url) => URL.canParse(url) && /^https?:$/.test(new URL(url).protocol), {
      error: 'expected an address such as https://federationtester.matrix.org',
    })
    .optional()
    .describe('For `outside`: a federation tester to ask besides; when it does not answer, nothing is held against the server.'),
  max_upload_size: fileSize().optional().describe('Bytes that may be sent up; a file of one more must be refused.'),
})

const isPem = (given: string): boolean => given.includes('-----BEGIN CERTIFICATE-----')

type Counted = {
  readonly ok: boolean | null
  readonly name: string
  readonly from: string
  readonly detail: string
  readonly hint?: string
}

/** Proof that a homeserver works, given by the controller. */
export const matrixVerify = defineModule({
  name: 'matrix_verify',
  summary: 'Prove that a Matrix server works.',
  notes: [
    'The controller makes the requests itself, over connections that the host opens for it to its own 127.0.0.1: nothing is installed, and the SSH server must allow TCP forwarding.',
    'Two throwaway accounts are made, exchange a message and a file, and are erased and deactivated; Synapse keeps their names (mhprov-…) for good. The room is purged.',
    'It logs in once with a password; rate limits are waited out for a minute at most. A dry run makes no request.',
    'Whether the world reaches the host (DNS, tunnel, router) is looked at with `outside` only, from where the controller is: best not in the host’s own network.',
    'With `outside` the message and the files go round once more over the public way. A public name’s IPv6 addresses are left out, and that is said, where the controller has no IPv6.',
  ],
  params,
  examples: [
    {
      title: 'A message goes through',
      params: {
        server_name: 'example.com',
        matrix_host: 'matrix.example.com',
        registration_shared_secret: '<%= synapse_registration_secret %>',
      },
    },
    {
      title: 'With a self-signed certificate, and the release and the upload limit looked at',
      params: {
        server_name: 'example.com',
        matrix_host: 'matrix.example.com',
        registration_shared_secret: '<%= synapse_registration_secret %>',
        ca: '/etc/ssl/certs/matrix.example.com.pem',
        version: 'v1.99.0',
        max_upload_size: 52_428_800,
      },
    },
    {
      title: 'Also as the world sees it, through a tunnel',
      params: {
        server_name: 'example.com',
        matrix_host: 'matrix.example.com',
        registration_shared_secret: '<%= synapse_registration_secret %>',
        tunnel: true,
        tunnel_metrics_port: 20_241,
        outside: true,
        resolver: '1.1.1.1',
      },
    },
  ],
  returns: {
    checks: 'Every check in order: id, name, from (host, through Apache or outside), ok (null: not reached), detail, hint, ms.',
    passed: 'How many succeeded.',
    failed_checks: 'How many failed.',
    msg: 'The first that failed, and the way out.',
  },
  inputs: (want) => ({
    outside_ca: want.outside_ca === undefined || isPem(want.outside_ca) ? undefined : { path: want.outside_ca, as: 'file' as const },
  }),
  facts: (want) => ({
    ca: want.ca === undefined ? undefined : content(want.ca),
    homeserver: content(below(want.data_dir, 'homeserver.yaml')),
    further: tree(below(want.data_dir, 'conf.d')),
    sqlite: stat(below(want.data_dir, 'homeserver.db')),
  }),
  more: (want, is) => ({
    files: further(want.data_dir, is.further).map((file) => content(file)),
    live: want.database === 'psycopg2' ? liveDatabaseFact(is.homeserver) : undefined,
  }),
  plan: (want, is, inputs) => {
    if (want.ca !== undefined && !is.ca?.bytes) return { changes: [], failure: `ca: ${want.ca} cannot be read (${is.ca?.why})` }
    const ca = is.ca?.bytes?.toString()
    if (ca !== undefined && !isPem(ca)) return { changes: [], failure: `ca: ${want.ca} holds no certificate in PEM` }
    const outsideCa = inputs.outside_ca?.[0]?.bytes?.toString() ?? want.outside_ca
    if (outsideCa !== undefined && !isPem(outsideCa))
      return { changes: [], failure: `outside_ca: ${want.outside_ca} holds no certificate in PEM` }
    // in a directory that may not be searched, nothing seems to be there
    const denied = !is.sqlite.exists && is.sqlite.why === 'denied'
    const configuration = [
      { path: below(want.data_dir, 'homeserver.yaml'), content: denied ? ({ why: 'denied' } as const) : is.homeserver },
      ...further(want.data_dir, is.further).map((file, i) => ({ path: file, content: is.files[i]! })),
    ]
    const live = liveDatabase(is.homeserver, is.live)
    const input = {
      serverName: want.server_name,
      matrixHost: want.matrix_host,
      secret: want.registration_shared_secret,
      httpPort: want.http_port,
      httpsPort: want.https_port,
      tunnel: want.tunnel,
      uploadSize: want.upload_size,
      database: {
        ...configuredDatabase(configuration),
        wanted: want.database,
        ...(live && { live }),
        ...(is.sqlite.exists && { sqlite: below(want.data_dir, 'homeserver.db') }),
      },
      ...(ca !== undefined && { ca }),
      ...(want.version !== undefined && { version: want.version }),
      ...(want.tunnel_metrics_port !== undefined && { tunnelMetricsPort: want.tunnel_metrics_port }),
      ...(want.outside && {
        outside: {
          ...(want.resolver !== undefined && { resolver: want.resolver }),
          ...(outsideCa !== undefined && { ca: outsideCa }),
          ...(want.federation_tester !== undefined && { tester: want.federation_tester }),
        },
      }),
      ...(want.max_upload_size !== undefined && { maxUploadSize: want.max_upload_size }),
    }
    return [{ summary: 'prove that a message goes through', steps: [matrixStep('verify matrix', input)], reads: true }]
  },
  result: (_want, _is, [output]) => {
    if (!output) return {}
    const checks = JSON.parse(output.stdout.toString()) as Counted[]
    const failed = checks.filter((one) => one.ok === false)
    const passed = checks.filter((one) => one.ok).length
    const numbers = { checks, passed, failed_checks: failed.length }
    const [first] = failed
    if (first)
      return { ...numbers, changed: false, failed: true, msg: `${first.name}: ${first.detail}${first.hint ? `\n${first.hint}` : ''}` }
    if (checks.some((one) => one.detail === 'interrupted')) return { ...numbers, changed: false, failed: true, msg: 'interrupted' }
    const outside = checks.filter((one) => one.from === 'outside')
    if (outside.length > 0 && !outside.some((one) => one.ok))
      return { ...numbers, changed: false, failed: true, msg: `nothing was seen from outside: ${outside[0]!.name}: ${outside[0]!.detail}` }
    const open = checks.length - passed
    return { ...numbers, changed: false, msg: `${passed} checks passed${open > 0 ? `, ${open} not reached` : ''}` }
  },
})

/** conf.d's files as Synapse reads them: *.yaml, in order. */
const further = (dataDir: string, entries: readonly { readonly path: string }[]): string[] =>
  entries.filter(({ path }) => path.endsWith('.yaml') && !path.includes('/')).map(({ path }) => below(dataDir, `conf.d/${path}`))
