import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { stringify } from 'yaml'
import { EXIT } from '../../src/commands/exit-code.ts'
import { newId, newTunnel } from '../../src/lab/cloudflare/world.ts'
import { API_TOKEN } from '../../src/lab/edge/edge.ts'
import type { Edge, Lab } from '../../src/lab/lab.ts'
import { type Ask, converse, matrixClient, type Person } from '../../src/lab/matrix-client.ts'
import { federationSettings, type Neighbour, openNeighbour } from '../../src/lab/neighbour.ts'
import { type MatrixHost, matrixHost, trouble } from '../helpers/flagship-host.ts'
import { testLab } from '../helpers/lab.ts'
import { endsOf, mhprov } from '../helpers/mhprov.ts'

const DATA = '/var/lib/docker/volumes/synapse-data/_data'
const PASSWORD = 'password of alice'
const WORKER = fileURLToPath(new URL('../../../templates/well-known-worker.js.ejs', import.meta.url))

let lab: Lab
let edge: Edge
let matrix: MatrixHost
let neighbour: Neighbour
let outside: Ask

/** What a person with a domain does at Cloudflare, and the container that serves the tunnel. */
const playbook = () => {
  const api = { api_token: API_TOKEN, api_url: edge.api.url, zone: 'example.com' }
  const service = 'https://host.docker.internal:443'
  const ingress = [{ hostname: 'matrix.example.com', service, originRequest: { originServerName: 'matrix.example.com' } }]
  const record = { ...api, proxied: true }
  const health = ['CMD', 'cloudflared', 'tunnel', '--metrics', '127.0.0.1:20241', 'ready']
  return [
    {
      hosts: 'matrix_servers',
      become: true,
      gather_facts: false,
      vars: { matrix_host: 'matrix.example.com' },
      tasks: [
        { cloudflare_tunnel: { name: 'matrix', ...api, ingress }, register: 'tunnel' },
        { cloudflare_dns: { ...record, record: 'matrix', type: 'CNAME', value: '<%= tunnel.cname %>' } },
        { cloudflare_dns: { ...record, record: '@', type: 'AAAA', value: '100::' } },
        { cloudflare_worker: { name: 'matrix-well-known', src: WORKER, ...api } },
        ...['client', 'server'].map((name) => ({
          cloudflare_worker_route: { ...api, pattern: `example.com/.well-known/matrix/${name}*`, script: 'matrix-well-known' },
        })),
        { file: { path: '/etc/cloudflared', state: 'directory', mode: '0755' } },
        { copy: { dest: '/etc/cloudflared/token', content: '<%= tunnel.token %>', owner: '65532', group: '65532', mode: '0400' } },
        {
          docker_container: {
            name: 'cloudflared',
            image: 'cloudflare/cloudflared:latest',
            command: ['tunnel', 'run'],
            env: { TUNNEL_TOKEN_FILE: '/etc/cloudflared/token' },
            mounts: [{ type: 'bind', source: '/etc/cloudflared', target: '/etc/cloudflared', read_only: true }],
            etc_hosts: { 'host.docker.internal': 'host-gateway' },
            published_ports: ['127.0.0.1:20241:20241'],
            restart_policy: 'unless-stopped',
            healthcheck: { test: health, interval: '1s' },
            state: 'healthy',
          },
        },
      ],
    },
  ]
}

