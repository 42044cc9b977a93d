import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { must } from '../command.ts'

export interface Certificate {
  /** PEM. */
  readonly certificate: string
  /** PEM. */
  readonly key: string
}

/** A certificate authority that only those know who are told of it. */
export interface Authority {
  /** PEM. */
  readonly certificate: string
  /** The same, in a file. */
  readonly file: string
  /** A certificate for these names, the first of which is its subject; made once for the same names. */
  issue(names: readonly string[]): Promise<Certificate>
}

const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc']
const DAYS = '30'

/** Makes a certificate authority in a directory of its own, with openssl(1). */
export async function makeAuthority(dir: string): Promise<Authority> {
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const file = join(dir, 'ca.pem')
  const caKey = join(dir, 'ca.key')
  const constraints = ['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign,cRLSign']
  const subject = ['-subj', `/CN=Throwaway authority of a lab ${randomBytes(3).toString('hex')}`]
  await must(['openssl', 'req', '-x509', ...key, ...constraints, ...subject, '-days', DAYS, '-keyout', caKey, '-out', file])
  const issued = new Map<string, Promise<Certificate>>()
  const issue = async (names: readonly string[], number: number): Promise<Certificate> => {
    const at = join(dir, `${number}`)
    await writeFile(
      `${at}.ext`,
      `subjectAltName=${names.map((name) => `DNS:${name}`).join(',')}\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\nauthorityKeyIdentifier=keyid\n`,
    )
    await must(['openssl', 'req', '-new', ...key, '-subj', `/CN=${names[0]}`, '-keyout', `${at}.key`, '-out', `${at}.csr`])
    const signed = [
      '-CA',
      file,
      '-CAkey',
      caKey,
      '-days',
      DAYS,
      '-extfile',
      `${at}.ext`,
      '-set_serial',
      `0x${randomBytes(8).toString('hex')}`,
    ]
    await must(['openssl', 'x509', '-req', '-in', `${at}.csr`, ...signed, '-out', `${at}.pem`])
    return { certificate: await readFile(`${at}.pem`, 'utf8'), key: await readFile(`${at}.key`, 'utf8') }
  }
  return {
    certificate: await readFile(file, 'utf8'),
    file,
    issue: (names) => {
      const found = issued.get(names.join()) ?? issue(names, issued.size)
      issued.set(names.join(), found)
      return found
    },
  }
}
