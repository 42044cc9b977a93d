#!/usr/bin/env node
import { existsSync } from 'node:fs'
import module from 'node:module'

// Node 22.1 and later keep compiled code from one run to the next
module.enableCompileCache?.()

const cli = new URL('../dist/src/cli.js', import.meta.url)
if (existsSync(cli)) {
  const { main } = await import(cli.href)
  process.exitCode = await main(process.argv.slice(2))
} else {
  console.error('mhprov is not built yet: run `npm ci` in its folder first')
  process.exitCode = 2
}
