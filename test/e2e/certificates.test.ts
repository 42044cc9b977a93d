import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { stringify } from 'yaml'
import { type AcmeServer, openAcme } from '../../src/lab/acme.ts'
import { type StandIn, standIn } from '../../src/lab/cloudflare/server.ts'
import { newId, newWorld } from '../../src/lab/cloudflare/world.ts'
import { type DnsServer, serveDns } from '../../src/lab/dns.ts'
import { letsencryptCertificate } from '../../src/modules/letsencrypt-certificate.ts'
import { labHost } from '../helpers/lab.ts'
import { labInventory } from '../helpers/lab-inventory.ts'
import { labShell } from '../helpers/lab-shell.ts'
import { endsOf, folder, mhprov } from '../helpers/mhprov.ts'
import { settle } from '../helpers/settle.ts'

// certbot on a real host against a real authority (pebble), with the API of Cloudflare and the world's DNS stood in for.

const NAME = 'matrix.example.com'
const LIVE = `/etc/letsencrypt/live/${NAME}`
const OWN = `/etc/letsencrypt/mhprov/${NAME}`
const TOKEN = 'certbot_0123456789abcdefghijklmnopqrstuvw'
const BLIND = 'reader_0123456789abcdefghijklmnopqrstuvwx'
const ELSEWHERE = 'other_0123456789abcdefghijklmnopqrstuvwxy'

const host = labHost(test)
let acme: AcmeServer
let dns: DnsServer
let api: StandIn

const on = async (script: string, timeout = 60_000): Promise<string> => {
  const ended = await host().run(script, { timeout })
  if (ended.code !== 0) throw new Error(`${script}: ${ended.code}\n${ended.stderr}${ended.stdout}`)
  return ended.stdout.trim()
}

const wanted = (more: object = {}) => ({
  domains: [NAME],
  agree_tos: true,
  api_token: TOKEN,
  api_url: api.url,
  server: acme.url,
  ca_bundle: '/etc/ssl/acme.pem',
  ...more,
})
const without = (given: ReturnType<typeof wanted>) => {
  const { api_token: _, ...rest } = given
  return rest
}
const run = (params: object, check = false) => settle(letsencryptCertificate, params, { prefix: labShell(host()), check })

/** What is planned is what a dry run has said, it is done, and a second run plans nothing. */
async function applies(t: ExecutionContext, params: object, ...planned: (string | RegExp)[]) {
  const dry = await run(params, true)
  const done = await run(params)
  t.not(done.result.failed, true, String(done.result.msg))
  const summaries = done.changes.map((change) => change.summary)
  t.deepEqual(
    dry.changes.map((change) => change.summary),
    summaries,
  )
  t.is(summaries.length, planned.length, summaries.join('\n'))
  for (const [i, one] of planned.entries()) typeof one === 'string' ? t.is(summaries[i], one) : t.regex(summaries[i]!, one)
  t.deepEqual((await run(params)).changes, [])
  t.deepEqual(challengesLeft(), [])
  return done
}

/** What an account has proved counts for it; pebble told never to heed that still does so once in a hundred times. */
const newAccount = () => on('rm -rf /etc/letsencrypt/accounts')

async function fails(t: ExecutionContext, params: object, message: RegExp | string) {
  await newAccount()
  const { result } = await run(params)
  t.true(result.failed)
  if (typeof message === 'string') t.is(result.msg, message)
  else t.regex(String(result.msg), message)
}

const records = () => api.world.zones.flatMap((zone) => zone.records)
const challengesLeft = () => records().filter((one) => one.type === 'TXT')
const serial = async () => (await on(`openssl x509 -noout -serial -in ${LIVE}/cert.pem`)).replace('serial=', '')
/** The serial of what Apache serves, once it was verified. */
const served = async () => {
  const ask = `openssl s_client -connect 127.0.0.1:443 -servername ${NAME} -verify_hostname ${NAME} -verify_return_error -CAfile /root/roots.pem </dev/null`
  return (await on(`${ask} 2>/dev/null | openssl x509 -noout -serial`)).replace('serial=', '')
}

