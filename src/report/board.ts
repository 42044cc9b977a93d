import { Listr } from 'listr2'

/** One entry per host, at work until it is settled. */
export interface Board {
  settle(host: string, fine: boolean): void
  /** Settles what is left and stops drawing. */
  close(): Promise<void>
}

interface Drawing {
  readonly every: number
  readonly draw: () => void
}

/** listr2's renderer that draws when its time comes instead of at each of the list's events: many hosts must not cost many frames. */
class PacedRenderer {
  static nonTTY = true
  static rendererOptions: Drawing = { every: 200, draw: () => undefined }
  static rendererTaskOptions = {}
  readonly #drawing: Drawing
  #timer: NodeJS.Timeout | undefined

  constructor(_tasks: unknown, drawing: Drawing) {
    this.#drawing = drawing
  }

  render(): void {
    this.#timer = setInterval(this.#drawing.draw, this.#drawing.every)
    this.#timer.unref()
  }

  end(): void {
    clearInterval(this.#timer)
  }
}

/**
 * The hosts as a listr2 list. It only shows: nothing runs in it, a host that failed stops nothing (`exitOnError`), and Ctrl-C stays
 * with the command line (`registerSignalListeners`). `draw` is called every so many milliseconds.
 */
export function openBoard(hosts: readonly string[], every: number, draw: () => void): Board {
  const entries = new Map(hosts.map((host) => [host, openEntry()]))
  const tasks = [...entries].map(([title, { settled }]) => ({
    title,
    task: async () => {
      if (!(await settled)) throw new Error(title)
    },
  }))
  const list = new Listr(tasks, {
    concurrent: true,
    exitOnError: false,
    registerSignalListeners: false,
    // listr2 types its renderers by its own abstract class, which has fields that none of its renderers needs
    renderer: PacedRenderer as never,
    rendererOptions: { every, draw } as never,
  })
  const running = list.run()
  return {
    settle: (host, fine) => entries.get(host)?.settle(fine),
    close: async () => {
      for (const entry of entries.values()) entry.settle(true)
      await running
    },
  }
}

function openEntry(): { settled: Promise<boolean>; settle: (fine: boolean) => void } {
  let settle: (fine: boolean) => void = () => undefined
  const settled = new Promise<boolean>((resolve) => {
    settle = resolve
  })
  return { settled, settle: (fine) => settle(fine) }
}
