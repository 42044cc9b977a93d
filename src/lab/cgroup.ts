import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'

export interface CgroupMount {
  at: string
  version: 1 | 2
}

/** Every cgroup hierarchy mounted here: one on a modern machine, a dozen on a hybrid one. */
export function cgroupMounts(): CgroupMount[] {
  const lines = readFileSync('/proc/self/mounts', 'utf8').split('\n')
  return lines.flatMap((line) => {
    const [, at, type] = line.split(' ')
    if (at === undefined || (type !== 'cgroup' && type !== 'cgroup2')) return []
    return [{ at, version: type === 'cgroup' ? 1 : 2 } as const]
  })
}

/**
 * Makes a cgroup of this name in every hierarchy and returns the directories. Two nspawns started from one cgroup share its
 * `payload` child and end each other's services, so each host gets its own.
 */
export function makeCgroups(name: string): string[] {
  return cgroupMounts().map(({ at, version }) => {
    const dir = `${at}/${name}`
    if (version === 2) delegate(at)
    mkdirSync(dir, { recursive: true })
    for (const file of ['cpuset.cpus', 'cpuset.mems']) if (version === 1) copy(`${at}/${file}`, `${dir}/${file}`)
    return dir
  })
}

/** A cpuset of version 1 starts empty and takes no process until it has processors and memory. */
function copy(from: string, to: string): void {
  try {
    writeFileSync(to, readFileSync(from))
  } catch {
    // Not a cpuset hierarchy.
  }
}

/** Lets children of the unified hierarchy have its controllers; those that version 1 holds are not listed. */
function delegate(at: string): void {
  for (const controller of readFileSync(`${at}/cgroup.controllers`, 'utf8').trim().split(' ').filter(Boolean)) {
    try {
      writeFileSync(`${at}/cgroup.subtree_control`, `+${controller}`)
    } catch {
      // Some cannot be delegated from here (a controller with real-time tasks); a host works without.
    }
  }
}
