import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { EXIT } from '../../src/commands/exit-code.ts'
import { labHost } from '../helpers/lab.ts'
import { labInventory } from '../helpers/lab-inventory.ts'
import { AWAIT_SYNAPSE, CERTIFICATE, MATRIX_HOST, makeCertificate, SECRET, SERVER_NAME, SET_UP, VHOST } from '../helpers/matrix-host.ts'
import { endsOf, folder, mhprov, type Ran } from '../helpers/mhprov.ts'
import { processList } from '../helpers/process-list.ts'
import { serveZone } from '../matrix/outside/dns.ts'

// A real Synapse behind a real Apache: all is well, then one thing at a time is broken and mended. One host, so one after another.

const host = labHost(test, 'bookworm', { synapse: true })
let dir: string
let inventory: string

const on = async (t: ExecutionContext, script: string): Promise<string> => {
  const { code, stdout, stderr } = await host().run(script)
  t.is(code, 0, `${script}\n${stdout}${stderr}`)
  return stdout.trim()
}

test.serial('Synapse and Apache are set up', async (t) => {
  t.timeout(600_000)
  dir = folder({})
  inventory = labInventory(dir, host())
  await on(t, SET_UP)
})

const SETTINGS = {
  server_name: SERVER_NAME,
  matrix_host: MATRIX_HOST,
  registration_shared_secret: SECRET,
  ca: CERTIFICATE,
  database: 'sqlite3',
}

/** A playbook of one task; its path. */
function playbook(task: Record<string, unknown>, vars: Record<string, unknown> = {}): string {
  const path = join(dir, 'play.yaml')
  writeFileSync(
    path,
    JSON.stringify([{ hosts: 'laptop', gather_facts: false, vars, tasks: [{ name: 'the task', tags: ['verify'], ...task }] }]),
  )
  return path
}

const verify = (params: Record<string, unknown> = {}, ...args: string[]) =>
  mhprov(['verify', playbook({ matrix_verify: { ...SETTINGS, ...params } }), '-i', inventory, ...args])

interface Check {
  readonly id: string
  readonly from: string
  readonly ok: boolean | null
  readonly detail: string
  readonly hint?: string
}
const checksOf = (ran: Ran): Check[] => JSON.parse(ran.stdout).laptop.checks

/** Accounts that can still log in, and rooms. */
const leftovers = (t: ExecutionContext) =>
  on(
    t,
    `docker exec synapse python3 -c 'import sqlite3
db = sqlite3.connect("/data/homeserver.db")
print(db.execute("SELECT count(*) FROM users WHERE deactivated = 0 AND name LIKE ?", ("@mhprov-%",)).fetchone()[0],
  db.execute("SELECT count(*) FROM rooms").fetchone()[0])'`,
  )

test.serial('all is well: every check is green, nothing is left behind, nothing of it counts as a change', async (t) => {
  const ran = await verify({ max_upload_size: 2 * 1024 * 1024 }, '-o', 'json')
  t.is(ran.code, EXIT.ok, ran.stdout + ran.stderr)
  t.deepEqual(
    checksOf(ran).map(({ id, ok, hint }) => [id, ok, hint]),
    [
      ...['health', 'versions', 'release', 'database', 'tls', 'encoded_slash', 'admin_closed'],
      ...['register', 'login', 'client_address', 'message', 'media', 'cleanup'],
    ].map((id) => [id, true, undefined]),
  )
  t.is(await leftovers(t), '0 0')
  const check = await mhprov(['check', join(dir, 'play.yaml'), '-i', inventory, '-o', 'json'])
  t.deepEqual(
    endsOf(check).map(({ status }) => status),
    ['skipped'],
  )
})

test.serial('the table, as it is read', async (t) => {
  const { code, stdout } = await verify({}, '-o', 'lines')
  t.is(code, EXIT.ok)
  t.regex(stdout, /^laptop {11}[✔+] Synapse up {8}host {12}answers OK$/m)
  t.regex(stdout, /^laptop {11}All 13 checks passed\.$/m)
  t.regex(stdout, /Nothing was changed\./)
})

const SITE = '/etc/apache2/sites-available/example.conf'
const SITE_CERTIFICATE = '/etc/ssl/site.pem'
const WELL_KNOWN = '/srv/site/.well-known/matrix'