async function server(): Promise<void> {
  matrix = matrixHost(lab, await lab.host(), {
    certificate: 'files',
    certificate_file: '/etc/ssl/origin.pem',
    certificate_key_file: '/etc/ssl/origin.key',
    security_updates: false,
  })
  // the playbook's own proof connects to the origin
  matrix.env.NODE_EXTRA_CA_CERTS = edge.authority.file
  const inventory = join(matrix.dir, 'inventory.yaml')
  await mhprov(['secrets', 'set', 'matrix_user_passwords.alice', '-i', inventory], { env: matrix.env, stdin: PASSWORD })
  const { certificate, key } = await edge.authority.issue(['matrix.example.com'])
  await matrix.host.run('umask 077; cat >/etc/ssl/origin.pem', { stdin: certificate })
  await matrix.host.run('umask 077; cat >/etc/ssl/origin.key', { stdin: key })
  const applied = await matrix.apply()
  if (applied.ran.code !== EXIT.ok) throw new Error(trouble(applied))
  await matrix.host.run(`cat >${DATA}/conf.d/90-lab.yaml`, { stdin: JSON.stringify(federationSettings) })
  // the visitor's address is what Cloudflare says it is
  const real = 'RequestHeader set X-Forwarded-For "expr=%{HTTP:CF-Connecting-IP}" "expr=-n %{HTTP:CF-Connecting-IP}"'
  await matrix.on(`cd /etc/apache2/sites-available && printf '%s\\n' '  ${real}' >/root/line && sed -i '/unset X-Forwarded-For/r /root/line' matrix.conf
chown 991:991 ${DATA}/conf.d/90-lab.yaml && systemctl reload apache2 && docker restart synapse >/dev/null
for i in $(seq 120); do curl -sf http://127.0.0.1:8008/health && exit 0; sleep 0.5; done; exit 1`)
}

test.before('a Matrix server, and another one', async (t) => {
  t.timeout(900_000)
  lab = await testLab('bookworm', (line) => t.log(line), { synapse: true, edge: true })
  edge = lab.edge!
  outside = matrixClient({ address: edge.address, host: 'matrix.example.com', ca: edge.authority.certificate })
  const both = await Promise.allSettled([server(), openNeighbour(lab).then((one) => (neighbour = one))])
  for (const one of both) if (one.status === 'rejected') throw one.reason
})
test.after.always('destroys the lab', async () => lab?.destroy())

const tunnel = () => edge.world.tunnels.find(({ name }) => name === 'matrix')!

/** From which this machine visits the edge. */
async function ownAddress(): Promise<string> {
  const socket = connect(443, edge.address)
  await once(socket, 'connect')
  const { localAddress } = socket
  socket.destroy()
  return localAddress!
}

let alice: Person
async function aliceIn(headers: Record<string, string> = {}): Promise<Person> {
  const json = { type: 'm.login.password', identifier: { type: 'm.id.user', user: 'alice' }, password: PASSWORD }
  const answer = await outside('POST', '/_matrix/client/v3/login', { json, headers })
  return { id: '@alice:example.com', token: String(answer.json.access_token), ask: outside }
}

test.serial('the tunnel, its records and the Worker are made, and a second apply finds them', async (t) => {
  t.timeout(180_000)
  const path = join(matrix.dir, 'edge.yaml')
  writeFileSync(path, stringify(playbook()))
  const first = await matrix.apply(path)
  t.is(first.ran.code, EXIT.ok, trouble(first))
  t.is(tunnel().status, 'healthy')
  t.is(tunnel().connections.length, 4)
  const ready = await matrix.on('curl -sf http://127.0.0.1:20241/ready')
  t.like(JSON.parse(ready), { status: 200, readyConnections: 4 })
  const second = await matrix.apply(path)
  t.deepEqual([second.ran.code, second.changed, endsOf(second.ran).length], [EXIT.ok, [], 9], trouble(second))
  t.deepEqual(edge.world.lost, [])
  t.false(first.ran.stdout.includes(tunnel().secret))
})

test.serial('from outside the server answers through the edge, and an encoded slash arrives as one', async (t) => {
  const { json } = await outside('GET', '/_matrix/client/versions')
  t.true(Array.isArray(json.versions))
  const unknown = await outside('GET', '/_matrix/client/v3/directory/room/%23a%2Fb%3Aexample.com', { statuses: [404] })
  t.is(unknown.json.errcode, 'M_NOT_FOUND')
  t.is((await outside('GET', '/_synapse/admin/v1/server_version', { statuses: [404] })).status, 404)
})

