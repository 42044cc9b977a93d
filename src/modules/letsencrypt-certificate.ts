import { defineModule } from '../module/define.ts'
import { letsencryptParams } from './letsencrypt/params.ts'
import { letsencryptFacts, letsencryptResult, planLetsencrypt } from './letsencrypt/plan.ts'

/** Certificates of Let's Encrypt, or another authority that speaks ACME, by certbot(1). */
export const letsencryptCertificate = defineModule({
  name: 'letsencrypt_certificate',
  summary: "Keep a certificate from Let's Encrypt, which the host then renews by itself.",
  notes: [
    'Needs certbot of the distribution (package certbot); a task before this one installs it and keeps certbot.timer started and enabled. The timer renews; a run renews only what has expired, or what has less than a third of its lifetime left while the timer is not active or its last run failed.',
    'A certificate that certbot has by that name already is taken over. A new one is got when names, kind of key, authority or the way of proving differ, with the reason shown; other settings are changed in place.',
    'The token of challenge dns-hook and dns-cloudflare is kept on the host, so make one for it alone, with Zone → DNS: Edit and Zone → Zone: Read for one domain. It stands in a file for root (0600), never on a command line or in an environment.',
    "With dig on the host (package bind9-dnsutils) dns-hook goes on as soon as all the domain's name servers show the record; without, it waits for propagation_seconds.",
    'challenge manual does not renew: it shows a TXT record among its output, waits until public DNS has it, and must be run again before the certificate ends. It asks for the next one when a third of the lifetime is left.',
    'A deploy hook that fails fails the task, or is noted at a renewal; the next run runs it again.',
    'ca_bundle and a foreign api_url become the environment of certbot.service, so they hold for all certificates of the host.',
  ],
  params: letsencryptParams,
  examples: [
    {
      title: 'By DNS at Cloudflare; Apache is reloaded after each renewal',
      params: { domains: ['matrix.example.com'], email: 'admin@example.com', agree_tos: true, api_token: '<%= certbot_token %>' },
    },
    {
      title: 'By a file on port 80',
      params: { domains: ['matrix.example.com'], agree_tos: true, challenge: 'http', webroot: '/var/www/html' },
    },
    {
      title: 'By hand, for trying: the task shows the TXT record and waits for it',
      params: { domains: ['matrix.example.com'], agree_tos: true, challenge: 'manual', staging: true },
    },
    { title: 'No longer', params: { domains: ['matrix.example.com'], state: 'absent' } },
  ],
  returns: {
    certificate: 'Path of the certificate with its chain; `privatekey` that of its key.',
    domains: 'Names it is valid for.',
    issuer: 'Who signed it; with `serial_number` and `fingerprint` (SHA-256).',
    not_after: "Until when it is valid, and `days_left` by the host's clock.",
    renewed_by: 'certbot.timer, or what keeps it from that.',
  },
  facts: letsencryptFacts,
  plan: planLetsencrypt,
  result: letsencryptResult,
})
