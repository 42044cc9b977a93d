import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Event } from '../../src/engine/event.ts'

const BIN = fileURLToPath(new URL('../../../bin/mhprov.js', import.meta.url))

export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the mhprov command as a user does, in a process of its own. `onStart` gets its id, to signal it. */
export function mhprov(
  args: readonly string[],
  options: {
    cwd?: string
    env?: NodeJS.ProcessEnv
    stdin?: string
    onStart?: (pid: number) => void
    onOutput?: (text: string) => void
  } = {},
): Promise<Ran> {
  // a developer's own tokens are not for tests
  const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('CLOUDFLARE_')))
  const env = { ...own, NO_COLOR: '1', SSH_AUTH_SOCK: '', ...options.env }
  const child = spawn(process.execPath, [BIN, ...args], { cwd: options.cwd, env, stdio: ['pipe', 'pipe', 'pipe'] })
  child.stdin.on('error', () => undefined)
  child.stdin.end(options.stdin ?? '')
  options.onStart?.(child.pid!)
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    options.onOutput?.(text)
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  return new Promise((done) => child.on('close', (code) => done({ code, stdout, stderr })))
}

/** The events of a run with `--output json`. */
export const eventsOf = (ran: Ran): Event[] =>
  ran.stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Event)

type End = Extract<Event, { type: 'task:end' }>

/** The ends of all tasks, in order. */
export const endsOf = (ran: Ran): End[] => eventsOf(ran).filter((event): event is End => event.type === 'task:end')

const folders: string[] = []
process.on('exit', () => {
  for (const dir of folders) rmSync(dir, { recursive: true, force: true })
})

/** A fresh folder holding these files; it goes when the process ends. */
export function folder(files: Readonly<Record<string, string>>): string {
  const dir = mkdtempSync(join(tmpdir(), 'mhprov-test-'))
  folders.push(dir)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text)
  return dir
}

/** An inventory of this machine, without ssh. */
export const LOCAL = 'all:\n  hosts:\n    here:\n      ansible_connection: local\n'