test.serial('.well-known is answered by the Worker, to any page', async (t) => {
  const apex = matrixClient({ address: edge.address, host: 'example.com', ca: edge.authority.certificate })
  const headers = { Origin: 'https://app.element.io' }
  for (const method of ['GET', 'OPTIONS']) {
    const client = await apex(method, '/.well-known/matrix/client?x=1', { headers })
    t.deepEqual(client.json, { 'm.homeserver': { base_url: 'https://matrix.example.com' } })
    t.like(client.headers, { 'access-control-allow-origin': '*', 'content-type': 'application/json' })
  }
  t.deepEqual((await apex('GET', '/.well-known/matrix/server')).json, { 'm.server': 'matrix.example.com:443' })
  t.is((await apex('GET', '/', { statuses: [522] })).status, 522)
})

test.serial("Synapse sees the visitor's own address, whatever the visitor says", async (t) => {
  alice = await aliceIn({ 'X-Forwarded-For': '1.2.3.4', 'CF-Connecting-IP': '1.2.3.4' })
  const { json } = await outside('GET', '/_matrix/client/v3/admin/whois/@alice:example.com', { token: alice.token })
  const text = JSON.stringify(json.devices)
  t.true(text.includes(`"ip":"${await ownAddress()}"`), text)
  t.false(text.includes('1.2.3.4'), text)
})

test.serial('a large file goes up and comes down as it was', async (t) => {
  t.timeout(60_000)
  const bytes = randomBytes(20_000_000)
  const { content_uri } = (await outside('POST', '/_matrix/media/v3/upload', { token: alice.token, bytes })).json
  const path = `/_matrix/client/v1/media/download/${String(content_uri).replace('mxc://', '')}`
  t.true((await outside('GET', path, { token: alice.token })).bytes.equals(bytes))
})

test.serial('two servers talk: an invitation, a join and a message each way, begun by either', async (t) => {
  t.timeout(180_000)
  const bob: Person = { ...(await neighbour.register('bob')), ask: neighbour.ask }
  for (const [host, guest] of [[bob, alice] as const, [alice, bob] as const])
    t.deepEqual((await converse(host, guest)).read, [`grüße from ${host.id}`, `grüße from ${guest.id}`])
})

test.serial('a forgotten originServerName is noticed at once, and its remedy too', async (t) => {
  const [rule] = tunnel().config!.ingress!
  const before = rule!.originRequest
  rule!.originRequest = {}
  const bad = await outside('GET', '/_matrix/client/versions', { statuses: [502] })
  t.regex(bad.text, /x509: certificate is valid for matrix\.example\.com, not host\.docker\.internal/)
  t.regex(await matrix.on('docker logs --tail 3 cloudflared 2>&1'), /ERR .*x509: certificate is valid for/)
  rule!.originRequest = { noTLSVerify: true, originServerName: 'matrix.example.com' }
  t.is((await outside('GET', '/_matrix/client/versions')).status, 200)
  rule!.originRequest = before
  t.is((await outside('GET', '/_matrix/client/versions')).status, 200)
})

test.serial('without its container the tunnel is down, and healthy again with it', async (t) => {
  t.timeout(60_000)
  await matrix.on('docker stop cloudflared')
  t.is(tunnel().status, 'down')
  t.is((await outside('GET', '/_matrix/client/versions', { statuses: [530] })).text, 'error code: 1033\n')
  await matrix.on(
    'docker start cloudflared && for i in $(seq 100); do curl -sf http://127.0.0.1:20241/ready && exit 0; sleep 0.2; done; exit 1',
  )
  t.is((await outside('GET', '/_matrix/client/versions')).status, 200)
})

