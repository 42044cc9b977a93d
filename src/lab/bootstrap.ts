import { must } from './command.ts'
import type { Mirror } from './mirror.ts'

export interface BootstrapOptions {
  suite: string
  /** One-line apt sources; [] leaves the choice to mmdebstrap. */
  sources: string[]
  mirror: Mirror
  /** A directory or a .tar, as the arguments say. */
  target: string
  args: string[]
  /** Where mmdebstrap keeps its working tree, if it needs one: what an interrupted run leaves lies there. */
  scratch?: string
  signal?: AbortSignal | undefined
}

/**
 * Runs mmdebstrap(1) as root. In namespaces of its own the build ends with this process, and its mounts (/proc, /dev) with it.
 * Throws an Error with mmdebstrap's last words.
 */
export async function bootstrap({ suite, sources, mirror, target, args, scratch, signal }: BootstrapOptions): Promise<void> {
  const alone = ['setpriv', '--pdeathsig', 'KILL', 'unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
  const where = scratch === undefined ? [] : ['env', `TMPDIR=${scratch}`]
  const proxy = mirror.proxy === undefined ? [] : [`--aptopt=Acquire::http::Proxy "${mirror.proxy}"`]
  const argv = [...alone, ...where, 'mmdebstrap', '--quiet', '--mode=root', ...args, ...proxy, suite, target, ...sources]
  await must(argv, { signal, timeout: 600_000, kill: 'SIGKILL' })
}
