import { factKind } from '../module/fact.ts'
import { batches, operand } from '../module/host-path.ts'
import { join, raw, sh } from '../module/shell.ts'

/** A file's bytes; without them why there are none: no regular file there (links are followed), or it may not be read. */
export type Content = { readonly bytes: Buffer } | { readonly bytes?: undefined; readonly why: 'no file' | 'denied' | 'too large' }

/** Larger files are not read: they would have to cross the wire and fit into memory. */
export const LARGEST = 64 * 1024 * 1024

// What the kernel makes up as it is read has no size beforehand, which an archive needs.
const MADE_UP = /^\/(proc|sys)\//

// One letter per path (f a file, d denied, n none), then all files that are not too large in one archive: tar is the one tool
// that puts many files of any bytes on one stream. Blocks of 512 bytes, names as given, links followed (GNU tar manual, 8.3).
const READ = raw(`read_files() {
for p do
shift
if [ ! -f "$p" ]; then printf n
elif [ ! -r "$p" ]; then printf d
else printf f; set -- "$@" "$p"
fi
done
printf ' '
[ $# -eq 0 ] || find -L "$@" -maxdepth 0 -size -${LARGEST + 1}c -print0 |
tar -cf - -b 1 -P -h --hard-dereference --no-recursion --format=gnu --null -T -
}`)

/** The whole content of a file. */
export const content = factKind<string, Content>({
  name: 'content',
  isAbsent: (is) => is.bytes === undefined,
  script: (keys) => {
    const plain = batches(keys.filter((key) => !MADE_UP.test(key)).map(operand)).map((paths) => sh`read_files ${paths}`)
    const madeUp = keys
      .filter((key) => MADE_UP.test(key))
      .map(
        (key) => sh`p=${key}; if [ ! -f "$p" ]; then printf 'n '
elif [ ! -r "$p" ]; then printf 'd '; else c=$(base64 -w 0 <"$p") && printf '%s ' "b$c" || printf 'n '; fi`,
      )
    return sh`${READ}
${join([...madeUp, ...plain], '\n')}`
  },
  parse: (stdout, keys) => {
    const found = new Map<string, Content>()
    let at = 0
    const word = () => {
      const end = stdout.indexOf(0x20, at)
      const text = stdout.toString('latin1', at, end < 0 ? stdout.length : end)
      at = end < 0 ? stdout.length : end + 1
      return text
    }
    for (const key of keys.filter((key) => MADE_UP.test(key))) {
      const answer = word()
      found.set(
        operand(key),
        answer[0] === 'b' ? { bytes: Buffer.from(answer.slice(1), 'base64') } : { why: answer === 'd' ? 'denied' : 'no file' },
      )
    }
    for (const paths of batches(keys.filter((key) => !MADE_UP.test(key)).map(operand))) {
      const letters = word()
      const archive = readArchive(stdout, at)
      if (letters.includes('f')) at = archive.end
      paths.forEach((path, i) => {
        const bytes = archive.files.get(path)
        found.set(
          path,
          letters[i] === 'd' ? { why: 'denied' } : letters[i] !== 'f' ? { why: 'no file' } : bytes ? { bytes } : { why: 'too large' },
        )
      })
    }
    return keys.map((key) => found.get(operand(key)) ?? { why: 'no file' })
  },
})

/** The regular files of a GNU tar archive that begins at `start`, and where it ends (GNU tar manual, "Basic Tar Format"). */
function readArchive(stdout: Buffer, start: number): { files: Map<string, Buffer>; end: number } {
  const files = new Map<string, Buffer>()
  let at = start
  let longName: string | undefined
  while (at + 512 <= stdout.length) {
    const header = stdout.subarray(at, at + 512)
    at += 512
    if (header[0] === 0) {
      // the end is two empty blocks
      if (at + 512 <= stdout.length) at += 512
      break
    }
    const size = sizeOf(header.subarray(124, 136))
    const body = stdout.subarray(at, at + size)
    at += Math.ceil(size / 512) * 512
    const type = String.fromCharCode(header[156]!)
    if (type === 'L') {
      longName = body.toString().replace(/\0+$/, '')
      continue
    }
    const field = header.subarray(0, 100)
    const end = field.indexOf(0)
    const name = longName ?? field.toString('utf8', 0, end < 0 ? 100 : end)
    longName = undefined
    if (type === '0' || type === '\0') files.set(name, Buffer.from(body))
  }
  return { files, end: at }
}

/** Octal digits, or big-endian binary when the first bit is set (sizes from 8 GiB). */
const sizeOf = (field: Buffer): number =>
  field[0]! & 0x80 ? Number(field.readBigUInt64BE(4)) : Number.parseInt(field.toString('latin1').replace(/[^0-7]+/g, '') || '0', 8)
