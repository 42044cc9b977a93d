import { below, operand, parent } from '../../module/host-path.ts'
import { type Sh, sh } from '../../module/shell.ts'
import { preamble } from './ownership.ts'

/** The script that puts a link at a path: where something is, it is made beside it and moved over it, so the path is never empty. */
export const placeLink = (path: string, exists: boolean, link: (at: Sh) => Sh): Sh => sh`(
${preamble}
p=${operand(path)}
${
  exists
    ? sh`t=$(mktemp -u -- ${below(operand(parent(path)), '.mhprov.XXXXXXXXXX')}) || fail ${`Error while replacing ${path}`}
trap 'rm -f -- "$t"' EXIT
${link(sh`"$t"`)} || fail ${`Error while linking ${path}`}
mv -f -T -- "$t" "$p" || fail ${`Error while replacing ${path}`}`
    : sh`${link(sh`"$p"`)} || fail ${`Error while linking ${path}`}`
}
)`
