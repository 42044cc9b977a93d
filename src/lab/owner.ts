import { readFileSync } from 'node:fs'

/** Who made a lab: kept in it as owner.json, so that another run can tell a living lab from a leftover. */
export interface Owner {
  pid: number
  /** Start time of the process in clock ticks after boot (proc_pid_stat(5), field 22): a process id alone is used again. */
  start: string
  boot: string
  /** The base tree its hosts are mounted on. */
  tree: string
}

const boot = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()

function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the command's name in parentheses and may hold spaces: count behind it.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}

/** This process as an owner. */
export const self = (tree: string): Owner => ({ pid: process.pid, start: startOf(process.pid) ?? '', boot: boot(), tree })

/** The owner of the lab in this directory while it lives; undefined for a leftover. */
export function livingOwner(dir: string): Owner | undefined {
  try {
    const owner = JSON.parse(readFileSync(`${dir}/owner.json`, 'utf8')) as Owner
    return owner.boot === boot() && owner.start === startOf(owner.pid) ? owner : undefined
  } catch {
    return undefined
  }
}
