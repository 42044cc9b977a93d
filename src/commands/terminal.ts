import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import type { Redactor } from '../secrets/redact.ts'
import { Secret } from '../secrets/secret.ts'

/** What a command is given of the process it runs in; tests give their own. */
export interface Terminal {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  readonly isTTY: boolean
  readonly columns: () => number
  readonly rows: () => number
  readonly env: NodeJS.ProcessEnv
  /** What `out` and `err` mask. */
  readonly secrets: Redactor
  /** Asked once: finish what is under way. Asked twice: leave at once. */
  readonly stop: AbortSignal
  readonly leave: AbortSignal
  /** undefined when nobody can answer. */
  readonly ask: ((prompt: string, echo: boolean) => Promise<string>) | undefined
}

/** Asks on the terminal; without echo for secrets. Prompts go to stderr, so that stdout stays what the command prints. */
export async function askAtTerminal(prompt: string, echo: boolean): Promise<string> {
  process.stderr.write(prompt)
  const output = new Writable({
    write(chunk, _encoding, done) {
      if (echo) process.stderr.write(chunk)
      done()
    },
  })
  const reader = createInterface({ input: process.stdin, output, terminal: true })
  try {
    return await new Promise<string>((answer) => {
      reader.on('line', answer)
      reader.on('close', () => answer(''))
    })
  } finally {
    reader.close()
    if (!echo) process.stderr.write('\n')
  }
}

export const askSecret = async (terminal: Terminal, prompt: string): Promise<Secret | undefined> =>
  terminal.ask ? new Secret(await terminal.ask(prompt, false)) : undefined
