import { mkdirSync, writeFileSync } from 'node:fs'
import { generated } from '../src/commands/generated.ts'

// Writes the files that are made from the code; run it after changing a module.
for (const { path, text } of generated()) {
  mkdirSync(new URL('.', path), { recursive: true })
  writeFileSync(path, text)
}
