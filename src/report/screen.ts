import { widthOf } from './measure.ts'

// xterm's control sequences (ctlseqs): DECTCEM ?25, synchronised output ?2026 (terminals without it ignore it), EL, ED, CUU.
const HIDE = '\x1b[?25l'
const SHOW = '\x1b[?25h'
const HOLD = '\x1b[?2026h'
const RELEASE = '\x1b[?2026l'
const LINE_END = '\x1b[K\n'
const BELOW = '\x1b[J'

/** The last lines of a terminal, redrawn in place, with permanent lines going above them. Owns the cursor from the first frame to `clear`. */
export class Screen {
  readonly #write: (text: string) => void
  readonly #columns: () => number
  #frame: readonly string[] = []
  #width = 0
  #hidden = false
  readonly #restore = () => this.#write(SHOW)

  constructor(write: (text: string) => void, columns: () => number) {
    this.#write = write
    this.#columns = columns
  }

  /** Puts `above` over the frame for good and draws the frame anew, in one write; lines that did not change are not written again. */
  draw(above: readonly string[], frame: readonly string[]): void {
    const width = this.#columns()
    const still = above.length === 0 && width === this.#width
    if (still && same(frame, this.#frame)) return
    const lines = frame.map((line, i) => (still && line === this.#frame[i] ? '\n' : line + LINE_END))
    const begin = this.#hidden ? '' : HIDE
    if (!this.#hidden) process.once('exit', this.#restore)
    this.#hidden = true
    this.#write(`${begin}${HOLD}${this.#home(width)}${above.map((line) => line + LINE_END).join('')}${lines.join('')}${BELOW}${RELEASE}`)
    this.#frame = frame
    this.#width = width
  }

  /** Takes the frame away, puts `above` in its place and gives the cursor back. */
  clear(above: readonly string[] = []): void {
    if (!this.#hidden && above.length === 0) return
    const text = `${this.#home(this.#columns())}${above.map((line) => line + LINE_END).join('')}${BELOW}`
    this.#write(this.#hidden ? `${HOLD}${text}${RELEASE}${SHOW}` : text)
    process.off('exit', this.#restore)
    this.#hidden = false
    this.#frame = []
  }

  /** Up to the frame's first line. A terminal that became narrower has broken the frame's lines into more. */
  #home(columns: number): string {
    const height = this.#frame.reduce((sum, line) => sum + Math.max(Math.ceil(widthOf(line) / columns), 1), 0)
    return height > 0 ? `\r\x1b[${height}A` : '\r'
  }
}

const same = (a: readonly string[], b: readonly string[]): boolean => a.length === b.length && a.every((line, i) => line === b[i])