test.serial('from outside, too: discovery, the server name, keys, and a message over the public way', async (t) => {
  await on(
    t,
    `set -e
${makeCertificate(90, SITE_CERTIFICATE, SERVER_NAME).text}
mkdir -p ${WELL_KNOWN}
printf '{"m.homeserver":{"base_url":"https://${MATRIX_HOST}"}}' >${WELL_KNOWN}/client
printf '{"m.server":"${MATRIX_HOST}:443"}' >${WELL_KNOWN}/server
cat >${SITE} <<'END'
<VirtualHost *:443>
  ServerName ${SERVER_NAME}
  SSLEngine on
  SSLCertificateFile ${SITE_CERTIFICATE}
  SSLCertificateKeyFile /etc/ssl/site.key
  DocumentRoot /srv/site
  <Location /.well-known/matrix>
    Require all granted
    ForceType application/json
    Header always set Access-Control-Allow-Origin "*"
  </Location>
</VirtualHost>
END
a2ensite -q example >/dev/null; ${reload}`,
  )
  const outside = {
    outside: true,
    resolver: await serveZone(t, { [SERVER_NAME]: { a: [host().address] }, [MATRIX_HOST]: { a: [host().address] } }),
    outside_ca: await on(t, `cat ${CERTIFICATE} ${SITE_CERTIFICATE}`),
  }
  const ran = await verify(outside, '-o', 'json')
  t.is(ran.code, EXIT.ok, ran.stdout + ran.stderr)
  const checks = checksOf(ran)
  t.deepEqual(
    checks.filter((one) => one.ok !== true),
    [],
  )
  const outer = checks.filter(({ from }) => from === 'outside').map(({ id }) => id)
  t.deepEqual(outer, [
    ...['reach_server_name', 'well_known_client', 'well_known_server', 'cors_well_known', 'reach_matrix_host', 'public_client_api', 'cors'],
    ...['encoded_slash_outside', 'admin_closed_outside', 'client_address_outside', 'message_outside', 'media_outside'],
    ...['server_name_resolution', 'federation_version', 'signing_key', 'other_servers_let_in'],
  ])
  const detail = (id: string) => checks.find((one) => one.id === id)?.detail ?? ''
  t.regex(detail('client_address_outside'), /^\d+\.\d+\.\d+\.\d+, forged ones ignored$/)
  t.notRegex(detail('client_address_outside'), /^127\./)
  t.regex(detail('signing_key'), /^ed25519:a_\w+, signed, the one on the host$/)
  t.regex(detail('cleanup'), /rooms and files removed/)
  t.is(await leftovers(t), '0 0')

  // the proxy hides who asks: from the host itself nothing of that is seen
  await on(t, edit('/unset X-Forwarded-For/a RequestHeader set X-Forwarded-For "127.0.0.1"'))
  const hidden = await verify(outside, '-o', 'json')
  await on(t, `mv /root/matrix.conf ${VHOST}; printf '{"m.server":"${MATRIX_HOST}"}' >${WELL_KNOWN}/server; ${reload}`)
  const bare = await verify(outside, '-o', 'json')
  await on(t, `a2dissite -q example >/dev/null; ${reload}`)
  const failed = (one: Ran) => checksOf(one).filter(({ ok }) => ok === false)
  t.like(failed(hidden), { 0: { id: 'client_address_outside' }, length: 1 })
  t.regex(failed(hidden)[0]?.detail ?? '', /not the one from which it was asked$/)
  t.like(failed(bare), { 0: { id: 'well_known_server', detail: `m.server is ${MATRIX_HOST}, without a port` }, length: 1 })
  t.regex(failed(bare)[0]?.hint ?? '', /other servers go to matrix\.example\.com:8448/)
})

const reload = 'apachectl -k graceful && sleep 0.3'
const edit = (script: string) => `cp -n ${VHOST} /root/matrix.conf; sed -i '${script}' ${VHOST}; ${reload}`
const CLOUDFLARE = `RequestHeader set X-Forwarded-For "expr=%{HTTP:CF-Connecting-IP}" "expr=-n %{HTTP:CF-Connecting-IP}"`