test.serial.before('the world around', async (t) => {
  t.timeout(600_000)
  const { address, run: script } = host()
  const gateway = address.replace(/\d+$/, '1')
  const may = (...permissions: string[]) => ({ permissions, zones: ['example.com'] })
  const tokens = {
    [TOKEN]: may('Zone → DNS: Edit', 'Zone → Zone: Read'),
    [BLIND]: may('Zone → DNS: Read', 'Zone → Zone: Read'),
    [ELSEWHERE]: { permissions: 'all', zones: ['example.org'] } as const,
  }
  api = await standIn(newWorld({ zones: ['example.com', 'example.org'], tokens }), { host: gateway })
  dns = await serveDns({ world: api.world, names: { [NAME]: address, [`www.${NAME}`]: address }, address: gateway })
  // certbot renews what has less than 30 days left
  acme = await openAcme({ dnsServer: `${gateway}:${dns.port}`, address: gateway, validity: 20 * 86_400, install: (line) => t.log(line) })
  t.is(dns.port, 53)
  await settleMissing(t)
  const packages = 'apache2 certbot python3-certbot-apache python3-certbot-dns-cloudflare curl openssl bind9-dnsutils'
  const installed = await script(`apt-get update -q && apt-get install -y -q --no-install-recommends ${packages}`, { timeout: 500_000 })
  t.is(installed.code, 0, installed.stderr)
  await script('cat >/etc/ssl/acme.pem', { stdin: acme.caBundle })
  await script('cat >/root/roots.pem', { stdin: acme.roots })
  await on(`echo nameserver ${gateway} >/etc/resolv.conf; systemctl stop certbot.timer; systemctl start certbot.timer`)
})

test.after.always('it ends', async () => {
  await acme?.close()
  await dns?.close()
  await api?.close()
})

/** Before certbot is there. */
async function settleMissing(t: ExecutionContext): Promise<void> {
  await fails(t, wanted(), 'certbot is not installed on this host (package certbot)')
  t.deepEqual((await run({ domains: [NAME], state: 'absent' })).changes, [])
}

const VHOST = `<VirtualHost *:443>
ServerName ${NAME}
SSLEngine on
SSLCertificateFile ${LIVE}/fullchain.pem
SSLCertificateKeyFile ${LIVE}/privkey.pem
</VirtualHost>
`

test.serial('by DNS through the API: issued, served by Apache, the token only in its own file', async (t) => {
  t.timeout(180_000)
  // looks at every process all the while, for the token, whose pattern is in a file that goes away again
  const watch = `cat >/run/pattern; : >/run/seen; while [ ! -e /run/enough ]; do cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | grep -a -F -f /run/pattern >>/run/seen; sleep 0.1; done; rm /run/enough`
  const watching = host().run(watch, { stdin: `${TOKEN}\n`, timeout: 120_000 })
  const { result, outputs } = await applies(
    t,
    wanted(),
    `API token added: ${OWN}/token, mode 0600`,
    `DNS hook added: ${OWN}/dns-hook, mode 0700`,
    `deploy hook added: /etc/letsencrypt/renewal-hooks/deploy/mhprov-${NAME}, mode 0700`,
    `environment of renewals added: /etc/systemd/system/certbot.service.d/mhprov-${NAME}.conf, mode 0644`,
    `get a certificate for ${NAME} by dns-hook from ${acme.url}`,
  )
  await on('touch /run/enough')
  await watching
  t.is(await on('cat /run/seen'), '', 'the token was in a process list')
  const said = outputs.at(-1)!.stdout.toString()
  t.regex(said, new RegExp(`setting TXT _acme-challenge\\.${NAME} to \\S{43} in the domain example\\.com`))
  t.notRegex(said, /did not show/, 'the name servers of the zone were asked')
  t.like(result, { certificate: `${LIVE}/fullchain.pem`, domains: [NAME], serial_number: await serial(), renewed_by: 'certbot.timer' })
  t.is(result.days_left, 19)
  t.deepEqual(
    api.writes().map(({ method, status }) => `${method} ${status}`),
    ['POST 200', 'DELETE 200'],
  )
  const places = await on(
    `grep -r -l -a -F -f /run/pattern / --exclude-dir=proc --exclude-dir=sys --exclude=pattern 2>/dev/null || :; rm /run/pattern`,
  )
  t.is(places, `${OWN}/token`)
  t.is(await on(`stat -c '%a %U' ${OWN}/token ${OWN}`), '600 root\n700 root')
  t.is(await on('ls -d /tmp/tmp.* 2>/dev/null || :'), '')
  await host().run('cat >/etc/apache2/sites-available/matrix.conf', { stdin: VHOST })
  await on('a2enmod -q ssl && a2ensite -q matrix && systemctl restart apache2')
  t.is(await served(), await serial())
})