test.serial('the container takes what the real one takes, and refuses what it refuses', async (t) => {
  t.timeout(60_000)
  const says = async (args: string, file = '') => {
    await matrix.host.run('cat >/etc/cloudflared/config.yml', { stdin: file })
    const { code, stdout, stderr } = await matrix.host.run(`docker exec cloudflared cloudflared --no-autoupdate tunnel ${args}`)
    return `${code} ${stdout}${stderr}`
  }
  const rules = (text: string) => `tunnel: x\ningress:\n${text}`
  const all = '  - service: http_status:404\n'
  const host = '  - hostname: a.example.com\n    service: https://host.docker.internal:443\n'
  const validate = '--config /etc/cloudflared/config.yml ingress validate'
  t.regex(await says(validate, rules(host + all)), /^0 .*\nOK\n/)
  t.regex(await says(validate, rules(`${host}    originRequest: { originServername: x }\n${all}`)), /^0 .*unused keys.*originServername/s)
  t.regex(await says(validate, rules(host)), /^1 .*last ingress rule must match all URLs/s)
  t.regex(await says(validate, rules(all + all)), /^1 .*Rule #1 is matching the hostname ''/s)
  t.regex(await says(validate, rules(host.replace(':443', ':443/path') + all)), /^1 .*different path on the origin/s)
  t.regex(
    await says('--config /etc/cloudflared/config.yml ingress rule https://a.example.com/_matrix/x', rules(host + all)),
    /Matched rule #0/,
  )
  t.regex(await says('ready'), /^1 --metrics has to be provided/)
  t.is(await says('--metrics 127.0.0.1:20241 ready'), '0 ')
  t.regex(await says('run --frobnicate'), /^1 .*flag provided but not defined: -frobnicate/)
  t.regex(await says('run --token-file /etc/absent'), /^1 Failed to read token file: .*no such file/)
  t.regex(await says('run --token-file /etc/hostname'), /^1 Provided Tunnel token is not valid/)
})

test.serial('a tunnel with its configuration in a file', async (t) => {
  t.timeout(60_000)
  const { account } = tunnel()
  const local = newTunnel(edge.world, 'local', { account, source: 'local' })
  const record = { id: newId(), name: 'local.example.com', type: 'CNAME', proxied: true, ttl: 1, comment: null }
  edge.world.zones[0]!.records.push({ ...record, content: `${local.id}.cfargotunnel.com` })
  const originRequest = { originServerName: 'matrix.example.com', httpHostHeader: 'matrix.example.com', connectTimeout: '5s' }
  const ingress = [
    { hostname: 'local.example.com', path: '^/_matrix/', service: 'https://host.docker.internal:443', originRequest },
    { service: 'http_status:404' },
  ]
  const config = { tunnel: local.id, 'credentials-file': '/etc/cloudflared/credentials.json', ingress }
  const credentials = JSON.stringify({ AccountTag: account, TunnelID: local.id, TunnelSecret: local.secret })
  await matrix.host.run('cat >/etc/cloudflared/config.yml', { stdin: stringify(config) })
  await matrix.host.run('cd /etc/cloudflared; umask 277; cat >credentials.json; chown 65532 credentials.json', { stdin: credentials })
  await matrix.on(`docker run -d --name local --add-host host.docker.internal:host-gateway -v /etc/cloudflared:/etc/cloudflared:ro cloudflare/cloudflared tunnel --config /etc/cloudflared/config.yml run
for i in $(seq 100); do docker exec local cloudflared tunnel --metrics 127.0.0.1:20241 ready && exit 0; sleep 0.2; done; docker logs local; exit 1`)
  t.is(local.status, 'healthy')
  const ask = matrixClient({ address: edge.address, host: 'local.example.com', ca: edge.authority.certificate })
  t.true(Array.isArray((await ask('GET', '/_matrix/client/versions')).json.versions))
  t.is((await ask('GET', '/else', { statuses: [404] })).text, 'error code: 404\n')
})