const BROKEN: {
  what: string
  breaks?: string
  mends?: string
  params?: Record<string, unknown>
  fails: string
  detail: RegExp
  hint: RegExp
}[] = [
  {
    what: 'Apache refuses encoded slashes',
    breaks: edit('/AllowEncodedSlashes/d'),
    fails: 'encoded_slash',
    detail: /^404 from Apache itself$/,
    hint: /AllowEncodedSlashes NoDecode is missing/,
  },
  {
    what: 'Apache decodes encoded slashes',
    breaks: edit('s/NoDecode/On/; s/ nocanon//'),
    fails: 'encoded_slash',
    detail: /^M_UNRECOGNIZED$/,
    hint: /AllowEncodedSlashes NoDecode and nocanon are missing/,
  },
  {
    what: 'the admin API is proxied',
    breaks: edit('s|ProxyPass /_synapse/client .*|ProxyPass /_synapse http://127.0.0.1:8008/_synapse nocanon|'),
    fails: 'admin_closed',
    detail: /server_version answers/,
    hint: /proxy only \/_matrix/,
  },
  {
    what: 'a forged X-Forwarded-For is passed on',
    breaks: edit('/unset X-Forwarded-For/d'),
    fails: 'client_address',
    detail: /X-Forwarded-For \(203\.0\.113\.7\)/,
    hint: /RequestHeader unset X-Forwarded-For/,
  },
  {
    what: 'CF-Connecting-IP is believed without a tunnel',
    breaks: edit(`/unset X-Forwarded-For/a ${CLOUDFLARE}`),
    fails: 'client_address',
    detail: /CF-Connecting-IP \(203\.0\.113\.9\)/,
    hint: /only of the tunnel/,
  },
  {
    what: 'Apache sends no client address',
    breaks: edit('s|^</VirtualHost>|ProxyAddHeaders Off\\n&|'),
    fails: 'client_address',
    detail: /^Synapse saw .*, not 127\.0\.0\.1/,
    hint: /x_forwarded/,
  },
  {
    what: 'another virtual host answers',
    breaks: edit('s/ServerName .*/ServerName other.example.com/; s|ProxyPass .*||'),
    fails: 'tls',
    detail: /404 an HTML page/,
    hint: /no ProxyPass for this path/,
  },
  { what: 'the port speaks no TLS', breaks: edit('/^ *SSL/d'), fails: 'tls', detail: /does not speak TLS/, hint: /SSLEngine on/ },
  {
    what: 'Apache is stopped',
    breaks: 'systemctl stop apache2',
    mends: 'systemctl start apache2',
    fails: 'tls',
    detail: /Connection refused$/,
    hint: /does Apache run/,
  },
  {
    what: 'the certificate to trust is another one',
    params: { ca: '/etc/ssl/other.pem' },
    breaks: makeCertificate(90, '/etc/ssl/other.pem').text,
    fails: 'tls',
    detail: /not the one to trust/,
    hint: /another certificate than SSLCertificateFile/,
  },
  { what: 'nobody vouches for the certificate', params: { ca: '<%= omit %>' }, fails: 'tls', detail: /self-signed/, hint: /ca/ },
  {
    what: 'the certificate is for another name',
    params: { matrix_host: 'chat.example.com' },
    fails: 'tls',
    detail: /not for chat\.example\.com/,
    hint: /its names must hold chat\.example\.com/,
  },
  {
    what: 'the secret is another',
    params: { registration_shared_secret: 'wrong secret' },
    fails: 'register',
    detail: /403/,
    hint: /is not the one/,
  },
  {
    what: 'the server calls itself otherwise',
    params: { server_name: 'example.org' },
    fails: 'register',
    detail: /calls itself example\.com/,
    hint: /server_name/,
  },
  {
    what: 'less may be sent up than is thought',
    params: { upload_size: 2_500_000 },
    fails: 'media',
    detail: /413 M_TOO_LARGE/,
    hint: /max_upload_size/,
  },
]

for (const { what, breaks, mends, params, fails, detail, hint } of BROKEN)
  test.serial(`${what}: ${fails} fails`, async (t) => {
    if (breaks) await on(t, breaks)
    const ran = await verify(params, '-o', 'json')
    await on(t, mends ?? `[ ! -e /root/matrix.conf ] || { mv /root/matrix.conf ${VHOST}; ${reload}; }`)
    t.is(ran.code, EXIT.failed, ran.stdout + ran.stderr)
    const failed = checksOf(ran).filter((one) => one.ok === false)
    t.deepEqual(
      failed.map((one) => one.id),
      [fails],
    )
    t.regex(failed[0]!.detail, detail)
    t.regex(failed[0]!.hint ?? '', hint)
    t.is(await leftovers(t), '0 0')
  })

