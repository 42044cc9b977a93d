import { spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import test from 'ava'
import { explain } from '../../src/modules/letsencrypt/explain.ts'
import { byHandHook, cloudflareHook, deployHook } from '../../src/modules/letsencrypt/hook.ts'
import { type LetsencryptWant, letsencryptParams, nameOf, pathsOf } from '../../src/modules/letsencrypt/params.ts'
import { readRenewal, reasons, wantedRenewal } from '../../src/modules/letsencrypt/renewal.ts'

// What touches a host is in test/e2e/certificates.test.ts.

const TOKEN = 'tok_0123456789abcdefghijklmnopqrstuvwxyz-AB'
const given = (more: object = {}): object => ({ domains: 'matrix.example.com', agree_tos: true, api_token: TOKEN, ...more })
const parse = (more: object = {}): LetsencryptWant => letsencryptParams.parse(given(more))

test('parameters that cannot be meant are refused with the reason', (t) => {
  const cases: [object, RegExp][] = [
    [{ agree_tos: false }, /agree_tos: true is needed/],
    [{ domains: [] }, /expected names such as/],
    [{ domains: 'matrix' }, /expected names such as/],
    [{ domains: ['ok.example.com', '-x.example.com'] }, /expected names such as/],
    [{ domains: '../../etc' }, /expected names such as/],
    [{ domains: 'a.*.example.com' }, /expected names such as/],
    [{ api_token: undefined }, /api_token is needed for challenge dns-hook/],
    [{ api_token: 'with "quotes"' }, /expected an API token/],
    [{ api_token: 'two\nlines' }, /expected an API token/],
    [{ challenge: 'manual' }, /challenge manual uses no api_token/],
    [{ challenge: 'http', api_token: undefined }, /one of webroot and apache/],
    [{ challenge: 'http', api_token: undefined, webroot: '/var/www', apache: true }, /one of webroot and apache/],
    [{ challenge: 'http', api_token: undefined, webroot: '/var/www', domains: '*.example.com' }, /by DNS alone/],
    [{ webroot: '/var/www' }, /are for challenge http/],
    [{ challenge: 'http', api_token: undefined, webroot: '/var/my www' }, /without spaces/],
    [{ challenge: 'dns-cloudflare', resolver: '1.1.1.1' }, /resolver is for/],
    [{ resolver: 'dns.example.com; reboot' }, /expected an address/],
    [{ server: 'http://ca.example.com' }, /https:/],
    [{ server: 'https://ca.example.com', staging: true }, /mutually exclusive/],
    [{ api_url: 'http://api.example.com' }, /https:/],
    [{ email: 'me' }, /mail address/],
    [{ propagation_seconds: -1 }, /0 to 7200/],
  ]
  for (const [more, reason] of cases) {
    const parsed = letsencryptParams.safeParse(given(more))
    t.regex(parsed.error?.issues.map((one) => one.message).join('; ') ?? 'accepted', reason, JSON.stringify(more))
  }
  t.true(letsencryptParams.safeParse({ domains: 'x.example.com', state: 'absent' }).success)
})

test('the first name is the name of it all, without a star', (t) => {
  t.is(nameOf(parse({ domains: '*.Example.com., example.com' })), 'example.com')
  t.deepEqual(parse({ domains: '*.Example.com., example.com, example.com' }).domains, ['*.example.com', 'example.com'])
  t.is(pathsOf(parse()).certificate, '/etc/letsencrypt/live/matrix.example.com/fullchain.pem')
})

test('the hooks are scripts of a POSIX shell without the token, whatever the command', (t) => {
  const odd = `printf '%s' "it's \\"done\\" $RENEWED_DOMAINS"`
  const scripts = [
    cloudflareHook(parse()),
    cloudflareHook(parse({ resolver: '10.0.0.1:5353' })),
    byHandHook(parse(), true),
    byHandHook(parse(), false),
    deployHook(parse({ deploy_hook: odd })),
  ]
  for (const script of scripts) {
    const { status, stderr } = spawnSync('sh', ['-n'], { input: script, encoding: 'utf8' })
    t.is(status, 0, stderr)
    t.true(script.startsWith('#!/bin/sh\n'))
    t.false(script.includes(TOKEN))
  }
  t.regex(scripts[1]!, /^servers=10\.0\.0\.1 port=5353$/m)
  t.regex(scripts[2]!, /^servers='1\.1\.1\.1 8\.8\.8\.8' port=53$/m)
})

test("certbot's record of a renewal is read, quotes and lists included", (t) => {
  const renewal = readRenewal(
    [
      'version = 2.1.0',
      'server = https://outside.example/',
      '# Options used in the renewal process',
      '[renewalparams]',
      'server = https://acme.example/directory',
      'pref_challs = dns-01,',
      'webroot_path = /var/www/html,',
      `manual_auth_hook = "/etc/my hooks/auth, set"`,
      '[[webroot_map]]',
      'authenticator = x.example.com',
    ].join('\n'),
  )
  t.deepEqual(Object.fromEntries(renewal), {
    server: 'https://acme.example/directory',
    pref_challs: 'dns-01',
    webroot_path: '/var/www/html',
    manual_auth_hook: '/etc/my hooks/auth, set',
  })
})

test('what certbot says is made one message', (t) => {
  const around = (text: string) =>
    `Saving debug log to /var/log/letsencrypt/letsencrypt.log\nRequesting a certificate for x.example.com\n\n${text}\nAsk for help or search for solutions at https://community.letsencrypt.org. See the logfile /var/log/letsencrypt/letsencrypt.log or re-run Certbot with -v for more details.\n`
  const challenge =
    around(`Certbot failed to authenticate some domains (authenticator: manual). The Certificate Authority reported these problems:
  Domain: x.example.com
  Type:   unauthorized
  Detail: Incorrect TXT record "old" found at
_acme-challenge.x.example.com

  Domain: y.example.com
  Type:   dns
  Detail: DNS problem: SERVFAIL looking up TXT for _acme-challenge.y.example.com - the domain's nameservers may be malfunctioning

Hint: The Certificate Authority failed to verify the DNS TXT records created by the --manual-auth-hook.

Some challenges have failed.`)
  t.is(
    explain(challenge, ''),
    `x.example.com: Incorrect TXT record "old" found at _acme-challenge.x.example.com (unauthorized); y.example.com: DNS problem: SERVFAIL looking up TXT for _acme-challenge.y.example.com - the domain's nameservers may be malfunctioning (dns): propagation_seconds gives DNS more time`,
  )
  t.is(
    explain(
      around(
        'An unexpected error occurred:\nError creating new order :: too many certificates (5) already issued for this exact set of domains in the last 168 hours: x.example.com, retry after 2026-12-01T00:00:00Z',
      ),
      '',
    ),
    'Error creating new order :: too many certificates (5) already issued for this exact set of domains in the last 168 hours: x.example.com, retry after 2026-12-01T00:00:00Z: wait until the limit allows it; staging: true is for trying',
  )
  t.is(explain('Another instance of Certbot is already running.\n', ''), 'Another instance of Certbot is already running.')
  t.is(explain(challenge, 'the API token is bad\nthe API token is bad\n'), 'the API token is bad', "the hooks' own words come first")
  t.is(explain('', ''), 'certbot failed and said nothing')
})

test('a new certificate is due when something differs, or when nobody else will renew it', (t) => {
  const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', '/dev/null', '-days', '90']
  const about = ['-subj', '/CN=x', '-addext', 'subjectAltName=DNS:matrix.example.com']
  const { stdout } = spawnSync('openssl', ['req', '-x509', ...made, ...about], { encoding: 'utf8' })
  const certificate = new X509Certificate(stdout)
  const end = Date.parse(certificate.validTo) / 1000
  const day = 86_400
  const at = (daysBefore: number, trouble?: string, more: object = {}, had: object = {}) =>
    reasons(parse(more), {
      certificate,
      renewal: new Map(Object.entries({ ...wantedRenewal(parse()), ...had })),
      now: end - daysBefore * day,
      trouble,
    })
  t.deepEqual(at(80), [])
  t.deepEqual(at(2), [], 'the timer does it')
  t.deepEqual(at(40, 'certbot.timer is inactive'), [])
  t.deepEqual(at(29, 'certbot.timer is inactive'), ['renew: 29 of 90 days left, and certbot.timer is inactive'])
  t.deepEqual(at(0), [`renew: expired on ${certificate.validTo}`])
  t.deepEqual(at(80, undefined, { domains: 'matrix.example.com, a.example.com', key_type: 'rsa', force_renewal: true }), [
    'names matrix.example.com → a.example.com, matrix.example.com',
    'key_type ecdsa → rsa',
    'force_renewal',
  ])
  t.deepEqual(at(80, undefined, {}, { server: 'https://acme-staging-v02.api.letsencrypt.org/directory' }), [
    'server https://acme-staging-v02.api.letsencrypt.org/directory → https://acme-v02.api.letsencrypt.org/directory',
  ])
  t.deepEqual(at(80, undefined, {}, { authenticator: 'nginx' }), ['challenge nginx → dns-hook'])
  t.deepEqual(at(80, undefined, {}, { manual_auth_hook: '/root/my-hook' }), ['challenge manual, not ours → dns-hook'])
  t.deepEqual(at(80, undefined, {}, { autorenew: 'False' }), ['autorenew False → True'])
  const byHand = { challenge: 'manual', api_token: undefined }
  t.deepEqual(at(29, undefined, byHand, wantedRenewal(parse(byHand))), ['renew: 29 of 90 days left, and nothing renews it by itself'])
})