test.serial("the timer's own command renews it, and Apache serves the new one, with no run of mhprov", async (t) => {
  t.timeout(120_000)
  const before = await served()
  t.is(await on('systemctl show -p Unit --value certbot.timer'), 'certbot.service')
  await on('systemctl start certbot.service', 100_000)
  t.not(await served(), before)
  t.is(await served(), await serial())
  t.deepEqual(challengesLeft(), [])
  t.deepEqual((await run(wanted())).changes, [])
})

test.serial('what differs is put right, with the reason; what needs no new certificate gets none', async (t) => {
  t.timeout(240_000)
  const before = await serial()
  await on(`chmod 644 ${OWN}/token; chmod 755 ${OWN}; echo >>${OWN}/dns-hook`)
  await applies(
    t,
    wanted({ deploy_hook: 'echo it\\\'s "done" >/run/deployed; false' }),
    `${OWN}: mode 0755 → 0700`,
    `${OWN}/token: mode 0644 → 0600`,
    `DNS hook changed: ${OWN}/dns-hook`,
    `deploy hook changed: /etc/letsencrypt/renewal-hooks/deploy/mhprov-${NAME}`,
  )
  t.is(await serial(), before)
  const names = { domains: [NAME, `www.${NAME}`], deploy_hook: 'echo it\\\'s "done" >/run/deployed; false' }
  await fails(t, wanted(names), /^the certificate is there, but it was not put to use: echo it.* ended with 1$/)
  t.is(await on('cat /run/deployed'), "it's done")
  t.not(await serial(), before)
  const two = { domains: names.domains }
  await applies(
    t,
    wanted(two),
    `deploy hook changed: /etc/letsencrypt/renewal-hooks/deploy/mhprov-${NAME}`,
    'run the deploy hook, which is owed: systemctl try-reload-or-restart apache2',
  )
  t.is(await served(), await serial())
  await applies(t, wanted({ key_type: 'rsa' }), `new certificate for ${NAME}: names ${NAME}, www.${NAME} → ${NAME}; key_type ecdsa → rsa`)
  t.is(await served(), await serial())
  // without dig there is only to wait
  await on('mv /usr/bin/dig /usr/bin/dig.away')
  await applies(
    t,
    wanted({ propagation_seconds: 1 }),
    `DNS hook changed: ${OWN}/dns-hook`,
    `new certificate for ${NAME}: key_type rsa → ecdsa`,
  )
  await on('mv /usr/bin/dig.away /usr/bin/dig')
  await applies(t, wanted(), `DNS hook changed: ${OWN}/dns-hook`)
  await fails(t, wanted({ server: acme.url.replace(/:\d+/, ':9') }), /^.*Connection refused.*: can the host reach the server\?$/)
  await fails(
    t,
    { ...wanted({ force_renewal: true }), ca_bundle: undefined },
    /: ca_bundle names the authorities by which the server is trusted$/,
  )
  t.deepEqual((await run(wanted())).changes, [], 'what the certificate before needs is still there')
  await fails(t, { ...wanted(), server: undefined, staging: true }, /is not replaced by one for trials: remove it first/)
  await fails(t, wanted({ webroot: '/nowhere', challenge: 'http', api_token: undefined }), 'the webroot /nowhere is not there')
})

test.serial('a wildcard and its domain have two records of one name', async (t) => {
  t.timeout(120_000)
  const params = wanted({ domains: ['*.example.com', 'example.com'] })
  const { result } = await run(params)
  t.not(result.failed, true, String(result.msg))
  t.is(result.certificate, '/etc/letsencrypt/live/example.com/fullchain.pem')
  t.deepEqual(challengesLeft(), [])
  t.deepEqual((await run(params)).changes, [])
  const gone = await run({ ...params, state: 'absent' })
  t.is(gone.changes.at(-1)?.summary, 'remove /etc/letsencrypt/mhprov/example.com')
  t.is(
    await on(
      'find / -xdev -name "*example.com*" -not -name "*matrix*" -path "*letsencrypt*" -o -xdev -path "*certbot.service.d/*" -name "*-example*"',
    ),
    '',
  )
})

