import { accessSync, constants } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { cgroupMounts } from './cgroup.ts'
import { attempt } from './command.ts'
import { missingPackages } from './requirements.ts'

/** This machine cannot run a lab; the message says why in one line. */
export class LabUnavailable extends Error {
  override readonly name = 'LabUnavailable'
}

/** Mounts an overlay in new namespaces that end at once: the two powers everything else rests on. */
const probe = `mkdir l u w m && mount -t overlay overlay -o lowerdir=l,upperdir=u,workdir=w m`

/** Throws LabUnavailable unless this machine can run a lab with its files in the cache directory. Changes nothing. */
export async function requireLab(cache: string): Promise<void> {
  if (process.platform !== 'linux') throw new LabUnavailable(`a lab host needs Linux, and this is ${process.platform}`)
  if (process.getuid?.() !== 0) throw new LabUnavailable('a lab host needs root: it makes mounts and network namespaces')
  // Paths go into mount options, where commas, colons and spaces mean something.
  if (/[^\w./@+-]/.test(cache)) throw new LabUnavailable(`the cache directory must be a plain path: ${cache}`)
  const missing = missingPackages()
  if (missing.length > 0) throw new LabUnavailable(`these Debian packages are missing: ${missing.join(' ')}`)
  const unified = cgroupMounts().find(({ version }) => version === 2)
  if (!unified) throw new LabUnavailable('this machine has no unified cgroup hierarchy (cgroup2)')
  try {
    accessSync(unified.at, constants.W_OK)
  } catch {
    throw new LabUnavailable(`${unified.at} is not writable`)
  }
  await mkdir(cache, { recursive: true, mode: 0o700 })
  const dir = await mkdtemp(join(cache, 'probe-'))
  try {
    const tried = await attempt(['unshare', '--mount', '--net', '--pid', '--fork', 'sh', '-ec', probe], { cwd: dir })
    if (tried.code !== 0) throw new LabUnavailable(`namespaces or overlay mounts do not work here: ${tried.stderr.trim().split('\n')[0]}`)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}
