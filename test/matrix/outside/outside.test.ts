import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTcpServer, type Socket } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { freePort } from '../../transport/sshd.ts'
import { serving } from '../server.ts'
import { type Edge, edge, json, MATRIX_HOST, RELEASE, SERVER_NAME } from './edge.ts'
import { keyDocument } from './keys.ts'

const ALL = [
  ...[
    'tunnel',
    'reach_server_name',
    'well_known_client',
    'well_known_server',
    'cors_well_known',
    'reach_matrix_host',
    'public_client_api',
    'cors',
  ],
  ...[
    'encoded_slash_outside',
    'admin_closed_outside',
    'server_name_resolution',
    'federation_version',
    'signing_key',
    'other_servers_let_in',
  ],
]

test('all is well', async (t) => {
  const results = await (await edge(t)).run()
  t.deepEqual(
    results.map(({ id, ok, hint }) => [id, ok, hint]),
    ALL.map((id) => [id, true, undefined]),
  )
  const detail = (id: string) => results.find((one) => one.id === id)?.detail ?? ''
  t.regex(detail('reach_server_name'), /^certificate valid until \d{4}-\d\d-\d\d, 127\./)
  t.regex(detail('reach_matrix_host'), /^certificate valid until \d{4}-\d\d-\d\d, 2 addresses$/)
  t.is(detail('server_name_resolution'), 'well-known: matrix.example.com:443 → matrix.example.com:443')
  t.is(detail('signing_key'), 'ed25519:a_test, signed, the one on the host')
  t.is(detail('tunnel'), `4 of 4 connections, release ${RELEASE}`)
})

const CLIENT = '/.well-known/matrix/client'
const SERVER = '/.well-known/matrix/server'
const VERSIONS = '/_matrix/client/versions'
const KEYS = '/_matrix/key/v2/server'
const FEDERATION = '/_matrix/federation/v1/version'

const html =
  (status: number): RequestListener =>
  (_request, response) =>
    void response.writeHead(status, { 'Content-Type': 'text/html', 'Access-Control-Allow-Origin': '*' }).end('<p>')

const serves =
  (path: string, value: unknown, headers?: Record<string, string | string[]>, status = 200) =>
  ({ instead }: Edge) =>
    void instead.set(path, (_request, response) => json(response, status, value, headers))

const keys =
  (changes: object, key?: 'another') =>
  ({ instead, key: own }: Edge) => {
    const used = key ? generateKeyPairSync('ed25519').privateKey : own
    instead.set(KEYS, (_request, response) => json(response, 200, keyDocument(used, SERVER_NAME, Date.now() + 86_400_000, changes)))
  }

