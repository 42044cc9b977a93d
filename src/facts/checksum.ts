import { factKind } from '../module/fact.ts'
import { batches, operand } from '../module/host-path.ts'
import { join, raw, type Sh, sh } from '../module/shell.ts'

/** Those that coreutils has a tool for. */
export const ALGORITHMS = ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'] as const
/** One of them. */
export type Algorithm = (typeof ALGORITHMS)[number]

/** Hex digits; without them why there are none: no regular file there (links are followed), or it may not be read. */
export type Checksum = { readonly sum: string } | { readonly sum?: undefined; readonly why: 'no file' | 'denied' }

interface Key {
  readonly path: string
  readonly algorithm: Algorithm
}

// Only regular files are given to the tool: it would wait for ever on a pipe, and never end on a device.
const HASH = raw(`sum_files() {
tool=$1; shift
for p do
shift
if [ ! -f "$p" ]; then :
elif [ -r "$p" ]; then set -- "$@" "$p"
else printf 'denied  %s\\0' "$p"
fi
done
[ $# -eq 0 ] || "$tool" -z -- "$@"
printf '\\0'
}`)

/** Checksum of a file's bytes: one `sha1sum -z` (or md5sum …, coreutils) for all files of an algorithm. */
export const checksum = factKind<Key, Checksum>({
  name: 'checksum',
  isAbsent: (is) => is.sum === undefined,
  script: (keys) => {
    const calls: Sh[] = ALGORITHMS.flatMap((algorithm) =>
      batches(keys.filter((key) => key.algorithm === algorithm).map((key) => operand(key.path))).map(
        (paths) => sh`printf ${`${algorithm}\\0`}; sum_files ${`${algorithm}sum`} ${paths}`,
      ),
    )
    return sh`${HASH}
${join(calls, '\n')}`
  },
  parse: (stdout, keys) => {
    const found = new Map<string, Checksum>()
    let algorithm = ''
    for (const word of stdout.toString().split('\0')) {
      const gap = word.indexOf('  ')
      if (word === '') algorithm = ''
      else if (algorithm === '') algorithm = word
      else {
        const sum = word.slice(0, gap)
        found.set(`${algorithm} ${word.slice(gap + 2)}`, sum === 'denied' ? { why: 'denied' } : { sum })
      }
    }
    return keys.map(({ path, algorithm }) => found.get(`${algorithm} ${operand(path)}`) ?? { why: 'no file' })
  },
})

/** SHA-1 of a file, by which Ansible compares contents. */
export const sha1 = (path: string) => checksum({ path, algorithm: 'sha1' })