test.serial('what goes wrong at Cloudflare is one clear message, leaves no record, and the next run works', async (t) => {
  t.timeout(300_000)
  const anew = (more: object = {}) => wanted({ force_renewal: true, ...more })
  const foreign = {
    id: newId(),
    name: `_acme-challenge.${NAME}`,
    type: 'TXT',
    content: '"of another"',
    proxied: false,
    ttl: 1,
    comment: null,
  }
  api.world.zones[0]!.records.push(foreign)
  const clean = () => t.deepEqual(challengesLeft(), [foreign])
  const cases: [string, object, RegExp][] = [
    [
      'unknown token',
      { api_token: 'wrong_0123456789abcdefghijklmnopqrstuvwxyz' },
      /^Cloudflare does not know the API token \(HTTP 403, 9109 Invalid access token\): make one with Zone → DNS: Edit and Zone → Zone: Read for the domain, and give it as api_token$/,
    ],
    ['no token at all', { api_token: 'short' }, /^Cloudflare does not know the API token \(HTTP 400, 6003 /],
    [
      'permission',
      { api_token: BLIND },
      /^the API token may not do this at Cloudflare \(HTTP 403, 10000 Authentication error\): it takes Zone → DNS: Edit for the domain of matrix\.example\.com$/,
    ],
    ['zone', { api_token: ELSEWHERE }, /^no domain that the API token sees at Cloudflare holds matrix\.example\.com: /],
  ]
  for (const [what, more, message] of cases) {
    t.log(what)
    await fails(t, anew(more), message)
    clean()
  }
  const post = { method: 'POST', path: /dns_records/, retryAfter: 1 }
  api.faults.push({ ...post, kind: 429, times: 9 })
  await fails(t, anew(), /^Cloudflare's API asks for patience \(HTTP 429, 971 Please wait[^)]*\): run it again in some minutes$/)
  clean()
  api.faults.splice(0, 9, { ...post, kind: 503, times: 9 })
  await fails(t, anew(), /^Cloudflare's API is in trouble \(HTTP 503, 10013 [^)]*\): run it again later$/)
  clean()
  // down from the moment the record is there: it stays, and the next run takes it away
  api.faults.splice(0, 9, { method: 'GET', after: 3, kind: 500, times: 99, retryAfter: 1 })
  await newAccount()
  await run(anew())
  t.is(challengesLeft().length, 2)
  await newAccount()
  api.faults.splice(0, 9, { ...post, kind: 'deaf', times: 1 })
  const { result } = await run(anew())
  t.not(result.failed, true, String(result.msg))
  clean()
  t.is(await served(), await serial())
  t.false(await on(`test -e ${OWN}/begun && echo there || :`).then(Boolean))
  api.faults.splice(0, 9)
  api.world.zones[0]!.records.splice(0, 9)
  t.deepEqual((await run(wanted())).changes, [])
})

test.serial('by the plugin of certbot, told of another API', async (t) => {
  t.timeout(180_000)
  const plugin = wanted({ challenge: 'dns-cloudflare', propagation_seconds: 1 })
  const { changes, result } = await run(plugin)
  t.not(result.failed, true, String(result.msg))
  t.deepEqual(
    changes.map((change) => change.summary),
    [
      `API token added: ${OWN}/cloudflare.ini, mode 0600`,
      `environment of renewals changed: /etc/systemd/system/certbot.service.d/mhprov-${NAME}.conf`,
      `new certificate for ${NAME}: challenge dns-hook → dns-cloudflare`,
      `remove the API token ${OWN}/token`,
      `remove the DNS hook ${OWN}/dns-hook`,
    ],
  )
  t.deepEqual((await run(plugin)).changes, [])
  t.deepEqual(challengesLeft(), [])
  const before = await serial()
  await on('systemctl start certbot.service', 100_000)
  t.not(await serial(), before)
  await fails(t, { ...plugin, api_token: BLIND, force_renewal: true }, /Zone → DNS: Edit/)
})

test.serial('by a file on port 80', async (t) => {
  t.timeout(120_000)
  const http = { ...without(wanted()), challenge: 'http', webroot: '/var/www/html' }
  const { result } = await run(http)
  t.not(result.failed, true, String(result.msg))
  t.deepEqual((await run(http)).changes, [])
  t.is(await served(), await serial())
  t.is(await on(`ls -A ${OWN}`), '', 'the token is gone with its use')
  const { challenge, webroot: _, ...rest } = http
  await applies(t, { ...rest, challenge, apache: true }, `new certificate for ${NAME}: authenticator webroot → apache`)
  await on('systemctl stop apache2')
  await fails(
    t,
    { ...http, force_renewal: true },
    /^matrix\.example\.com: .*: port 80 of these names must reach this host from the internet$/,
  )
  await on('systemctl start apache2')
})

test.serial('by hand: the record is shown, public DNS is waited for, and nothing renews it', async (t) => {
  t.timeout(180_000)
  const { address } = host()
  const task = { ...without(wanted()), challenge: 'manual', resolver: address.replace(/\d+$/, '1') }
  // a token that is not given is no wish to renew by hand
  const left = await run(task)
  t.deepEqual(left.changes, [])
  t.is(left.plan.message, 'it renews itself by http, and is left so; force_renewal goes over to challenge manual')
  t.is(left.result.renewed_by, 'certbot.timer')
  const over = { ...task, force_renewal: true }
  const dir = folder({ 'play.yaml': stringify([{ hosts: 'all', gather_facts: false, tasks: [{ letsencrypt_certificate: over }] }]) })
  labInventory(dir, host())
  await newAccount()
  let text = ''
  let asked = ''
  const ran = await mhprov(['apply', '-i', join(dir, 'inventory.yaml'), join(dir, 'play.yaml'), '--output', 'json'], {
    cwd: dir,
    onOutput: (more) => {
      text += more
      const [, name, value] = /set the TXT record (\S+) to (\S{43}) \(keep others of that name\)/.exec(text) ?? []
      if (asked !== '' || !name) return
      asked = value!
      // a person takes a moment
      void sleep(1500).then(() =>
        api.world.zones[0]!.records.push({ id: newId(), name, type: 'TXT', content: `"${value}"`, proxied: false, ttl: 1, comment: null }),
      )
    },
  })
  t.is(ran.code, 0, ran.stdout + ran.stderr)
  t.regex(text, /public DNS shows it/)
  t.deepEqual(
    challengesLeft().map((one) => one.content),
    [`"${asked}"`],
  )
  api.world.zones[0]!.records.splice(0, 9)
  const before = await serial()
  await on('systemctl start certbot.service', 100_000)
  t.is(await serial(), before, 'the timer leaves it alone')
  t.deepEqual((await run(task)).changes, [])
  await fails(
    t,
    { ...task, force_renewal: true, propagation_seconds: 3 },
    /^public DNS did not show the TXT record _acme-challenge\.matrix\.example\.com with the value \S{43} within 3 s: run it again, which gives a new value$/,
  )
  await newAccount()
  const back = { ...wanted(), api_token: '<%= certbot_token %>' }
  const tasks = [{ letsencrypt_certificate: back }]
  const secrets = { certbot_token: { env: 'CERTBOT_TOKEN' } }
  writeFileSync(join(dir, 'back.yaml'), stringify([{ hosts: 'all', gather_facts: false, secrets, tasks }], { lineWidth: 0 }))
  const play = (verb: string) =>
    mhprov([verb, '-i', join(dir, 'inventory.yaml'), join(dir, 'back.yaml'), '--output', 'json'], {
      cwd: dir,
      env: { CERTBOT_TOKEN: TOKEN },
    })
  for (const [verb, status] of [
    ['check', 'changed'],
    ['apply', 'changed'],
    ['apply', 'ok'],
  ] as const) {
    const done = await play(verb)
    t.is(endsOf(done)[0]?.status, status, done.stdout + done.stderr)
    t.false((done.stdout + done.stderr).includes(TOKEN))
    if (status === 'changed') t.true(done.stdout.includes(`new certificate for ${NAME}: challenge manual → dns-hook`))
  }
  t.is(await on(`ls -A ${OWN}`), 'dns-hook\ntoken')
})

test.serial('absent: nothing of it is left', async (t) => {
  const gone = await run({ domains: [NAME], state: 'absent' })
  t.not(gone.result.failed, true, String(gone.result.msg))
  t.deepEqual((await run({ domains: [NAME], state: 'absent' })).changes, [])
  t.is(await on(`find /etc -name '*${NAME}*'`), '')
})
