import type { DockerServer } from '../../facts/docker-server.ts'
import { raw, type Sh, sh } from '../../module/shell.ts'

const GUARD = raw(`command -v docker >/dev/null 2>&1 || {
echo 'there is no docker command on this host: install the package docker.io (on Debian 13 also docker-cli)' >&2
exit 127
}`)

/** A step that calls docker: without the command it fails with the way out. A daemon that is down is told of by docker itself. */
export const dockerScript = (script: Sh): Sh => sh`${GUARD}
${script}`

/** For `sed`: what docker says without its pointers to its help and to itself; the last line that is left says why. */
export const PLAINLY = `-e "/^See '/d" -e '/^ *$/d' -e '/^Run .*--help/d' -e '/^Error: failed to start containers/d'`

/** The script goes through `atEnd` however it ends, also by a signal, and then says `why`. */
export const ending = (atEnd: string): string => `why=
leave() {
code=$?
trap - EXIT HUP INT TERM
${atEnd}
[ -z "$why" ] || printf '%s\\n' "$why" >&2
exit "$code"
}
trap leave EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM`

/**
 * Why nothing can be said of what is there: a daemon that does not answer; in a dry run a task before this one may start it. Without a docker
 * command there is nothing: so a dry run works before Docker is installed.
 */
export const whyUnknown = (server: DockerServer): string | undefined =>
  server.client && server.version === undefined ? `the Docker daemon cannot be asked: ${server.trouble}` : undefined
