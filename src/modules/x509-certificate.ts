import { defineModule } from '../module/define.ts'
import { certificateParams } from './x509/params.ts'
import { certificateFacts, certificateResult, planCertificate } from './x509/plan.ts'

/** Certificates that sign themselves, by openssl(1). */
export const x509Certificate = defineModule({
  name: 'x509_certificate',
  summary: 'Keep a self-signed certificate of a server, with its private key.',
  notes: [
    'Different from Ansible: there is no signing request; the names stand in the task, and the private key is made along with the certificate. `selfsigned` is the only provider.',
    "A new certificate is made when a third of its lifetime is left (or `remaining_days`), by the host's clock, when names differ, when it does not fit its key, or when it is not self-signed. A key that does is kept.",
    'It is for servers (`serverAuth`, no authority). A client that has the file as its trusted authority accepts it: `curl --cacert`, `caPool` of cloudflared.',
    'A file that holds something else, or a key with a passphrase, is never replaced: the task fails.',
    '`state: absent` removes the certificate alone.',
  ],
  params: certificateParams,
  examples: [
    {
      title: 'For Apache behind a tunnel',
      params: {
        path: '/etc/ssl/certs/matrix.example.com.pem',
        privatekey_path: '/etc/ssl/private/matrix.example.com.key',
        subject_alt_name: ['DNS:matrix.example.com', 'DNS:localhost', 'IP:127.0.0.1'],
      },
    },
    {
      title: 'A short one with an RSA key, renewed in its last ten days',
      params: {
        path: '/etc/app/tls.pem',
        privatekey_path: '/etc/app/tls.key',
        common_name: 'app.example.com',
        selfsigned_not_after: '+30d',
        remaining_days: 10,
        key_type: 'RSA',
        privatekey_group: 'app',
        privatekey_mode: '0640',
      },
    },
  ],
  returns: {
    filename: 'The certificate; with `mode`, `owner`, `group`, `uid`, `gid` and `size`.',
    privatekey: 'The path of the private key.',
    notBefore: 'From when it is valid, as YYYYMMDDHHMMSSZ.',
    notAfter: 'Until when it is valid, as YYYYMMDDHHMMSSZ.',
    subject_alt_name: 'The names it is valid for.',
    fingerprint: 'SHA-256 of the certificate, in hex with colons.',
  },
  facts: certificateFacts,
  plan: planCertificate,
  result: certificateResult,
})
