import { raw } from '../../module/shell.ts'

/** Lines defining `tell KEY VALUE`, `show KEY FILE` and `refuse REASON` (which ends the script): what they print, `hostReport` reads. */
export const reporting = raw(`tell() { printf '%s\\0%s\\0' "$1" "$2"; }
show() { printf '%s\\0' "$1"; cat -- "$2"; printf '\\0'; }
refuse() { tell refused "$1"; exit 0; }
fail() { refuse "$1"; }`)

/** What a script told, by key. After the key `body` comes all the rest of the output, as it is. */
export function hostReport(stdout: Buffer): { told: Readonly<Record<string, string>>; body: Buffer } {
  const told: Record<string, string> = {}
  for (let at = 0; ; ) {
    const end = stdout.indexOf(0, at)
    const key = end < 0 ? '' : stdout.toString('utf8', at, end)
    if (key === 'body') return { told, body: stdout.subarray(end + 1) }
    const stop = end < 0 ? -1 : stdout.indexOf(0, end + 1)
    if (stop < 0) return { told, body: Buffer.alloc(0) }
    told[key] = stdout.toString('utf8', end + 1, stop)
    at = stop + 1
  }
}
