import { closeSync, fsyncSync, linkSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** Puts a file in place whole or not at all, readable by its owner alone. */
export function replaceFile(path: string, text: string): void {
  const fresh = `${path}.${process.pid}.new`
  const file = openSync(fresh, 'w', 0o600)
  try {
    writeFileSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(fresh, path)
}

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

let attempts = 0

/** Does some work while no other process of this machine does it for the same path. The lock of a process that is gone does not count. */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  const lock = `${path}.lock`
  const own = `${lock}.${process.pid}.${++attempts}`
  writeFileSync(own, String(process.pid), { mode: 0o600 })
  try {
    // link(2) is atomic and brings the owner's number with it
    for (let tries = 0; ; tries++) {
      try {
        linkSync(own, lock)
        break
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
        const owner = ownerOf(lock)
        if (owner !== undefined && !alive(owner)) takeAway(lock, `${own}.stale`)
        else if (tries >= 200) throw new Error(`another mhprov (process ${owner ?? '?'}) holds ${lock}: if none runs, delete that file`)
        else await sleep(50)
      }
    }
    try {
      return await work()
    } finally {
      rmSync(lock, { force: true })
    }
  } finally {
    rmSync(own, { force: true })
  }
}

/** Removes the lock of a process that is gone, unless somebody else has just put a living one in its place. */
function takeAway(lock: string, aside: string): void {
  try {
    renameSync(lock, aside)
    const owner = ownerOf(aside)
    if (owner !== undefined && alive(owner)) linkSync(aside, lock)
  } catch {
    // another one was quicker
  }
  rmSync(aside, { force: true })
}

function ownerOf(lock: string): number | undefined {
  try {
    return Number(readFileSync(lock, 'utf8'))
  } catch {
    return undefined // it has just been released
  }
}