const BROKEN: { what: string; breaks: (edge: Edge) => unknown; fails: string | string[]; detail: RegExp; hint: RegExp }[] = [
  // DNS
  {
    what: 'the server name has no record',
    breaks: ({ zone }) => delete zone[SERVER_NAME],
    fails: 'reach_server_name',
    detail: /^DNS: example\.com has no address$/,
    hint: /CNAME to the tunnel/,
  },
  {
    what: 'the host name has no record',
    breaks: ({ zone }) => {
      zone[MATRIX_HOST] = {}
    },
    fails: 'reach_matrix_host',
    detail: /^DNS: matrix\.example\.com has no address$/,
    hint: /Worker’s route/,
  },
  {
    what: 'the zone is broken',
    breaks: ({ zone }) => {
      zone[SERVER_NAME] = { broken: true }
    },
    fails: 'reach_server_name',
    detail: /^DNS: the DNS server 127\.0\.0\.1:\d+ fails on example\.com \(ESERVFAIL\)$/,
    hint: /dnsviz/,
  },
  {
    what: 'the resolver does not answer',
    breaks: async (it) => {
      it.outside = { ...it.outside, resolver: `${it.net}.9:53` }
    },
    fails: ['reach_server_name', 'reach_matrix_host'],
    detail: /^DNS: the DNS server 127\.\d+\.\d+\.9:53 does not answer$/,
    hint: /online\? Or name another: resolver/,
  },
  // TCP
  {
    what: 'nothing listens',
    breaks: ({ apex }) => apex.close(),
    fails: 'reach_server_name',
    detail: /^127\.\S+\.1:443: connection refused$/,
    hint: /nothing answers on port 443/,
  },
  {
    what: 'one of two addresses is dead',
    breaks: ({ hosts }) => hosts[1].close(),
    fails: 'reach_matrix_host',
    detail: /^127\.\S+\.3:443: connection refused$/,
    hint: /does DNS name the tunnel/,
  },
  {
    what: 'the IPv6 address is dead',
    breaks: ({ zone }) => {
      zone[SERVER_NAME]!.aaaa = ['::1']
    },
    fails: 'reach_server_name',
    detail: /^\[::1\]:443: connection refused$/,
    hint: /nothing answers/,
  },
  // TLS
  {
    what: 'the certificate is for another name',
    breaks: ({ apex, authority }) => apex.setSecureContext(authority.issue(['other.example.com'])),
    fails: 'reach_server_name',
    detail: /^the certificate is not for example\.com$/,
    hint: /does DNS lead to the tunnel/,
  },
  {
    what: 'the certificate of one of two addresses is for another name',
    breaks: ({ hosts, authority }) => hosts[1].setSecureContext(authority.issue(['other.example.com'])),
    fails: 'reach_matrix_host',
    detail: /^127\.\S+\.3: the certificate is not for matrix\.example\.com$/,
    hint: /something else answers/,
  },
  {
    what: 'the certificate has expired',
    breaks: ({ hosts, authority }) => hosts.map((one) => one.setSecureContext(authority.issue([MATRIX_HOST], 90, 91))),
    fails: 'reach_matrix_host',
    detail: /the certificate has expired$/,
    hint: /renew/,
  },
  {
    // as an edge does that has none for the name: here, none of the sort that its ciphers take
    what: 'TLS is refused',
    breaks: ({ apex, authority }) =>
      apex.setSecureContext({ ...authority.issue([SERVER_NAME]), maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' }),
    fails: 'reach_server_name',
    detail: /^TLS for example\.com is refused \(ERR_SSL_\S*ALERT_HANDSHAKE_FAILURE\)$/,
    hint: /has no certificate for this name/,
  },
  {
    what: 'the certificate is not renewed in time',
    breaks: ({ apex, authority }) => apex.setSecureContext(authority.issue([SERVER_NAME], 90, 70)),
    fails: 'reach_server_name',
    detail: /in 19 days: a quarter of its lifetime or less is left$/,
    hint: /Cloudflare’s to renew/,
  },
  {
    what: 'nobody vouches for the certificates',
    breaks: (it) => {
      it.outside = { resolver: it.outside.resolver! }
    },
    fails: ['reach_server_name', 'reach_matrix_host'],
    detail: /certificate cannot be traced to a known authority/,
    hint: /outside_ca/,
  },
  // well-known
  {
    what: 'no client discovery',
    breaks: ({ instead }) => instead.set(CLIENT, html(404)),
    fails: 'well_known_client',
    detail: /404 an HTML page$/,
    hint: /Worker/,
  },
  {
    what: 'it is redirected',
    breaks: serves(CLIENT, {}, { Location: 'https://www.example.com/' }, 308),
    fails: 'well_known_client',
    detail: /client is redirected to https:\/\/www\.example\.com\/$/,
    hint: /not all servers follow/,
  },
  {
    what: 'the Worker’s route misses a query',
    breaks: ({ instead }) =>
      instead.set(CLIENT, (request, response, go) => (request.url?.includes('?') ? html(404)(request, response) : go())),
    fails: 'well_known_client',
    detail: /client\?x=1: 404 an HTML page$/,
    hint: /end in \*/,
  },
  {
    what: 'a page instead',
    breaks: ({ instead }) => instead.set(CLIENT, html(200)),
    fails: 'well_known_client',
    detail: /JSON object must be$/,
    hint: /Worker/,
  },
  {
    what: 'it is served as text',
    breaks: serves(CLIENT, { 'm.homeserver': { base_url: `https://${MATRIX_HOST}/` } }, { 'Content-Type': 'text/plain' }),
    fails: 'well_known_client',
    detail: /^it is served as text\/plain$/,
    hint: /application\/json/,
  },
  {
    what: 'it leads elsewhere',
    breaks: serves(CLIENT, { 'm.homeserver': { base_url: 'https://example.com' } }),
    fails: 'well_known_client',
    detail: /^m\.homeserver\.base_url is https:\/\/example\.com, not https:\/\/matrix\.example\.com$/,
    hint: /for a day/,
  },
  {
    what: 'it holds nothing',
    breaks: serves(CLIENT, { 'm.homeserver': null }),
    fails: 'well_known_client',
    detail: /base_url is missing/,
    hint: /correct it/,
  },
  {
    what: 'no server discovery',
    breaks: ({ instead }) => instead.set(SERVER, html(404)),
    fails: 'well_known_server',
    detail: /^GET \/\.well-known\/matrix\/server: 404 an HTML page$/,
    hint: /other servers go to example\.com:8448\.$/,
  },
  {
    what: 'no server discovery, but an SRV record',
    breaks: ({ instead, zone }) => {
      instead.set(SERVER, html(404))
      zone['_matrix-fed._tcp.example.com'] = { srv: [{ port: 444, target: 'there.example.net' }] }
    },
    fails: 'well_known_server',
    detail: /404/,
    hint: /other servers go to there\.example\.net:444\.$/,
  },
  {
    what: 'the port is missing',
    breaks: serves(SERVER, { 'm.server': MATRIX_HOST }),
    fails: 'well_known_server',
    detail: /^m\.server is matrix\.example\.com, without a port$/,
    hint: /it must be matrix\.example\.com:443.*other servers go to matrix\.example\.com:8448\.$/,
  },
  {
    what: 'the port is another',
    breaks: serves(SERVER, { 'm.server': `${MATRIX_HOST}:8448` }),
    fails: 'well_known_server',
    detail: /^m\.server is matrix\.example\.com:8448, not matrix\.example\.com:443$/,
    hint: /correct it/,
  },
  {
    what: 'm.server is no text',
    breaks: serves(SERVER, { 'm.server': [1] }),
    fails: 'well_known_server',
    detail: /m\.server is \[1\]/,
    hint: /8448/,
  },
  {
    what: 'servers get another answer than browsers',
    breaks: ({ instead }) => instead.set(SERVER, (request, response, go) => (request.headers.origin ? go() : html(403)(request, response))),
    fails: 'server_name_resolution',
    detail:
      /^well-known: 403 an HTML page → SRV _matrix-fed\._tcp: none → SRV _matrix\._tcp: none → port 8448, .* → example\.com:8448, not matrix/,
    hint: /must not depend on Origin/,
  },
  // browsers
  {
    what: 'discovery is closed to browsers',
    breaks: serves(CLIENT, { 'm.homeserver': { base_url: `https://${MATRIX_HOST}` } }, {}),
    fails: 'cors_well_known',
    detail: /^GET \/\.well-known\/matrix\/client \(200\): no Access-Control-Allow-Origin$/,
    hint: /Header always set/,
  },
  {
    what: 'discovery answers no preflight',
    breaks: ({ instead }) =>
      instead.set(CLIENT, (request, response, go) => (request.method === 'OPTIONS' ? html(405)(request, response) : go())),
    fails: 'cors_well_known',
    detail: /^OPTIONS \S+ \(405\): a preflight must be answered with 2xx$/,
    hint: /Access-Control-Allow-Origin/,
  },
  {
    what: 'the header is sent twice',
    breaks: serves(VERSIONS, { versions: ['v1.1'] }, { 'Access-Control-Allow-Origin': ['*', '*'] }),
    fails: 'cors',
    detail: /sent twice \(\*, \*\)$/,
    hint: /adds a second one/,
  },
  {
    what: 'errors are closed to browsers',
    breaks: serves('/_matrix/client/v3/account/whoami', { errcode: 'M_MISSING_TOKEN' }, {}, 401),
    fails: 'cors',
    detail: /whoami \(401\): no Access-Control-Allow-Origin$/,
    hint: /something before it takes it away/,
  },
  {
    what: 'Authorization is not allowed',
    breaks: ({ instead }) =>
      instead.set('/_matrix/client/v3/login', (request, response, go) => (request.method === 'OPTIONS' ? json(response, 204, {}) : go())),
    fails: 'cors',
    detail: /does not hold Authorization$/,
    hint: /Synapse sends it/,
  },
  // the edge
  {
    what: 'the tunnel’s name is unknown',
    breaks: ({ instead }) => instead.set(VERSIONS, html(530)),
    fails: 'public_client_api',
    detail: /530/,
    hint: /1033/,
  },
  {
    what: 'a bad gateway',
    breaks: ({ instead }) => instead.set(VERSIONS, html(502)),
    fails: 'public_client_api',
    detail: /502/,
    hint: /originServerName/,
  },
  {
    what: 'a challenge',
    breaks: ({ instead }) => instead.set(VERSIONS, html(403)),
    fails: 'public_client_api',
    detail: /403/,
    hint: /Bot Fight Mode/,
  },
  {
    what: 'another site',
    breaks: ({ instead }) => instead.set(VERSIONS, html(200)),
    fails: 'public_client_api',
    detail: /HTML/,
    hint: /another site/,
  },
  {
    what: 'nobody can log in with a password',
    breaks: serves('/_matrix/client/v3/login', { flows: [{ type: 'm.login.sso' }] }),
    fails: 'public_client_api',
    detail: /^no login with a password: m\.login\.sso$/,
    hint: /password_config/,
  },
  {
    what: 'the edge decodes slashes',
    breaks: ({ hosts }) =>
      hosts.map((one) =>
        one.prependListener('request', (request) => {
          request.url = request.url?.replaceAll('%2F', '/')
        }),
      ),
    fails: 'encoded_slash_outside',
    detail: /^M_UNRECOGNIZED$/,
    hint: /Normalize URLs to origin must be off/,
  },
  {
    what: 'the admin API is open',
    breaks: serves('/_synapse/admin/v1/server_version', { server_version: '1' }),
    fails: 'admin_closed_outside',
    detail: /server_version answers$/,
    hint: /proxy only/,
  },
  {
    what: 'something else answers for the admin API',
    breaks: serves('/_synapse/admin/v1/server_version', {}, {}, 500),
    fails: 'admin_closed_outside',
    detail: /^\/_synapse\/admin\/v1\/server_version: 500/,
    hint: /expected 403 or 404/,
  },
  // federation
  {
    what: 'no federation is served',
    breaks: serves(FEDERATION, { errcode: 'M_UNRECOGNIZED' }, {}, 404),
    fails: 'federation_version',
    detail: /^asking for the server: 404 M_UNRECOGNIZED$/,
    hint: /must name federation/,
  },
  {
    what: 'another server',
    breaks: serves(FEDERATION, { server: { name: 'Dendrite' } }),
    fails: 'federation_version',
    detail: /Dendrite answers/,
    hint: /another server/,
  },
  {
    what: 'another key',
    breaks: keys({}, 'another'),
    fails: 'signing_key',
    detail: /the key ed25519:a_test is not the one of the host$/,
    hint: /second connector/,
  },
  {
    what: 'keys of another server',
    breaks: keys({ server_name: 'example.org' }),
    fails: 'signing_key',
    detail: /those of example\.org/,
    hint: /another Matrix server/,
  },
  {
    what: 'keys that have ended',
    breaks: keys({ valid_until_ts: 1000 }),
    fails: 'signing_key',
    detail: /the keys ended on 1970-01-01/,
    hint: /timedatectl/,
  },
  {
    what: 'an answer that was changed on the way, on one address',
    breaks: ({ instead, key }) =>
      instead.set(KEYS, (request, response, go) => {
        const changed = { ...keyDocument(key, SERVER_NAME, Date.now() + 86_400_000), added: 1 }
        return request.socket.localAddress?.endsWith('.3') ? json(response, 200, changed) : go()
      }),
    fails: 'signing_key',
    detail: /^127\.\S+\.3: the signature by ed25519:a_test is not good$/,
    hint: /no proxy may rewrite/,
  },
  {
    what: 'a server written in Go is kept out',
    breaks: ({ instead }) =>
      instead.set(FEDERATION, (request, response, go) =>
        request.headers['user-agent']?.startsWith('Go-http-client') ? html(403)(request, response) : go(),
      ),
    fails: 'other_servers_let_in',
    detail: /^as Go-http-client\/2\.0: 403 an HTML page$/,
    hint: /Bot Fight Mode must be off/,
  },
  {
    what: 'a server written in Go is kept out of discovery',
    breaks: ({ instead }) =>
      instead.set('/.well-known/matrix/server', (request, response, go) =>
        request.headers['user-agent']?.startsWith('Go-http-client') ? html(403)(request, response) : go(),
      ),
    fails: 'other_servers_let_in',
    detail: /^as Go-http-client\/2\.0, \/\.well-known\/matrix\/server: 403 an HTML page$/,
    hint: /Bot Fight Mode must be off/,
  },
  // the tunnel
  {
    what: 'the tunnel is not connected',
    breaks: (it) => {
      it.ready = { ...it.ready, status: 503, connections: 0 }
    },
    fails: 'tunnel',
    detail: /^the connector has no connection to the edge$/,
    hint: /7844/,
  },
  {
    what: 'the connector is too old',
    breaks: (it) => {
      it.ready.release = `${new Date().getFullYear() - 1}.1.2`
    },
    fails: 'tunnel',
    detail: /^cloudflared \d+\.1\.2 is (1[2-9]|2\d) months old/,
    hint: /docker pull/,
  },
  {
    what: 'the connector is not there',
    breaks: async (it) => {
      it.tunnelMetricsPort = await freePort()
    },
    fails: 'tunnel',
    detail: /^GET \/ready: .*ECONNREFUSED/,
    hint: /docker logs --tail 50 cloudflared/,
  },
]

for (const { what, breaks, fails, detail, hint } of BROKEN)
  test(`${what}: ${[fails].flat().join(' and ')}`, async (t) => {
    const it = await edge(t)
    await breaks(it)
    const failed = (await it.run()).filter((one) => one.ok === false)
    t.deepEqual(
      failed.map((one) => one.id),
      [fails].flat(),
      JSON.stringify(failed),
    )
    for (const one of failed) {
      t.regex(one.detail, detail)
      t.regex(one.hint ?? '', hint)
    }
  })

test('what is not looked at is not needed, and what is worse than best is told', async (t) => {
  const it = await edge(t)
  it.tunnelMetricsPort = undefined
  // Linux: no route to a multicast address by TCP, as to any other where there is no IPv6
  it.zone['tunnel.example.net']!.aaaa = ['ff02::1']
  it.instead.set(CLIENT, (_request, response) => {
    response.writeHead(200, { 'Content-Type': 'application/json; charset=utf-8', 'Access-Control-Allow-Origin': '*' })
    response.end(`\n { "m.homeserver": { "base_url": "https://${MATRIX_HOST}/" } }\n`)
  })
  it.instead.set(SERVER, (_request, response) =>
    json(response, 200, { 'm.server': `${MATRIX_HOST}:443` }, { 'Content-Type': 'text/plain', 'Access-Control-Allow-Origin': '*' }),
  )
  const results = await it.run()
  t.deepEqual(
    results.filter((one) => one.ok !== true),
    [],
  )
  const detail = (id: string) => results.find((one) => one.id === id)?.detail ?? ''
  t.regex(detail('reach_matrix_host'), /, 2 addresses, 1 of IPv6 not tried: this machine has none$/)
  t.is(detail('well_known_server'), 'matrix.example.com:443 (served as text/plain, which servers tolerate)')
  t.is(results.length, ALL.length - 1)
})

test('a fault is told once: what needs more is not reached', async (t) => {
  const it = await edge(t)
  delete it.zone[MATRIX_HOST]
  const results = await it.run()
  const open = results.filter((one) => one.ok === null)
  t.deepEqual(
    open.map((one) => one.id),
    [
      'public_client_api',
      'cors',
      'encoded_slash_outside',
      'admin_closed_outside',
      'federation_version',
      'signing_key',
      'other_servers_let_in',
    ],
  )
  t.is(open[0]?.detail, 'not reached: it needs "public host"')
})

test('an interrupt ends it, also where the other end says nothing', async (t) => {
  const it = await edge(t)
  it.apex.close()
  await once(it.apex, 'close')
  const silent = createTcpServer()
  silent.listen(443, `${it.net}.1`)
  await once(silent, 'listening')
  t.teardown(() => silent.close())
  const end = new AbortController()
  const sockets: Socket[] = []
  silent.on('connection', (socket) => {
    sockets.push(socket)
    socket.on('error', () => undefined)
    end.abort()
  })
  const results = await it.run(end.signal)
  for (const socket of sockets) socket.destroy()
  t.is(sockets.length, 1)
  t.deepEqual(
    results.map(({ id, detail }) => [id, detail]),
    ALL.map((id) => [id, id === 'tunnel' ? `4 of 4 connections, release ${RELEASE}` : 'interrupted']),
  )
})

test('a federation tester may be asked besides', async (t) => {
  const asks = async (t: ExecutionContext, answer: RequestListener) => {
    const it = await edge(t)
    it.zone['tester.example.org'] = { a: ['127.0.0.1'] }
    it.outside = { ...it.outside, tester: `http://tester.example.org:${await serving(t, createServer(answer))}/` }
    const last = (await it.run()).at(-1)
    return [last?.id, last?.ok, last?.detail.replace(/(tester\.example\.org):\d+/, '$1')]
  }
  const says =
    (report: unknown): RequestListener =>
    (request, response) =>
      json(response, request.url === '/api/report?server_name=example.com' ? 200 : 404, report)
  t.deepEqual(await asks(t, says({ FederationOK: true })), ['federation_tester', true, 'tester.example.org finds no fault'])
  const bad = {
    FederationOK: false,
    WellKnownResult: { result: 'No .well-known found' },
    ConnectionErrors: { '192.0.2.1:443': { Message: 'refused' } },
    ConnectionReports: { '192.0.2.2:443': { Checks: { AllChecksOK: false, MatchingServerName: true, ValidCertificates: false } } },
  }
  t.deepEqual(await asks(t, says(bad)), [
    'federation_tester',
    false,
    'tester.example.org cannot federate: well-known: No .well-known found; 192.0.2.1:443: refused; 192.0.2.2:443: ValidCertificates',
  ])
  t.deepEqual(await asks(t, html(503)), ['federation_tester', null, 'tester.example.org is of no help: 503 an HTML page'])
})

test('a tester that cannot be found says nothing of the server', async (t) => {
  const it = await edge(t)
  it.outside = { ...it.outside, tester: 'https://tester.example.org' }
  t.like((await it.run()).at(-1), { ok: null, detail: 'tester.example.org is of no help: tester.example.org has no address in DNS' })
})
