import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { WorkerState } from '../cloudflare/world.ts'

export interface WorkerRequest {
  readonly method: string
  readonly url: string
  readonly headers: readonly (readonly [string, string])[]
  readonly body: Buffer
}

export type WorkerAnswer =
  | { readonly status: number; readonly headers: [string, string][]; readonly body: Uint8Array }
  /** What the script threw. */
  | { readonly thrown: string }

interface Isolate {
  ask(request: WorkerRequest): Promise<WorkerAnswer>
  end(): Promise<unknown>
}

const SECONDS = 30

async function isolate({ main, modules }: WorkerState, dir: string): Promise<Isolate> {
  for (const [name, text] of Object.entries({ ...modules, 'package.json': '{"type":"module"}' })) {
    const file = join(dir, name)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text)
  }
  const thread = new Worker(new URL('./isolate.js', import.meta.url), { workerData: pathToFileURL(join(dir, main)).href, env: {} })
  thread.unref()
  const waiting = new Map<number, (answer: WorkerAnswer) => void>()
  const failed = (thrown: string) => {
    for (const done of waiting.values()) done({ thrown })
    waiting.clear()
  }
  thread.on('message', ({ id, ...answer }: { id: number } & WorkerAnswer) => {
    waiting.get(id)?.(answer)
    waiting.delete(id)
  })
  thread.on('error', (error) => failed(String(error)))
  thread.on('exit', () => failed('the runtime has ended'))
  let count = 0
  return {
    ask: (request) =>
      new Promise((done) => {
        const id = ++count
        const timer = setTimeout(() => done({ thrown: `no answer within ${SECONDS} s` }), SECONDS * 1000)
        waiting.set(id, (answer) => {
          clearTimeout(timer)
          done(answer)
        })
        thread.postMessage({ id, ...request })
      }),
    end: () => thread.terminate(),
  }
}

/** What runs the scripts that were uploaded, each in a thread of its own, and the newest of each. */
export interface Runtime {
  ask(worker: WorkerState, request: WorkerRequest): Promise<WorkerAnswer>
  close(): Promise<void>
}

export function workerRuntime(dir: string): Runtime {
  const running = new Map<WorkerState, { modules: object; isolate: Promise<Isolate> }>()
  let count = 0
  const end = async (of: WorkerState) => {
    const old = running.get(of)
    running.delete(of)
    await (await old?.isolate)?.end()
  }
  return {
    ask: async (worker, request) => {
      // an upload gives the Worker other modules
      if (running.get(worker)?.modules !== worker.modules) {
        const old = end(worker)
        running.set(worker, { modules: worker.modules, isolate: isolate(worker, join(dir, String(++count))) })
        await old
      }
      return (await running.get(worker)!.isolate).ask(request)
    },
    close: async () => void (await Promise.all([...running.keys()].map(end))),
  }
}
