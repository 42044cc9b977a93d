import type { DockerServer } from '../../facts/docker-server.ts'
import { raw, type Sh, sh } from '../../module/shell.ts'

const GUARD = raw(`command -v docker >/dev/null 2>&1 || {
echo 'there is no docker command on this host: install the package docker.io (on Debian 13 also docker-cli)' >&2
exit 127
}`)

/** A step that calls docker: without the command it fails with the way out. A daemon that is down is told of by docker itself. */
export const dockerScript = (script: Sh): Sh => sh`${GUARD}
${script}`

/**
 * Why nothing can be said of what is there: a daemon that does not answer; in a dry run a task before this one may start it. Without a docker
 * command there is nothing: so a dry run works before Docker is installed.
 */
export const whyUnknown = (server: DockerServer): string | undefined =>
  server.client && server.version === undefined ? `the Docker daemon cannot be asked: ${server.trouble}` : undefined
