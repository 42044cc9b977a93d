import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import test from 'ava'
import { stringify } from 'yaml'
import { EXIT } from '../../src/commands/exit-code.ts'
import { type EdgeStage, openEdgeStage } from '../../src/commands/rehearse-edge.ts'
import { newId, newTunnel } from '../../src/lab/cloudflare/world.ts'
import { API_TOKEN, DNS_TOKEN } from '../../src/lab/edge/edge.ts'
import type { Edge, Lab } from '../../src/lab/lab.ts'
import { type Ask, matrixClient, type Person } from '../../src/lab/matrix-client.ts'
import { makeAgeKey } from '../../src/secrets/store.ts'
import { type MatrixHost, matrixHost, trouble } from '../helpers/flagship-host.ts'
import { testLab } from '../helpers/lab.ts'
import { folder } from '../helpers/mhprov.ts'

let lab: Lab
let edge: Edge
let matrix: MatrixHost
let stage: EdgeStage
let outside: Ask

test.before('a Matrix server, and another one', async (t) => {
  t.timeout(900_000)
  lab = await testLab('bookworm', (line) => t.log(line), { synapse: true, edge: true })
  edge = lab.edge!
  outside = matrixClient({ address: edge.address, host: 'matrix.example.com', ca: edge.authority.certificate })
  const host = await lab.host()
  const dir = folder({})
  mkdirSync(join(dir, 'key'))
  const keyFile = join(dir, 'key', 'age.key')
  await makeAgeKey(keyFile)
  stage = await openEdgeStage(lab, host, { dir, keyFile, tell: (line) => t.log(line) })
  matrix = matrixHost(lab, host, { ...stage.variables, security_updates: false, firewall: true }, dir)
  Object.assign(matrix.env, stage.env)
})
test.after.always('destroys the lab', async () => {
  await stage?.close()
  await lab?.destroy()
})

const tunnel = () => edge.world.tunnels.find(({ name }) => name === 'matrix.example.com')!

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
  const json = { type: 'm.login.password', identifier: { type: 'm.id.user', user: 'alice' }, password: stage.password }
  const answer = await outside('POST', '/_matrix/client/v3/login', { json, headers })
  return { id: '@alice:example.com', token: String(answer.json.access_token), ask: outside }
}

test.serial('certificate, tunnel, names and Worker are made, the outside checks are green, and a second apply finds it all', async (t) => {
  t.timeout(600_000)
  const check = await matrix.run('check')
  t.is(check.code, EXIT.ok, check.stdout.slice(-2000))
  t.deepEqual(edge.api.writes(), [], 'a dry run writes nothing')
  const first = await matrix.apply()
  t.is(first.ran.code, EXIT.ok, trouble(first))
  t.is(tunnel().status, 'healthy')
  t.is(tunnel().connections.length, 4)
  const ready = await matrix.on('curl -sf http://127.0.0.1:20241/ready')
  t.like(JSON.parse(ready), { status: 200, readyConnections: 4 })
  const proof = first.ends.find((end) => end.task.module === 'matrix_verify')!.result.checks as { from: string; ok: boolean | null }[]
  t.true(proof.filter(({ from }) => from === 'outside').length > 10)
  t.true(proof.every(({ ok }) => ok === true))
  const second = await matrix.apply()
  t.deepEqual([second.ran.code, second.changed], [EXIT.ok, []], trouble(second))
  t.deepEqual(edge.world.lost, [])
  t.false(first.ran.stdout.includes(tunnel().secret))
  const token = Buffer.from(JSON.stringify({ a: tunnel().account, t: tunnel().id, s: tunnel().secret })).toString('base64')
  t.false(first.ran.stdout.includes(token))
  t.is(await matrix.on('cat /etc/cloudflared/token'), token)
})

test.serial('each of its tags alone, in any order, finds everything as it should be', async (t) => {
  t.timeout(120_000)
  for (const tag of ['wellknown', 'tls', 'dns', 'cloudflared', 'verify']) {
    const again = await matrix.apply('--tags', tag)
    t.deepEqual([again.ran.code, again.changed], [EXIT.ok, []], tag + trouble(again))
  }
})

