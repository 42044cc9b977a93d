import { execFileSync } from 'node:child_process'
import type { ExecutionContext } from 'ava'
import { connectSsh, type SshOptions } from '../../src/transport/ssh.ts'
import type { Connection, HostLost, Target } from '../../src/transport/transport.ts'

/** A login without the agent of whoever runs the tests, closed with the test. */
export async function connected(t: ExecutionContext, target: Target, options: SshOptions = {}): Promise<Connection> {
  const connection = await connectSsh(target, { agent: '', ...options })
  t.teardown(() => connection.close())
  return connection
}

/** Why a login does not come about. */
export async function refusal(t: ExecutionContext, target: Target, options: SshOptions = {}) {
  const loss = (await t.throwsAsync(connectSsh(target, { agent: '', ...options }))) as HostLost
  return { reason: loss.reason, message: loss.message }
}

export const hello = async (connection: Connection) =>
  (await (await connection.shell()).request({ script: 'echo hello' })).stdout.toString()
export const fingerprintOf = (file: string) => execFileSync('ssh-keygen', ['-lf', file], { encoding: 'utf8' }).split(' ')[1]
