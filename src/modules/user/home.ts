import { raw, type Sh, sh } from '../../module/shell.ts'
import type { Want } from './want.ts'

// As useradd does it: the skeleton's contents, HOME_MODE or else UMASK of login.defs(5) for the directory's mode.
const FUNCTION = `make_home() {
[ -e "$2" ] && return
mkdir -p -- "$(dirname -- "$2")" || return
if [ -d "$3" ]; then cp -R -P -- "$3" "$2"; else mkdir -- "$2"; fi || return
m=
if [ -z "$4" ]; then
m=$(sed -n 's/^[[:space:]]*HOME_MODE[[:space:]]\\{1,\\}\\([0-7]*\\).*/\\1/p' /etc/login.defs)
set -- "$1" "$2" "$3" "$(sed -n 's/^[[:space:]]*UMASK[[:space:]]\\{1,\\}\\([0-7]*\\).*/\\1/p' /etc/login.defs)"
fi
chmod "\${m:-$(printf %o $((0777 & ~0\${4:-022})))}" -- "$2" && chown -R -h -- "$(id -u -- "$1"):$(id -g -- "$1")" "$2"
}`

/** Makes the home directory of an account that exists, unless something is at its path. */
export const makeHome = (want: Want, home: string): Sh =>
  sh`{ ${raw(FUNCTION)}
make_home ${want.name} ${home} ${want.skeleton ?? '/etc/skel'} ${want.umask ?? ''}; }`

export const homeAfter = (want: Want, home: string) => ({ home, ...(want.create_home && { homeExists: true }) })
