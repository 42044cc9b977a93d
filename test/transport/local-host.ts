import type { ExecutionContext } from 'ava'
import { connectLocal, localTarget as targetOf } from '../../src/transport/local.ts'
import type { Connection, Reply } from '../../src/transport/transport.ts'

export const localTarget = targetOf('here')

/** A connection to this machine that ends with the test. */
export async function here(t: ExecutionContext): Promise<Connection> {
  const connection = await connectLocal(localTarget)
  t.teardown(() => connection.close())
  return connection
}

export const show = ({ code, stdout, stderr }: Reply) => ({ code, stdout: stdout.toString(), stderr: stderr.toString() })