test.serial('the API token is nowhere on the host; the narrower one only where renewals need it', async (t) => {
  t.timeout(120_000)
  const holding = async (text: string) => {
    await matrix.host.run('umask 077; cat >/run/pattern', { stdin: text })
    return matrix.on(
      `grep -rlaF -f /run/pattern / --exclude-dir=proc --exclude-dir=sys --exclude-dir=dev --exclude=pattern 2>/dev/null; journalctl --no-pager -o cat | grep -cF -f /run/pattern; :`,
    )
  }
  t.is(await holding(API_TOKEN), '0')
  t.regex(await holding(DNS_TOKEN), /^\/etc\/letsencrypt\/\S+\n0$/)
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
  await t.notThrowsAsync(stage.federate())
})

test.serial('by a certificate that the host signed itself, too: the tunnel is told to trust it', async (t) => {
  t.timeout(180_000)
  const own = ['-e', 'certificate=self-signed']
  const first = await matrix.apply(...own)
  t.is(first.ran.code, EXIT.ok, trouble(first))
  t.true(first.changed.includes('Serve Matrix'))
  const proof = first.ends.find((end) => end.task.module === 'matrix_verify')!.result.checks as { ok: boolean | null }[]
  t.true(proof.length > 20 && proof.every(({ ok }) => ok === true))
  t.deepEqual((await matrix.apply(...own)).changed, [])
  // one that comes in its place is trusted by the run that made it, even if that is all it does
  await matrix.on('rm /etc/ssl/mhprov/matrix.example.com.crt')
  const tls = await matrix.apply(...own, '--tags', 'tls')
  t.is(tls.ran.code, EXIT.ok, trouble(tls))
  await matrix.on('for i in $(seq 100); do curl -sf http://127.0.0.1:20241/ready && exit 0; sleep 0.2; done; exit 1')
  t.is((await outside('GET', '/_matrix/client/versions')).status, 200)
  const back = await matrix.apply()
  t.is(back.ran.code, EXIT.ok, trouble(back))
})

test.serial('a forgotten originServerName is noticed at once, and its remedy too', async (t) => {
  const [rule] = tunnel().config!.ingress!
  const before = rule!.originRequest
  const { caPool } = before as { caPool: string }
  rule!.originRequest = { caPool }
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
  const originRequest = {
    originServerName: 'matrix.example.com',
    httpHostHeader: 'matrix.example.com',
    connectTimeout: '5s',
    caPool: '/etc/ssl/mhprov/issuer.pem',
  }
  const ingress = [
    { hostname: 'local.example.com', path: '^/_matrix/', service: 'https://host.docker.internal:443', originRequest },
    { service: 'http_status:404' },
  ]
  const config = { tunnel: local.id, 'credentials-file': '/etc/cloudflared/credentials.json', ingress }
  const credentials = JSON.stringify({ AccountTag: account, TunnelID: local.id, TunnelSecret: local.secret })
  await matrix.host.run('cat >/etc/cloudflared/config.yml', { stdin: stringify(config) })
  await matrix.host.run('cd /etc/cloudflared; umask 277; cat >credentials.json; chown 65532 credentials.json', { stdin: credentials })
  await matrix.on(`docker run -d --name local --add-host host.docker.internal:host-gateway -v /etc/cloudflared:/etc/cloudflared:ro -v /etc/ssl/mhprov:/etc/ssl/mhprov:ro cloudflare/cloudflared tunnel --config /etc/cloudflared/config.yml run
for i in $(seq 100); do docker exec local cloudflared tunnel --metrics 127.0.0.1:20241 ready && exit 0; sleep 0.2; done; docker logs local; exit 1`)
  t.is(local.status, 'healthy')
  const ask = matrixClient({ address: edge.address, host: 'local.example.com', ca: edge.authority.certificate })
  t.true(Array.isArray((await ask('GET', '/_matrix/client/versions')).json.versions))
  t.is((await ask('GET', '/else', { statuses: [404] })).text, 'error code: 404\n')
})

