import test from 'ava'
import { stringify } from 'yaml'
import { EXIT } from '../../src/commands/exit-code.ts'
import { folder, mhprov } from '../helpers/mhprov.ts'

const SERVER = { server_name: 'example.com' }

/** What playbooks/matrix.yaml refuses, and why. */
const REFUSED: readonly [vars: Record<string, unknown>, why: string][] = [
  [{}, 'the variable server_name is not set'],
  [{ server_name: 'example.com:8448' }, 'leave the port out'],
  [{ server_name: 'Example.com' }, 'write it in lower case'],
  [{ server_name: 'https://example.com/' }, 'leave the port out'],
  [{ server_name: 'example' }, 'it must be a domain name'],
  [{ matrix_host: 'https://matrix.example.com' }, 'it must be a host name in lower case'],
  [{ synapse_image: 'matrixdotorg/synapse:latest' }, 'it must be the name of an image without its tag'],
  [{ synapse_version: 'v1 160' }, 'it must be a tag such as'],
  [{ report_stats: 'yes please' }, 'it must be true or false'],
  [{ database_connection: 'pipe' }, 'it must be one of socket, tcp'],
  [{ database_name: "syn'apse" }, 'without quotes and blanks'],
  [{ database_user: 'Synapse User' }, 'without quotes and blanks'],
  [{ cp_min: 0 }, 'it must be at least 1'],
  [{ cp_max: 91 }, 'it must lie between cp_min and 90'],
  [{ max_upload_size: '50' }, 'it must be a number with K, M or G'],
  [{ max_upload_size: '96M' }, 'Cloudflare lets no more than 95M through'],
  [{ max_upload_size: '1G' }, 'Cloudflare lets no more than 95M through'],
  [{ media_retention: 'a month' }, 'it must be a time such as 30d'],
  [{ registration: 'open' }, 'it must be one of closed, token'],
  [{ synapse_settings: { database: {} } }, 'server_name, database and listeners are for the other options'],
  [{ matrix_users: [{ name: 'Alice' }] }, 'each needs a name of lower-case letters'],
  [{ matrix_users: [{ name: 'alice', password: 'x' }] }, 'there is nothing else to say'],
  [{ matrix_users: [{ name: 'alice' }, { name: 'alice' }] }, 'a name stands twice'],
  [{ cloudflare_zone: 'https://example.com' }, 'it must be a domain name in lower case'],
  [{ tunnel_name: '' }, 'a tunnel must have a name'],
  [{ cloudflared_version: 'the newest' }, 'it must be a tag such as'],
  [{ edge: 'direct', certificate: 'self-signed' }, 'takes a self-signed certificate'],
  [{ edge: 'direct', well_known: 'worker' }, 'a Worker needs edge cloudflare'],
  [{ edge: 'direct', redirect_http: false }, 'asks on port 80'],
  [{ certificate: 'files' }, 'with certificate: files it must be given'],
  [{ certificate_file: '/etc/ssl/a"b.crt' }, 'it must be an absolute path'],
]

test('each option that cannot be is told with its reason, at its place, and nothing else is', async (t) => {
  const hosts = Object.fromEntries(
    REFUSED.map(([vars], i) => [`h${i}`, Object.keys(vars).includes('server_name') || i === 0 ? vars : { ...SERVER, ...vars }]),
  )
  const dir = folder({ 'inventory.yaml': stringify({ matrix_servers: { hosts } }) })
  const ran = await mhprov(['validate', '-i', 'inventory.yaml'], { cwd: dir })
  t.is(ran.code, EXIT.input)
  for (const [vars, why] of REFUSED) t.true(ran.stderr.includes(why), `${JSON.stringify(vars)}: ${why}`)
  for (const [, place] of ran.stderr.matchAll(/^(\S+?):\d+:\d+ error/gm))
    t.regex(place!, /^inventory\.yaml$|playbooks\/matrix\.yaml$|vars\/options\.yaml$/)
})

test('what can be, is taken', async (t) => {
  const TAKEN: readonly Record<string, unknown>[] = [
    {},
    { max_upload_size: '95M' },
    { edge: 'direct', max_upload_size: '2G' },
    { edge: 'direct', certificate: 'files', certificate_file: '/etc/ssl/a.pem', certificate_key_file: '/etc/ssl/a.key' },
    { synapse_version: `sha256:${'0'.repeat(64)}`, matrix_users: [{ name: 'alice', admin: true }, { name: 'bob' }] },
    { synapse_settings: { max_upload_size: '10M', rc_login: { address: { per_second: 1 } } }, laptop: true, firewall: true },
  ]
  const hosts = Object.fromEntries(TAKEN.map((vars, i) => [`h${i}`, { ...SERVER, ...vars }]))
  const dir = folder({ 'inventory.yaml': stringify({ matrix_servers: { hosts } }) })
  const ran = await mhprov(['validate', '-i', 'inventory.yaml'], { cwd: dir })
  t.is(ran.code, EXIT.ok, ran.stderr)
})
