import { attempt, must } from './command.ts'
import { locked } from './lock.ts'
import type { Suite } from './recipe.ts'

/** Where a lab host gets its packages: what this machine's own apt uses. */
export interface Mirror {
  /** One-line apt sources for the suite; [] leaves the choice to mmdebstrap. */
  sources: string[]
  /** Acquire::http::Proxy of this machine's apt, if it has one. */
  proxy?: string
}

/** One-line apt sources for another suite of the same archive; [] leaves the choice to mmdebstrap. */
export const sourcesOf = (mirror: Mirror, suite: string): string[] =>
  mirror.sources.slice(0, 1).map((line) => `deb ${line.split(' ')[1]} ${suite} main`)

const targets = async (): Promise<string[][]> => {
  const format = '$(LABEL)|$(RELEASE)|$(REPO_URI)'
  const listed = await attempt(['apt-get', 'indextargets', '--format', format, 'Created-By: Packages', 'Origin: Debian'])
  return listed.stdout.split('\n').map((line) => line.split('|'))
}

/**
 * Reads this machine's apt configuration. A machine that is no Debian has no Debian mirror, and gets no sources here.
 * Source: apt-get(8), indextargets; it names only indexes that were downloaded, hence the update.
 */
export async function findMirror(suite: Suite, signal?: AbortSignal): Promise<Mirror> {
  let known = await targets()
  if (!known.some(([label]) => label === 'Debian')) {
    // two labs that begin at once would each find the other's lock
    await locked('/run/mhprov-apt.lock', () => attempt(['apt-get', '-q', 'update'], { signal, timeout: 300_000 }), signal)
    known = await targets()
  }
  const archive = known.find(([label, release]) => label === 'Debian' && release !== undefined && !release.includes('-'))?.[2]
  const security = known.find(([label]) => label === 'Debian-Security')?.[2]
  const sources = archive === undefined ? [] : [`deb ${archive} ${suite} main`, `deb ${archive} ${suite}-updates main`]
  if (archive !== undefined && security !== undefined) sources.push(`deb ${security} ${suite}-security main`)
  const proxy = /^P='(.+)'$/m.exec(await must(['apt-config', 'shell', 'P', 'Acquire::http::Proxy']))?.[1]
  return { sources, ...(proxy === undefined || proxy === 'DIRECT' ? {} : { proxy }) }
}
