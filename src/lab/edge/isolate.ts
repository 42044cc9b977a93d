import { parentPort, workerData } from 'node:worker_threads'

// Runs in a thread of its own: a Worker's module, without this process's environment and with no way to ask others.

interface Asked {
  id: number
  method: string
  url: string
  headers: [string, string][]
  body: Uint8Array<ArrayBuffer>
}

interface Module {
  default: { fetch(request: Request, env: object, context: object): Response | Promise<Response> }
}

const context = { waitUntil: () => undefined, passThroughOnException: () => undefined }
globalThis.fetch = () => Promise.reject(new Error('this stand-in lets no Worker ask others'))

async function answer({ id, method, url, headers, body }: Asked): Promise<object> {
  const { default: worker } = (await import(workerData as string)) as Module
  const request = new Request(url, { method, headers, ...(!['GET', 'HEAD'].includes(method) && body.length > 0 && { body }) })
  const response = await worker.fetch(request, {}, context)
  if (!(response instanceof Response)) throw new TypeError('Incorrect type for Promise: the Promise did not resolve to Response')
  return { id, status: response.status, headers: [...response.headers], body: new Uint8Array(await response.arrayBuffer()) }
}

parentPort!.on('message', (asked: Asked) => {
  answer(asked).then(
    (answered) => parentPort!.postMessage(answered),
    (error: Error) => parentPort!.postMessage({ id: asked.id, thrown: error.stack ?? String(error) }),
  )
})
