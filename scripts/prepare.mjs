// Builds dist/. Run by `npm ci` (prepare) and by every script that needs the compiled tree.
// Without TypeScript (npm ci --omit=dev) it keeps what is there instead of failing the install.
import { spawnSync } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url))
const tsc = at('node_modules/typescript/bin/tsc')
if (!existsSync(tsc)) {
  const built = existsSync(at('dist/src/cli.js'))
  console.error(built ? 'mhprov: no TypeScript here, keeping dist/' : 'mhprov: no TypeScript here, dist/ is not built')
  process.exit(0)
}
rmSync(at('dist'), { recursive: true, force: true })
process.exit(spawnSync(process.execPath, [tsc, '-p', at('tsconfig.json')], { stdio: 'inherit' }).status ?? 1)
