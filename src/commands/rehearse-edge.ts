import { join } from 'node:path'
import { type AcmeServer, openAcme } from '../lab/acme.ts'
import { API_TOKEN, DNS_TOKEN } from '../lab/edge/edge.ts'
import type { Lab, LabHost } from '../lab/lab.ts'
import { converse, matrixClient } from '../lab/matrix-client.ts'
import { federationSettings, type Neighbour, openNeighbour } from '../lab/neighbour.ts'
import { generate } from '../secrets/generate.ts'
import { readStore } from '../secrets/store.ts'

/** What a rehearsal of the public half of a Matrix server has around its host. */
export interface EdgeStage {
  /** For the playbook, on top of what any rehearsal gives. */
  readonly variables: Readonly<Record<string, unknown>>
  /** From which the playbook's secrets come. */
  readonly env: Readonly<Record<string, string>>
  /** Of alice, our user. */
  readonly password: string
  /** Somebody of another server makes a room; alice of ours joins, and both read each other. Throws an Error with what did not happen. */
  federate(): Promise<void>
  close(): Promise<void>
}

/** Where the host finds the authorities of the rehearsal; cloudflared's container sees this folder too. */
const ACME_CA = '/etc/ssl/mhprov/acme.pem'
const ISSUER_CA = '/etc/ssl/mhprov/issuer.pem'

const PASSWORD = generate(24, 'abcdefghijklmnopqrstuvwxyz')

/**
 * Opens the rest of the world for a lab with an edge: a certificate authority, and a homeserver of somebody else. `dir` and `keyFile`
 * are those of the rehearsal's secrets.
 */
export async function openEdgeStage(
  lab: Lab,
  host: LabHost,
  { dir, keyFile, tell }: { dir: string; keyFile: string; tell: (line: string) => void },
): Promise<EdgeStage> {
  const edge = lab.edge!
  const acme = await openAcme({ dnsServer: `${edge.address}:53`, address: edge.address, install: tell })
  try {
    const neighbour = await openNeighbour(lab)
    await bring(host, acme)
    const store = readStore(join(dir, 'secrets.yaml'), keyFile)
    const kept = store.ok ? await store.value.save(new Map([['matrix_user_passwords.alice', PASSWORD]])) : store
    if (!kept.ok) throw new Error('the secrets of the rehearsal cannot be kept')
    return {
      variables: {
        cloudflare_api_url: edge.api.url,
        certificate: 'letsencrypt',
        certificate_ca: ISSUER_CA,
        letsencrypt_server: acme.url,
        letsencrypt_ca_bundle: ACME_CA,
        verify_resolver: `${edge.address}:53`,
        verify_ca: edge.authority.file,
        synapse_settings: federationSettings,
      },
      env: { CLOUDFLARE_API_TOKEN: API_TOKEN, CLOUDFLARE_DNS_TOKEN: DNS_TOKEN },
      password: PASSWORD,
      federate: () => federate(lab, neighbour),
      close: acme.close,
    }
  } catch (error) {
    await acme.close()
    throw error
  }
}

/** What a host of the world has from the beginning: the authorities that it trusts. */
async function bring(host: LabHost, acme: AcmeServer): Promise<void> {
  for (const [path, text] of [
    [ACME_CA, acme.caBundle],
    [ISSUER_CA, acme.roots],
  ] as const) {
    const { code, stderr } = await host.run(`mkdir -p /etc/ssl/mhprov && cat >${path}`, { stdin: text })
    if (code !== 0) throw new Error(`the host does not take ${path}: ${stderr.trim()}`)
  }
}

async function federate(lab: Lab, neighbour: Neighbour): Promise<void> {
  const { address, authority } = lab.edge!
  const ask = matrixClient({ address, host: 'matrix.example.com', ca: authority.certificate })
  const json = { type: 'm.login.password', identifier: { type: 'm.id.user', user: 'alice' }, password: PASSWORD }
  const login = (await ask('POST', '/_matrix/client/v3/login', { json })).json
  const alice = { id: '@alice:example.com', token: String(login.access_token), ask }
  const other = { ...(await neighbour.register('carol')), ask: neighbour.ask }
  await converse(other, alice)
  await converse(alice, other)
}
