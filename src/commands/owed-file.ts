import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import type { OwedHandlers } from '../engine/owed.ts'
import type { Program } from '../playbook/compile.ts'

/**
 * Handlers that were notified and have not run, kept on disk from the moment of notice: when a run dies in between, the next one runs them.
 * One small JSON file per playbook and inventory, in $XDG_STATE_HOME/mhprov (~/.local/state/mhprov); it goes away when nothing is owed.
 */
export function owedHandlers(program: Program): OwedHandlers {
  const state = process.env.XDG_STATE_HOME || join(homedir(), '.local', 'state')
  const id = createHash('sha256')
    .update(`${resolve(program.playbook.path)}\0${resolve(program.inventory.file)}`)
    .digest('hex')
    .slice(0, 16)
  const file = join(state, 'mhprov', `owed-${id}.json`)
  const owed = new Map<string, string[]>(read(file))
  const key = (play: string, host: string) => JSON.stringify([play, host])
  const save = () => {
    const some = [...owed].filter(([, names]) => names.length > 0)
    if (some.length === 0) return rmSync(file, { force: true })
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    writeFileSync(`${file}.new`, JSON.stringify(some), { mode: 0o600 })
    renameSync(`${file}.new`, file)
  }
  return {
    of: (play, host) => owed.get(key(play, host)) ?? [],
    add: (play, host, handler) => {
      const names = owed.get(key(play, host)) ?? []
      if (names.includes(handler)) return
      owed.set(key(play, host), [...names, handler])
      save()
    },
    done: (play, host, handler) => {
      owed.set(
        key(play, host),
        (owed.get(key(play, host)) ?? []).filter((name) => name !== handler),
      )
      save()
    },
  }
}

function read(file: string): [string, string[]][] {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as [string, string[]][]
  } catch {
    return [] // nothing is owed, which is the usual case
  }
}
