// `npm test`: everything a fresh machine needs, then lint, build and tests. Ends with a line "N passed, N failed".
import { spawn, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))

const step = (command, ...args) => {
  const { status } = spawnSync(command, args, { stdio: 'inherit' })
  if (status === 0) return
  console.log(`${command} ${args.join(' ')} failed\n0 passed, 1 failed`)
  process.exit(1)
}

step(process.execPath, 'scripts/prepare.mjs')
step('npx', '--no-install', 'biome', 'ci', '.')
step(process.execPath, 'scripts/test-needs.mjs')

const ava = spawn('npx', ['--no-install', 'ava', ...process.argv.slice(2)], { stdio: ['ignore', 'pipe', 'inherit'] })
let tail = ''
let ticks = 0
ava.stdout.on('data', (chunk) => {
  process.stdout.write(chunk)
  ticks += String(chunk).match(/^\s*✔ /gm)?.length ?? 0
  tail = (tail + chunk).slice(-20_000)
})
ava.on('close', (code) => {
  const count = (pattern) => Number([...tail.matchAll(pattern)].at(-1)?.[1] ?? 0)
  const passed = count(/(\d+) tests? passed/g) || ticks
  const failed = count(/(\d+) (?:tests?|hooks?) failed/g) + count(/(\d+) (?:uncaught exception|unhandled rejection|test file)s?/g)
  // a run that went wrong in a way not counted above is still one failure, and one without a test is no pass
  const wrong = code !== 0 || passed === 0
  console.log(`${passed} passed, ${wrong ? Math.max(1, failed) : 0} failed`)
  process.exitCode = wrong ? 1 : 0
})
