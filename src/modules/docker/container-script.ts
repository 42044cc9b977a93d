import { freshName, oldName } from '../../facts/docker-leftovers.ts'
import { join, raw, type Sh, sh } from '../../module/shell.ts'
import { SETTINGS } from './container-options.ts'
import type { ContainerWant } from './container-params.ts'
import { dockerScript, ending, PLAINLY } from './docker-script.ts'
import { connect, type Membership } from './endpoints.ts'

export interface Making {
  readonly want: ContainerWant
  readonly image: string
  /** The networks: the first at its creation, the others after. */
  readonly networks: readonly Membership[]
  /** Variables come on stdin. */
  readonly env: boolean
  readonly start: boolean
}

// The directory is its owner's only.
const PRIVATE = raw(`umask 077
dir=$(mktemp -d) || exit 1
${ending('rm -rf -- "$dir"\nundo')}
try() {
"$@" >/dev/null 2>"$dir/error" && return
why=$(sed ${PLAINLY} "$dir/error" | tail -n 1)
exit 1
}`)

const create = (name: string, { want, image, networks, env }: Making): Sh => {
  const [first] = networks
  const mode = want.network_mode ?? first?.name
  const member = networks.find((one) => one.name === mode)
  const words = [
    '--pull=never',
    `--name=${name}`,
    ...(mode === undefined ? [] : [`--network=${mode}`]),
    ...(member?.aliases ?? []).map((alias) => `--network-alias=${alias}`),
    ...(member?.ipv4_address === undefined ? [] : [`--ip=${member.ipv4_address}`]),
    ...restartWords(want),
    ...SETTINGS.flatMap((setting) => setting.words(want)),
  ]
  const rest = networks.filter((one) => one !== member)
  const command = [...(want.entrypoint ?? []).slice(1), ...(want.command ?? [])]
  return sh`try docker container create ${words} ${env ? raw('--env-file="$dir/env"') : []} -- ${image} ${command}
${join(
  rest.map((one) => sh`try ${connect(name, one)}`),
  '\n',
)}`
}

export const restartWords = (want: ContainerWant): string[] =>
  want.restart_policy === undefined ? [] : [`--restart=${restartPolicy(want)}`]

/** The restart policy as docker writes it: `on-failure:3`. */
export const restartPolicy = ({ restart_policy: policy, restart_retries: retries }: ContainerWant): string =>
  `${policy}${retries === undefined ? '' : `:${retries}`}`

const receive = (env: boolean): Sh => raw(env ? 'cat >"$dir/env" || exit 1' : ':')

/** Removes what a run that was cut off has left. It may be running: it is given its time to end. */
export const clearLeftovers = ({ name, stop_timeout: seconds }: ContainerWant): Sh => {
  const pattern = `name=^/?${name.replaceAll('.', '[.]')}-mhprov-(new|old)$`
  return sh`if left=$(docker ps --all --quiet --filter ${pattern}) && [ -n "$left" ]; then
docker container stop ${stopWords(seconds)} $left >/dev/null
docker container rm --force $left >/dev/null
fi`
}

/** Makes a container that is not there yet. */
export const creationScript = (making: Making): Sh => {
  const { name } = making.want
  return dockerScript(sh`undo() { :; }
${PRIVATE}
${receive(making.env)}
${create(name, making)}
${clearLeftovers(making.want)}
${making.start ? sh`try docker container start ${name}` : raw(':')}`)
}

/**
 * Makes a container anew beside the old one, and lets it take its place. The old one runs until the new one has been made, is put back
 * when that cannot be started, and is removed last.
 */
export const recreationScript = (making: Making): Sh => {
  const { name, stop_timeout: seconds, keep_volumes: keep } = making.want
  const [fresh, old] = [freshName(name), oldName(name)]
  return dockerScript(sh`swapping=
there() { docker container inspect -- "$1" >/dev/null 2>&1; }
undo() {
if there ${fresh}; then docker container rm --force --volumes ${fresh} >/dev/null; fi
if [ -z "$swapping" ]; then
[ -z "$why" ] || why="$why (the container that was there is as it was)"
elif there ${old}; then
if there ${name}; then docker container rm --force --volumes ${name} >/dev/null; fi
if docker container rename ${old} ${name} && { [ "$was" != true ] || docker container start ${name} >/dev/null; }
then why="$why (the old container was put back)"
else why="$why (and the old container could not be put back: look for "${old}")"
fi
fi
}
${PRIVATE}
${receive(making.env)}
${clearLeftovers(making.want)}
${create(fresh, making)}
was=$(docker container inspect --format '{{.State.Running}}' -- ${name}) || exit 1
swapping=1
try docker container rename ${name} ${old}
try docker container stop ${stopWords(seconds)} ${old}
try docker container rename ${fresh} ${name}
${making.start ? sh`try docker container start ${name}` : raw(':')}
swapping=
undo() { :; }
if there ${old}; then docker container rm --force ${keep ? [] : ['--volumes']} ${old} >/dev/null; fi`)
}

/** Words of docker-stop(1) and docker-restart(1). */
export const stopWords = (seconds: number | undefined): string[] => (seconds === undefined ? [] : ['-t', String(seconds)])

/** Says that nothing was changed after all. */
export const UNCHANGED = 'mhprov: nothing has changed'

/** Only if the image is another one than that of the container. */
export const unlessSameImage = (image: string, id: string, script: Sh): Sh =>
  sh`if [ "$(docker image inspect --format '{{.Id}}' -- ${image})" = ${id} ]; then echo ${UNCHANGED}; exit 0; fi
${script}`

/** Looks once a second, for so many seconds, until a container is healthy; gives its last output when it is not going to be. */
export const waitScript = (name: string, seconds: number): Sh => {
  const format = '{{.State.Status}} {{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}} {{.State.ExitCode}}'
  const last = '{{with .State.Health}}{{range .Log}}{{println .Output}}{{end}}{{end}}'
  return dockerScript(sh`lose() {
docker container logs --tail 20 ${name} >&2
printf '%s\\n' "the container "${name}" $1" >&2
exit 1
}
end=$(($(date +%s) + ${Math.ceil(seconds)}))
while :; do
set -- $(docker container inspect --format ${format} -- ${name})
case "$1 $2" in
'running healthy') echo ${UNCHANGED}; exit 0 ;;
'running none') lose 'has no healthcheck' ;;
'running unhealthy') lose "is unhealthy: $(docker container inspect --format ${last} -- ${name} | sed '/^ *$/d' | tail -n 1)" ;;
exited*|dead*) lose "has ended with exit code $3" ;;
' ') lose 'is gone' ;;
esac
[ "$(date +%s)" -lt "$end" ] || lose "was not healthy within ${seconds} s: it is $1, $2"
sleep 1
done`)
}
