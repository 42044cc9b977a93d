import type { Lab, LabHost } from './lab.ts'
import { type Ask, matrixClient } from './matrix-client.ts'

/** A homeserver of somebody else's, on a host of its own in a lab with an edge and a registry. */
export interface Neighbour {
  readonly host: LabHost
  readonly serverName: string
  /** Asks its client API. */
  readonly ask: Ask
  /** Makes an account, and logs it in. */
  register(name: string): Promise<{ id: string; token: string }>
}

export interface NeighbourOptions {
  /** neighbour.test unless told; the lab's DNS knows it afterwards. */
  readonly serverName?: string
}

/**
 * Settings with which a Synapse federates inside a lab: its hosts have private addresses, and nobody beyond it vouches for keys.
 * That certificates are the lab's own needs no setting: the lab's images trust its authority.
 */
export const federationSettings = {
  ip_range_whitelist: ['10.0.0.0/8'],
  federation_ip_range_blacklist: [],
  trusted_key_servers: [],
} as const

const IMAGE = 'matrixdotorg/synapse'
const DATA = '/var/lib/docker/volumes/synapse-data/_data'

const settings = (serverName: string): string =>
  JSON.stringify({
    ...federationSettings,
    public_baseurl: `https://${serverName}/`,
    // others find it on 443 without a record of its own
    serve_server_wellknown: true,
    listeners: [{ port: 8448, type: 'http', tls: true, resources: [{ names: ['client', 'federation'], compress: false }] }],
    tls_certificate_path: '/data/tls.pem',
    tls_private_key_path: '/data/tls.key',
    enable_registration: true,
    enable_registration_without_verification: true,
    suppress_key_server_warning: true,
  })

/** $1 server name; Docker's image answers health checks on another port, which does not matter here. */
const install = `set -e
export DEBIAN_FRONTEND=noninteractive
. /etc/os-release
apt-get -q update >/dev/null
apt-get -q install -y --no-install-recommends docker.io $([ "$DEBIAN_CODENAME" = bookworm ] || echo docker-cli) >/dev/null
docker pull -q ${IMAGE} >/dev/null
docker run --rm --network=none -v synapse-data:/data -e SYNAPSE_SERVER_NAME="$1" -e SYNAPSE_REPORT_STATS=no ${IMAGE} generate >/dev/null
mkdir -p ${DATA}/conf.d
`

const start = `set -e
chown -R 991:991 ${DATA}
docker run -d --name synapse --no-healthcheck -p 443:8448 -v synapse-data:/data \\
  ${IMAGE} run --config-path=/data/homeserver.yaml --config-path=/data/conf.d >/dev/null
i=0
until curl -fso /dev/null --cacert ${DATA}/ca.pem --resolve "$1:443:127.0.0.1" "https://$1/_matrix/client/versions"; do
  i=$((i + 1)); [ $i -lt 720 ] || { docker logs --tail 40 synapse >&2; exit 1; }
  sleep 0.25
done
`

/** Boots a host with Docker and the lab's Synapse on SQLite, with a certificate of the lab's authority. Takes about a minute. */
export async function openNeighbour(lab: Lab, { serverName = 'neighbour.test' }: NeighbourOptions = {}): Promise<Neighbour> {
  const { edge, registry } = lab
  if (!edge || !registry) throw new Error('a neighbour needs a lab with an edge and the image of Synapse')
  const host = await lab.host('neighbour')
  edge.names[serverName] = host.address
  const on = async (script: string, stdin?: string) => {
    const { code, stdout, stderr } = await host.run(`set -- '${serverName}'\n${script}`, {
      timeout: 300_000,
      ...(stdin !== undefined && { stdin }),
    })
    if (code !== 0) throw new Error(`the neighbour did not come up: ${stderr.trim()}${stdout.trim()}`)
  }
  await on(install)
  const { certificate, key } = await edge.authority.issue([serverName])
  const files = { 'tls.pem': certificate, 'tls.key': key, 'ca.pem': edge.authority.certificate, 'conf.d/90-lab.yaml': settings(serverName) }
  for (const [name, text] of Object.entries(files)) await on(`umask 077; cat >${DATA}/${name}`, text)
  await on(start)
  const ask = matrixClient({ address: host.address, host: serverName, ca: edge.authority.certificate })
  return {
    host,
    serverName,
    ask,
    register: async (name) => {
      const json = { username: name, password: `password of ${name}`, auth: { type: 'm.login.dummy' } }
      const { user_id: id, access_token: token } = (await ask('POST', '/_matrix/client/v3/register', { json })).json
      return { id: String(id), token: String(token) }
    },
  }
}