test.serial('the other ways to a tunnel: credentials and a file on the host, and a token from the dashboard', async (t) => {
  t.timeout(300_000)
  await matrix.on('docker rm -f local >/dev/null; rm -f /etc/cloudflared/config.yml /etc/cloudflared/credentials.json')
  const { account } = tunnel()
  const own = newTunnel(edge.world, 'by-hand', { account, source: 'local' })
  matrix.env.CLOUDFLARE_TUNNEL_CREDENTIALS = JSON.stringify({ AccountTag: account, TunnelID: own.id, TunnelSecret: own.secret })
  const first = await matrix.apply()
  t.is(first.ran.code, EXIT.ok, trouble(first))
  t.is(own.status, 'healthy')
  t.is(tunnel().status, 'down')
  t.deepEqual((await matrix.apply()).changed, [])
  const image = await matrix.on("docker inspect --format '{{.Config.Image}}' cloudflared")
  const said = await matrix.on(
    `docker run --rm --network=none -v /etc/cloudflared:/etc/cloudflared:ro ${image} tunnel --config /etc/cloudflared/config.yml ingress validate 2>&1`,
  )
  t.regex(said, /\nOK$/)
  t.notRegex(said, /unused keys|WRN/)

  delete matrix.env.CLOUDFLARE_TUNNEL_CREDENTIALS
  delete matrix.env.CLOUDFLARE_API_TOKEN
  const { id: t_, secret: s_ } = tunnel()
  matrix.env.CLOUDFLARE_TUNNEL_TOKEN = Buffer.from(JSON.stringify({ a: account, t: t_, s: s_ })).toString('base64')
  edge.world.zones[0]!.records.find(({ name }) => name === 'matrix.example.com')!.content = `${t_}.cfargotunnel.com`
  const token = await matrix.apply()
  t.is(token.ran.code, EXIT.ok, trouble(token))
  t.is(tunnel().status, 'healthy')
  t.deepEqual((await matrix.apply()).changed, [])
})

test.serial('without any secret of Cloudflare the rest stays, and nothing is asked of the API', async (t) => {
  t.timeout(120_000)
  delete matrix.env.CLOUDFLARE_TUNNEL_TOKEN
  const asked = edge.api.seen.length
  const { ran, ends, changed } = await matrix.apply()
  t.is(ran.code, EXIT.ok)
  t.deepEqual(changed, [])
  t.is(edge.api.seen.length, asked)
  t.deepEqual([...new Set(ends.filter((end) => end.task.module.startsWith('cloudflare_')).map((end) => end.status))], ['skipped'])
})

test.serial('credentials that are none are refused before they are kept, and no part of them is shown', async (t) => {
  t.timeout(60_000)
  matrix.env.CLOUDFLARE_TUNNEL_CREDENTIALS = 'not-what-it-should-be'
  const bad = await matrix.apply('--tags', 'cloudflared')
  delete matrix.env.CLOUDFLARE_TUNNEL_CREDENTIALS
  t.is(bad.ran.code, EXIT.failed)
  t.regex(trouble(bad), /must be the JSON that `cloudflared tunnel create` wrote/)
  t.false(bad.ran.stdout.includes('not-what-it'))
})

test.serial('a web site at the domain itself is not moved behind the proxy, and what that means is told', async (t) => {
  t.timeout(60_000)
  const zone = edge.world.zones[0]!
  const site = { id: newId(), name: 'example.com', type: 'A', content: '192.0.2.10', proxied: false, ttl: 1, comment: null }
  const apex = zone.records.findIndex(({ name, type }) => name === 'example.com' && type === 'AAAA')
  zone.records.splice(apex, 1, site)
  matrix.env.CLOUDFLARE_API_TOKEN = API_TOKEN
  const { ran, ends, changed } = await matrix.apply('--tags', 'dns')
  delete matrix.env.CLOUDFLARE_API_TOKEN
  t.deepEqual([ran.code, changed], [EXIT.ok, []])
  t.deepEqual(
    zone.records.filter(({ name, type }) => name === 'example.com' && type !== 'TXT'),
    [site],
  )
  const told = ends.find((end) => end.task.name === "Tell what stands in Matrix's way")
  t.regex(String(told?.result.msg), /^apex_proxied: A 192\.0\.2\.10, not proxied: routes of Workers fire only where/m)
})

test.serial('with a public address instead, the tunnel goes', async (t) => {
  t.timeout(60_000)
  const direct = await matrix.apply('--tags', 'cloudflared', '-e', 'edge=direct')
  t.deepEqual([direct.ran.code, direct.changed], [EXIT.ok, ['Take away what no longer leads here']], trouble(direct))
  t.is(await matrix.on('docker ps -a --format "{{.Names}}"'), 'synapse')
})