test.serial('another release, PostgreSQL and a lower limit are wanted: three checks fail, each with its hint', async (t) => {
  const ran = await verify({ version: 'v1.0.0', database: 'psycopg2', max_upload_size: 1_500_000 }, '-o', 'json')
  t.is(ran.code, EXIT.failed)
  const failed = checksOf(ran).filter((one) => one.ok === false)
  t.deepEqual(
    failed.map(({ id, detail }) => `${id}: ${detail.replace(/^Synapse [\d.]+/, 'Synapse X')}`),
    [
      'release: Synapse X runs, not v1.0.0',
      'database: homeserver.yaml names sqlite3, not psycopg2 (PostgreSQL)',
      'media: 1.4 MiB are taken',
    ],
  )
  t.true(failed.every(({ hint }) => hint !== undefined))
})

const DATA = '/var/lib/docker/volumes/synapse-data/_data'
const restart = `docker restart -t 1 synapse; ${AWAIT_SYNAPSE}`

test.serial('a rate limit that lasts is no fault: the login is not tried, all else is proven', async (t) => {
  await on(t, `echo 'rc_login: { address: { per_second: 0.003, burst_count: 1 } }' >${DATA}/conf.d/60.yaml; ${restart}`)
  await verify({}, '-o', 'json')
  const ran = await verify({}, '-o', 'json')
  await on(t, `rm ${DATA}/conf.d/60.yaml; ${restart}`)
  t.is(ran.code, EXIT.ok, ran.stdout)
  const [login, ...others] = checksOf(ran).filter((one) => one.ok !== true)
  t.deepEqual(others, [])
  t.is(login?.id, 'login')
  t.regex(login?.detail ?? '', /rate limited for another \d+ s/)
})

