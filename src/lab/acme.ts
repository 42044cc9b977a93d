import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { get } from 'node:https'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { environment, must } from './command.ts'
import { installPackages, missingPackages } from './requirements.ts'

export interface AcmeOptions {
  /** `10.1.2.1:53`: where the authority looks names up when it checks a challenge. */
  readonly dnsServer: string
  /** Where it listens. */
  readonly address: string
  /** Where it fetches the files of HTTP-01; 80 unless told. */
  readonly httpPort?: number
  /** How long certificates are valid, in seconds; 90 days unless told. */
  readonly validity?: number
  /** Installs what is missing on this machine (Debian's pebble and openssl), and says so; without it, it throws. */
  readonly install?: (line: string) => void
}

export interface AcmeServer {
  /** Of ACME's directory, for certbot's `--server`. */
  readonly url: string
  /** PEM of the root that what it issues is verified against; another one at each opening. */
  readonly roots: string
  /** PEM by which its own HTTPS is trusted, for REQUESTS_CA_BUNDLE. */
  readonly caBundle: string
  /** What it has logged so far. */
  log(): string
  close(): Promise<void>
}

/** What it needs of a Debian machine. */
export const acmePackages = ['pebble', 'openssl']

async function freePorts(address: string, count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, address)
      await once(server, 'listening')
      return server
    }),
  )
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))))
  return ports
}

const fetchText = (url: string, ca: string): Promise<string> =>
  new Promise((done, fail) => {
    get(url, { ca, timeout: 2000 }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', fail)
      response.on('end', () =>
        response.statusCode === 200 ? done(Buffer.concat(chunks).toString()) : fail(new Error(`${url}: ${response.statusCode}`)),
      )
    }).on('error', fail)
  })

/**
 * A certificate authority for rehearsals: pebble(1), the test server of Let's Encrypt, which keeps all in memory. It ends with this
 * process at the latest. Throws an Error with what it said when it does not start.
 */
export async function openAcme({ dnsServer, address, httpPort = 80, validity = 90 * 86_400, install }: AcmeOptions): Promise<AcmeServer> {
  const missing = missingPackages(acmePackages)
  if (missing.length > 0 && !install) throw new Error(`missing on this machine: ${missing.join(', ')}`)
  if (missing.length > 0) await installPackages(missing, install!)
  const dir = await mkdtemp(join(tmpdir(), 'mhprov-acme-'))
  const said: string[] = []
  let stop = () => {}
  let ended: Promise<unknown> = Promise.resolve()
  const close = async () => {
    stop()
    await ended
    await rm(dir, { recursive: true, force: true })
  }
  try {
    const [certificate, privateKey, config] = ['cert.pem', 'key.pem', 'config.json'].map((name) => join(dir, name)) as [
      string,
      string,
      string,
    ]
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', privateKey]
    const subject = ['-subj', '/CN=pebble', '-addext', `subjectAltName=IP:${address}`, '-days', '30']
    await must(['openssl', 'req', '-x509', ...key, ...subject, '-out', certificate])
    const [port, management] = await freePorts(address, 2)
    const settings = {
      ...{ listenAddress: `${address}:${port}`, managementListenAddress: `${address}:${management}`, certificate, privateKey },
      ...{ httpPort, tlsPort: 443, ocspResponderURL: '', externalAccountBindingRequired: false, certificateValidityPeriod: validity },
      // where newer versions have it
      profiles: { default: { description: 'default', validityPeriod: validity } },
    }
    await writeFile(config, JSON.stringify({ pebble: settings }))
    // no pauses, no refused nonces, and what an account has proved is asked for again (but for 1 in 100, which cannot be turned off)
    const env = { ...environment(), PEBBLE_VA_NOSLEEP: '1', PEBBLE_WFE_NONCEREJECT: '0', PEBBLE_AUTHZREUSE: '0' }
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'pebble', '-config', config, '-dnsserver', dnsServer], { env, stdio: 'pipe' })
    child.stdin.end()
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => said.push(chunk.toString()))
    let broken: string | undefined
    ended = new Promise<void>((done) => {
      child.on('error', (error) => {
        broken = error.message
        done()
      })
      child.on('close', (code) => {
        broken ??= `it ended with ${code}`
        done()
      })
    })
    stop = () => void child.kill('SIGKILL')
    const caBundle = await readFile(certificate, 'utf8')
    const url = `https://${address}:${port}/dir`
    let roots: string | undefined
    for (let tries = 0; roots === undefined && tries < 150; tries++) {
      if (broken !== undefined) break
      await sleep(100)
      roots = await Promise.all([fetchText(`https://${address}:${management}/roots/0`, caBundle), fetchText(url, caBundle)]).then(
        ([root]) => root,
        () => undefined,
      )
    }
    if (roots === undefined) throw new Error(`pebble did not start: ${broken ?? 'it does not answer'}\n${said.join('').slice(-2000)}`)
    return { url, roots, caBundle, log: () => said.join(''), close }
  } catch (error) {
    await close()
    throw error
  }
}
