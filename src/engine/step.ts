import type { Duplex } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Output, Step } from '../module/define.ts'
import type { Http } from '../module/http.ts'
import type { Programs } from '../module/program.ts'
import { quote } from '../module/shell.ts'
import { HostLost, type Shell } from '../transport/transport.ts'

export interface StepContext {
  readonly shell: Shell
  readonly http: Http
  /** What earlier steps of the task saved. */
  readonly saved: Map<string, string>
  readonly environment: Readonly<Record<string, string>>
  /** Seconds. */
  readonly timeout?: number
  readonly onLine?: (stream: 'stdout' | 'stderr', text: string) => void
  /** Asks the person at the terminal; undefined when there is none. */
  readonly ask?: (prompt: string, echo: boolean) => Promise<string>
  readonly signal: AbortSignal
  readonly programs: Programs
  /** A TCP connection from where the task is carried out. */
  readonly dial: (host: string, port: number) => Promise<Duplex>
}

/** Carries out one step. The only thing in mhprov that writes to a host. */
export async function runStep(step: Step, context: StepContext): Promise<Output> {
  const start = Date.now()
  if (step.do === 'pause') {
    const input = step.prompt !== undefined && step.seconds === undefined ? await context.ask?.(step.prompt, step.echo ?? true) : undefined
    if (step.seconds !== undefined) await sleep(step.seconds * 1000, undefined, { signal: context.signal }).catch(() => undefined)
    return { code: 0, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0), start, end: Date.now(), ...(input !== undefined && { input }) }
  }
  if (step.do === 'program') return { ...(await runProgram(step, context)), start, end: Date.now() }
  if (step.do === 'request') return { ...(await sendRequest(step, context)), start, end: Date.now() }
  const lines = step.live && context.onLine ? lineSplitter(context.onLine) : undefined
  const reply = await context.shell.request({
    script: withTimeout(step.userEnvironment ? exported(context.environment) + step.script.text : step.script.text, context.timeout),
    ...(step.stdin !== undefined && { stdin: step.stdin }),
    ...(lines && { onOutput: lines.write }),
  })
  lines?.end()
  return { ...reply, start, end: Date.now() }
}

/** An interrupted program, or one whose time is over, still tells how far it came. */
async function runProgram(
  { program, input }: Extract<Step, { do: 'program' }>,
  { programs, dial, signal, onLine, timeout }: StepContext,
): Promise<Pick<Output, 'code' | 'stdout' | 'stderr'>> {
  const run = programs[program]
  if (!run) throw new Error(`there is no program "${program}"`)
  const late = new AbortController()
  const end = () => late.abort()
  const timer = timeout === undefined ? undefined : setTimeout(end, timeout * 1000)
  if (signal.aborted) end()
  signal.addEventListener('abort', end, { once: true })
  let lost: HostLost | undefined
  try {
    const answer = await run(input, {
      // a program takes any failed connection for an answer; that the host is gone is more than that
      dial: (host, port) =>
        dial(host, port).catch((error: unknown) => {
          if (error instanceof HostLost) lost = error
          throw error
        }),
      signal: late.signal,
      say: (line) => onLine?.('stdout', line),
    })
    if (lost) throw lost
    return { code: 0, stdout: Buffer.from(JSON.stringify(answer)), stderr: Buffer.alloc(0) }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', end)
  }
}

async function sendRequest(step: Extract<Step, { do: 'request' }>, { http, saved }: StepContext): Promise<Omit<Output, 'start' | 'end'>> {
  const url = step.url.replace(/\{(\w+)\}/g, (whole, name: string) => (saved.has(name) ? encodeURIComponent(saved.get(name)!) : whole))
  const answer = await http({ ...step, url })
  if (!answer.ok) return { code: 1, stdout: Buffer.alloc(0), stderr: Buffer.from(answer.why) }
  for (const [name, way] of Object.entries(step.saves ?? {})) {
    const found = way.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], jsonOf(answer.text))
    if (typeof found !== 'string')
      return { code: 1, stdout: Buffer.alloc(0), stderr: Buffer.from(`${step.method} ${url}: the answer has no ${way}`) }
    saved.set(name, found)
  }
  return { code: 0, stdout: Buffer.from(answer.text), stderr: Buffer.alloc(0) }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const exported = (environment: Readonly<Record<string, string>>): string =>
  Object.entries(environment)
    .map(([name, value]) => `export ${name}=${quote(value)}\n`)
    .join('')

/** timeout(1) of coreutils ends the step's process group and answers 124; after 5 more seconds with SIGKILL. */
const withTimeout = (script: string, seconds: number | undefined): string =>
  seconds === undefined ? script : `timeout -k 5 ${seconds} /bin/sh -c ${quote(script)}`

// A longer line is shown in pieces: it is for eyes, the result has it whole.
const LONGEST_LINE = 65_536

/** Chunks to whole lines; a carriage return begins its line anew, as a terminal shows it. */
function lineSplitter(onLine: NonNullable<StepContext['onLine']>) {
  const parts = { stdout: { decoder: new StringDecoder('utf8'), rest: '' }, stderr: { decoder: new StringDecoder('utf8'), rest: '' } }
  const clean = (line: string) => line.replace(/\r$/, '').split('\r').at(-1) ?? ''
  return {
    write: (stream: 'stdout' | 'stderr', chunk: Buffer) => {
      const part = parts[stream]
      const lines = (part.rest + part.decoder.write(chunk)).split('\n')
      part.rest = lines.pop() ?? ''
      if (part.rest.length > LONGEST_LINE) lines.push(part.rest.slice(0, LONGEST_LINE))
      if (part.rest.length > LONGEST_LINE) part.rest = ''
      for (const line of lines) onLine(stream, clean(line))
    },
    end: () => {
      for (const stream of ['stdout', 'stderr'] as const) if (parts[stream].rest !== '') onLine(stream, clean(parts[stream].rest))
    },
  }
}
