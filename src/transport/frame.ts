/** What a stream of a shell consists of: pieces of output, and after those of each request a frame with its id and exit code. */
export interface FrameEvents {
  readonly data: (piece: Buffer) => void
  readonly frame: (id: number, code: number) => void
}

const NUL = 0

/**
 * Splits a shell's stdout or stderr into output and frames, `marker id code LF`. The marker begins with the only NUL in it;
 * of output that ends like the beginning of a marker, just that ending is kept back until more is known.
 */
export function frameReader(marker: Buffer, events: FrameEvents): (chunk: Buffer) => void {
  let held: Buffer = Buffer.alloc(0)
  return (chunk) => {
    let rest = held.length > 0 ? Buffer.concat([held, chunk]) : chunk
    for (;;) {
      const at = rest.indexOf(marker)
      const end = at < 0 ? -1 : rest.indexOf('\n', at + marker.length)
      const output = at < 0 ? rest.length - unsure(rest, marker) : at
      if (output > 0) events.data(rest.subarray(0, output))
      if (end < 0) {
        held = rest.subarray(output)
        return
      }
      const [id, code] = rest.toString('latin1', at + marker.length, end).split(' ')
      events.frame(Number(id), Number(code))
      rest = rest.subarray(end + 1)
    }
  }
}

/** How many bytes at the end may be the beginning of a marker. */
function unsure(bytes: Buffer, marker: Buffer): number {
  const tail = bytes.subarray(Math.max(0, bytes.length - marker.length + 1))
  const nul = tail.lastIndexOf(NUL)
  if (nul < 0) return 0
  const candidate = tail.subarray(nul)
  return candidate.equals(marker.subarray(0, candidate.length)) ? candidate.length : 0
}
