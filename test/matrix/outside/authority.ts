import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Issued {
  readonly key: string
  readonly cert: string
}

export interface Authority {
  /** PEM. */
  readonly ca: string
  /** A certificate for the names, begun so many days ago and good for so many in all. */
  issue(names: readonly string[], days?: number, ago?: number): Issued
  close(): void
}

/** A certificate authority of openssl's making. */
export function authority(): Authority {
  const dir = mkdtempSync(join(tmpdir(), 'mhprov-ca-'))
  const at = (name: string) => join(dir, name)
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe', cwd: dir })
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  openssl('req', '-x509', ...key, '-days', '3650', '-subj', '/CN=Test authority', '-keyout', at('ca.key'), '-out', at('ca.pem'))
  writeFileSync(at('index.txt'), '')
  writeFileSync(
    at('ca.conf'),
    `[ca]\ndefault_ca = here\n[here]\ndatabase = index.txt\nnew_certs_dir = .\nrand_serial = yes\ndefault_md = sha256\npolicy = any
unique_subject = no\ncopy_extensions = copy\n[any]\ncommonName = supplied\n`,
  )
  let count = 0
  return {
    ca: readFileSync(at('ca.pem'), 'utf8'),
    issue: (names, days = 90, ago = 0) => {
      const name = `leaf${count++}`
      const alternative = names.map((one) => `${isIP(one) ? 'IP' : 'DNS'}:${one}`).join(',')
      openssl(
        'req',
        '-new',
        ...key,
        '-subj',
        '/CN=leaf',
        '-addext',
        `subjectAltName=${alternative}`,
        '-keyout',
        at(`${name}.key`),
        '-out',
        at(`${name}.csr`),
      )
      const from = Date.now() - ago * 86_400_000 - 3_600_000
      const stamp = (ms: number) => new Date(ms).toISOString().replace(/[-:T]/g, '').replace(/\.\d+/, '')
      const life = ['-startdate', stamp(from), '-enddate', stamp(from + days * 86_400_000)]
      openssl(
        'ca',
        '-batch',
        '-config',
        'ca.conf',
        '-cert',
        'ca.pem',
        '-keyfile',
        'ca.key',
        ...life,
        '-in',
        `${name}.csr`,
        '-out',
        `${name}.pem`,
        '-notext',
      )
      return { key: readFileSync(at(`${name}.key`), 'utf8'), cert: readFileSync(at(`${name}.pem`), 'utf8') }
    },
    close: () => rmSync(dir, { recursive: true, force: true }),
  }
}
