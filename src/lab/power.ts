import { type Boot, boot } from './boot.ts'
import { clear, powerCut } from './clear.ts'

/** A host's power switch. */
export interface Power {
  /** True from `on` until the host shuts itself down or `off`, and between the two halves of a reboot. */
  isOn(): boolean
  /** How often it has booted; more than before means that it was rebooted. */
  boots(): number
  /** Returns as soon as its systemd is started. */
  on(): Promise<void>
  /** Shuts down in good order, or after half a minute without. */
  off(): Promise<void>
  /** Never boots again: returns when nothing started here is on the way. What runs is left to a clearing. */
  retire(): Promise<void>
}

export interface PowerOptions {
  id: string
  dir: string
  /** Makes what a boot needs beyond the file tree. */
  wire: () => Promise<void>
  signal: AbortSignal
}

/** More boots than this in one life are a host that never comes up. */
const mostBoots = 100

/** The switch of the host whose file tree is DIR/root, off. */
export function makePower({ id, dir, wire, signal }: PowerOptions): Power {
  let running: Boot | undefined
  let wanted = false
  let boots = 0
  let last: Promise<unknown> = Promise.resolve()

  // One after another, so that nothing is started behind the back of a switch-off.
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const turn = last.then(work)
    last = turn.catch(() => {})
    return turn
  }

  const powerOn = async () => {
    if (running || !wanted) return
    boots++
    await wire()
    signal.throwIfAborted()
    const current = boot(id, dir)
    running = current
    void current.ended.then((code) => inTurn(() => afterEnd(current, code))).catch(() => {})
  }

  const afterEnd = async (ended: Boot, code: number) => {
    if (running !== ended) return
    running = undefined
    // 133 is how nspawn passes on that the host asked for a reboot.
    wanted &&= code === 133 && boots < mostBoots && !signal.aborted
    try {
      await clear(powerCut(id, dir))
      await powerOn()
    } catch (error) {
      wanted = false
      throw error
    }
  }

  const powerOff = async () => {
    if (running) {
      running.press()
      let timer: NodeJS.Timeout | undefined
      await Promise.race([running.ended, new Promise((done) => (timer = setTimeout(done, 30_000)))])
      clearTimeout(timer)
    }
    running = undefined
    await clear(powerCut(id, dir))
  }

  return {
    isOn: () => wanted,
    boots: () => boots,
    on: () => {
      wanted = true
      return inTurn(powerOn)
    },
    off: () => {
      wanted = false
      return inTurn(powerOff)
    },
    retire: async () => {
      wanted = false
      await last
    },
  }
}
