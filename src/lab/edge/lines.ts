import type { Socket } from 'node:net'

const LONGEST = 1 << 20

/** Hands each line of JSON to `heard`, until that says that the rest is something else. What is no JSON ends the connection. */
export function readLines(socket: Socket, heard: (message: Record<string, unknown>) => 'more' | 'rest'): void {
  let text = Buffer.alloc(0)
  const onData = (chunk: Buffer) => {
    text = Buffer.concat([text, chunk])
    for (let end = text.indexOf(10); end >= 0; end = text.indexOf(10)) {
      let message: Record<string, unknown>
      try {
        message = JSON.parse(text.subarray(0, end).toString()) as Record<string, unknown>
      } catch {
        return void socket.destroy()
      }
      text = text.subarray(end + 1)
      if (heard(message) === 'more') continue
      socket.off('data', onData)
      // whoever is asked first says nothing before
      if (text.length > 0) socket.destroy()
      return
    }
    if (text.length > LONGEST) socket.destroy()
  }
  socket.on('data', onData)
}

export const writeLine = (socket: Socket, message: object): void => void socket.write(`${JSON.stringify(message)}\n`)
