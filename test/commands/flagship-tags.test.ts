import test from 'ava'
import { EXIT } from '../../src/commands/exit-code.ts'
import { folder, mhprov } from '../helpers/mhprov.ts'

const TAGS = ['host', 'docker', 'synapse-image', 'synapse-config', 'postgres', 'synapse-db', 'tls', 'apache', 'synapse', 'users']
const EDGE = ['cloudflared', 'dns', 'wellknown', 'verify']
/** Never used: nothing is connected to. */
const TOKENS = { CLOUDFLARE_API_TOKEN: 'a-token-of-nobody', CLOUDFLARE_DNS_TOKEN: 'another-token-of-nobody' }

for (const [what, vars] of [
  ['as it comes', {}],
  ['with a public certificate', { certificate: 'letsencrypt' }],
] as const)
  test(`any part of the flagship can be run alone, or left out: ${what}`, async (t) => {
    t.timeout(120_000)
    const dir = folder({
      'inventory.yaml': JSON.stringify({ matrix_servers: { hosts: { laptop: { server_name: 'example.com', ...vars } } } }),
    })
    for (const tag of [...TAGS, ...EDGE])
      for (const choice of ['--tags', '--skip-tags']) {
        const ran = await mhprov(['apply', '--list-tasks', '-i', 'inventory.yaml', choice, tag], { cwd: dir, env: TOKENS })
        t.is(ran.code, EXIT.ok, `${choice} ${tag}: ${ran.stderr}`)
      }
  })
