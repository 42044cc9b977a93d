import { factKind } from '../module/fact.ts'
import { batches, operand } from '../module/host-path.ts'
import { join, raw, sh } from '../module/shell.ts'

/** MIME type and character set of a path's content; both 'unknown' where file(1) is not installed or cannot tell. */
export interface Mime {
  readonly mimetype: string
  readonly charset: string
}

const ASK = raw(`command -v file >/dev/null && mime() { file -00 --no-pad --mime-type --mime-encoding -- "$@"; } || mime() { :; }`)

/** One file(1) for all paths; links are not followed. */
export const mime = factKind<string, Mime>({
  name: 'mime',
  script: (keys) => sh`${ASK}
${join(
  batches(keys.map(operand)).map((paths) => sh`mime ${paths}`),
  '\n',
)}`,
  parse: (stdout, keys) => {
    const words = stdout.toString().split('\0')
    const found = new Map<string, string>()
    for (let at = 0; at + 1 < words.length; at += 2) found.set(words[at]!, words[at + 1]!)
    return keys.map((key) => {
      const [, mimetype, charset] = /^(\S+\/\S+); charset=(\S+)/.exec((found.get(operand(key)) ?? '').trim()) ?? []
      return { mimetype: mimetype ?? 'unknown', charset: charset ?? 'unknown' }
    })
  },
})
