import type { ExecutionContext } from 'ava'
import { connectLocal } from '../../src/transport/local.ts'
import type { Connection, Reply, Target } from '../../src/transport/transport.ts'

export const localTarget: Target = {
  name: 'here',
  connection: 'local',
  address: 'localhost',
  port: 22,
  proxyJump: [],
  hostKeyChecking: 'strict',
  hostKeys: [],
  knownHostsFiles: [],
  connectTimeout: 10,
}

/** A connection to this machine that ends with the test. */
export async function here(t: ExecutionContext): Promise<Connection> {
  const connection = await connectLocal(localTarget)
  t.teardown(() => connection.close())
  return connection
}

export const show = ({ code, stdout, stderr }: Reply) => ({ code, stdout: stdout.toString(), stderr: stderr.toString() })
