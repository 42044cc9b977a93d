import type { ImageRecipe } from '../image.ts'
import { command } from './command.ts'
import { connectorModule } from './connector.ts'
import { ingressModule } from './ingress.ts'

const now = new Date()
/** As young as the real one is kept: it says itself when it is too old. */
const version = `${now.getFullYear()}.${now.getMonth() + 1}.0`

/**
 * A stand-in of cloudflared, which Debian does not have: it takes the real one's flags, environment and files, and speaks to the
 * lab's own edge. Source: cloudflared's Dockerfile.
 */
export const cloudflared: ImageRecipe = {
  repository: 'cloudflare/cloudflared',
  suite: 'bookworm',
  packages: ['python3', 'python3-yaml', 'ca-certificates'],
  version,
  answers: [],
  files: [
    { path: '/usr/local/bin/cloudflared', mode: '755', text: command(version) },
    { path: '/usr/local/lib/cloudflared/connector.py', mode: '644', text: connectorModule },
    { path: '/usr/local/lib/cloudflared/ingress.py', mode: '644', text: ingressModule },
  ],
  links: {},
  config: {
    Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'NO_AUTOUPDATE=true', 'PYTHONDONTWRITEBYTECODE=1'],
    User: '65532:65532',
    WorkingDir: '/home/nonroot',
    Entrypoint: ['cloudflared', '--no-autoupdate'],
    Cmd: ['version'],
  },
  tags: (version) => ['latest', version],
}
