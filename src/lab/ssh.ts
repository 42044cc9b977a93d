import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { attempt, type Ended } from './command.ts'

/** True when an SSH server greets there within half a second. */
function greets(address: string, port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect({ host: address, port, timeout: 500 })
    const end = (greeted: boolean) => {
      socket.destroy()
      done(greeted)
    }
    socket.once('data', (chunk) => end(chunk.toString().startsWith('SSH-')))
    socket.once('error', () => end(false))
    socket.once('timeout', () => end(false))
    socket.once('close', () => end(false))
  })
}

/** Waits until an SSH server greets at the address: false after `seconds`, or when `over()` says to give up. */
export async function awaitSsh(address: string, port: number, over: () => boolean, seconds = 90): Promise<boolean> {
  const end = Date.now() + seconds * 1000
  while (Date.now() < end && !over()) {
    if (await greets(address, port)) return true
    await sleep(50)
  }
  return false
}

export interface Login {
  user: string
  address: string
  port: number
  privateKeyFile: string
  knownHostsFile: string
}

/** Runs a script with the user's `sh` through the OpenSSH client; 255 is ssh's own failure. Ends after `timeout` ms (10 min). */
export function runOverSsh(login: Login, script: string, stdin?: string, timeout = 600_000): Promise<Ended> {
  const { user, address, port, privateKeyFile, knownHostsFile } = login
  const settings = {
    IdentityFile: privateKeyFile,
    IdentitiesOnly: 'yes',
    UserKnownHostsFile: knownHostsFile,
    GlobalKnownHostsFile: '/dev/null',
    StrictHostKeyChecking: 'yes',
    BatchMode: 'yes',
    ConnectTimeout: '10',
    ServerAliveInterval: '5',
    LogLevel: 'ERROR',
  }
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])
  const command = `exec sh -c '${script.replaceAll("'", "'\\''")}'`
  const argv = ['ssh', '-F', 'none', '-T', '-p', String(port), ...options, `${user}@${address}`, command]
  return attempt(argv, { timeout, ...(stdin === undefined ? {} : { stdin }) })
}