test.serial('behind a tunnel CF-Connecting-IP may be believed, of the tunnel alone', async (t) => {
  const guarded = CLOUDFLARE.replace(/"$/, ` && -R '\\''172.16.0.0/12'\\''"`)
  for (const [line, failing] of [
    [guarded, []],
    [CLOUDFLARE, ['client_address']],
  ] as const) {
    await on(t, edit(`/unset X-Forwarded-For/a ${line}`))
    const ran = await verify({ tunnel: true }, '-o', 'json')
    await on(t, `mv /root/matrix.conf ${VHOST}; ${reload}`)
    t.deepEqual(
      checksOf(ran)
        .filter(({ ok }) => !ok)
        .map(({ id }) => id),
      failing,
    )
  }
})

test.serial('Synapse is stopped: that it is down is told, and the rest is not reached', async (t) => {
  await on(t, 'docker stop -t 1 synapse')
  const ran = await verify({}, '-o', 'json')
  const table = await verify({}, '-o', 'lines')
  await on(t, `docker start synapse; ${AWAIT_SYNAPSE}`)
  t.is(ran.code, EXIT.failed)
  const checks = checksOf(ran)
  t.deepEqual(
    checks.filter((one) => one.ok !== null).map(({ id, ok }) => [id, ok]),
    [
      ['health', false],
      ['database', true],
    ],
  )
  t.regex(checks[0]!.detail, /^GET \/health: laptop could not connect to 127\.0\.0\.1:8008: Connection refused$/)
  t.regex(checks[0]!.hint ?? '', /is Synapse running/)
  t.regex(checks[1]!.detail, /^not reached: it needs "Synapse up"$/)
  t.regex(table.stdout, /1 of 13 checks passed, 1 failed, 11 not reached\./)
  t.is((await verify({}, '-o', 'json')).code, EXIT.ok)
})

test.serial('an SSH server that forwards nothing is named', async (t) => {
  await on(t, `echo 'AllowTcpForwarding no' >/etc/ssh/sshd_config.d/no.conf; systemctl reload ssh; sleep 0.3`)
  const ran = await verify({}, '-o', 'json')
  await on(t, 'rm /etc/ssh/sshd_config.d/no.conf; systemctl reload ssh; sleep 0.3')
  const [first] = checksOf(ran)
  t.regex(first!.detail, /its SSH server forwards no connections/)
  t.regex(first!.hint ?? '', /AllowTcpForwarding yes/)
})

test.serial('interrupted in the middle, it cleans up', async (t) => {
  let pid = 0
  const path = playbook({ matrix_verify: SETTINGS })
  const ran = await mhprov(['verify', path, '-i', inventory, '-o', 'lines', '-v'], {
    onStart: (id) => {
      pid = id
    },
    onOutput: (text) => {
      if (/│ (password login|client address)|\| (password login|client address)/.test(text)) process.kill(pid, 'SIGINT')
    },
  })
  t.is(ran.code, EXIT.interrupted, ran.stdout)
  t.regex(ran.stdout, /cleanup +host +accounts/)
  t.regex(ran.stdout, /interrupted/)
  t.is(await leftovers(t), '0 0')
})

test.serial('nothing to prove is no proof', async (t) => {
  const ran = await mhprov(['verify', playbook({ debug: { msg: 'hello' } }), '-i', inventory])
  t.is(ran.code, EXIT.failed)
  t.regex(ran.stderr, /no check was made on laptop/)
})

const account = (params: Record<string, unknown>, ...args: string[]) => {
  const secrets = { server_name: SERVER_NAME, registration_shared_secret: SECRET }
  return mhprov(['apply', playbook({ matrix_user: { ...secrets, ...params } }), '-i', inventory, '-o', 'json', ...args])
}
const PASSWORD = `it's "alice's"\\ pass word`
const logIn = (t: ExecutionContext, user: string, password: string) =>
  on(
    t,
    `curl -sS -d '${JSON.stringify({ type: 'm.login.password', identifier: { type: 'm.id.user', user }, password }).replaceAll("'", "'\\''")}' http://127.0.0.1:8008/_matrix/client/v3/login`,
  )

test.serial('an account is made as foretold, once, and is what was asked for; no process list shows its password', async (t) => {
  const alice = { name: 'a.l=i_c/e+1-', password: PASSWORD, admin: true }
  const check = await account(alice, '--check')
  t.deepEqual(
    endsOf(check).map(({ status }) => status),
    ['changed'],
  )
  let seen = ''
  const watch = setInterval(() => {
    seen += processList()
  }, 100)
  const made = await account(alice)
  clearInterval(watch)
  t.notRegex(seen, /pass word/)
  t.is(made.code, EXIT.ok, made.stdout)
  t.regex(made.stdout, /create @a\.l=i_c\/e\+1-:example\.com \(admin\)/)
  t.notRegex(made.stdout, /"failed":true/)
  const { access_token: token, user_id: id } = JSON.parse(await logIn(t, alice.name, PASSWORD))
  t.is(id, '@a.l=i_c/e+1-:example.com')
  const whois = `http://127.0.0.1:8008/_synapse/admin/v2/users/${encodeURIComponent(id)}`
  t.like(JSON.parse(await on(t, `curl -sS -H 'Authorization: Bearer ${token}' '${whois}'`)), { admin: true, deactivated: false })
  // its password may have been changed since: it is left alone
  for (const again of [alice, { ...alice, password: 'another', admin: false }]) {
    const [end] = endsOf(await account(again))
    t.is(end?.status, 'ok')
    t.is(end?.result.user_id, id)
  }
  t.regex(await logIn(t, alice.name, PASSWORD), /access_token/)
})

test.serial('an account that cannot be made says why', async (t) => {
  const fails = async (params: Record<string, unknown>) => {
    const [end] = endsOf(await account({ name: 'bob', password: 'bob secret', ...params }))
    t.is(end?.status, 'failed')
    return String(end?.result.msg)
  }
  t.regex(await fails({ registration_shared_secret: 'wrong' }), /403.*\nregistration_shared_secret is not the one/)
  t.regex(await fails({ http_port: 8009 }), /Synapse does not answer on port 8009 of the host; is it running\?$/)
  await on(t, `echo 'require_auth_for_profile_requests: true' >${DATA}/conf.d/60.yaml; ${restart}`)
  const hidden = await fails({})
  await on(t, `rm ${DATA}/conf.d/60.yaml; ${restart}`)
  t.regex(hidden, /cannot be told: Synapse shows profiles to those who log in only/)
})

test.serial('a deactivated account is not made anew', async (t) => {
  await account({ name: 'gone', password: 'gone secret' })
  const { access_token: token } = JSON.parse(await logIn(t, 'a.l=i_c/e+1-', PASSWORD))
  const path = `http://127.0.0.1:8008/_synapse/admin/v1/deactivate/${encodeURIComponent('@gone:example.com')}`
  await on(t, `curl -fsS -H 'Authorization: Bearer ${token}' -d '{"erase":true}' '${path}'`)
  const [end] = endsOf(await account({ name: 'gone', password: 'gone secret' }))
  t.is(end?.status, 'failed')
  t.regex(String(end?.result.msg), /@gone:example\.com was deactivated/)
})
