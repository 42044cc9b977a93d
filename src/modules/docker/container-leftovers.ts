import { type DockerContainer, dockerContainer } from '../../facts/docker-container.ts'
import { dockerLeftovers, freshName, type Leftovers, oldName } from '../../facts/docker-leftovers.ts'
import { dockerVolumeUsers } from '../../facts/docker-volume-users.ts'
import { type Change, run } from '../../module/define.ts'
import type { Prediction } from '../../module/fact.ts'
import { type Sh, sh } from '../../module/shell.ts'
import type { ContainerWant } from './container-params.ts'
import { clearLeftovers, stopWords } from './container-script.ts'
import { dockerScript } from './docker-script.ts'

// A container is made anew beside the old one (recreationScript). Cut off in the middle (the power went), that leaves two of them.

const WHY = 'which a run that was cut off has left'

/** The old one is taken back when the new one had not yet its name: it has the data, and may be running. */
export const reclaiming = (want: ContainerWant, old: DockerContainer): Change => ({
  summary: `give container ${oldName(want.name)}, ${WHY}, its name back`,
  steps: [run(dockerScript(sh`docker container rename ${oldName(want.name)} ${want.name}`))],
  makes: [dockerContainer(want.name).will({ ...old, Name: `/${want.name}` }), dockerLeftovers(want.name).will(withoutOld)],
})

export const withoutOld = ({ fresh }: Leftovers): Leftovers => (fresh ? { fresh } : {})

/** What is free of a container that is removed. */
export const freed = (is: DockerContainer, name: string): Prediction[] =>
  (is.Mounts ?? []).flatMap((mount) =>
    mount.Type === 'volume' && mount.Name !== undefined
      ? [dockerVolumeUsers(mount.Name).will((users) => users.filter((user) => user !== name))]
      : [],
  )

const change = (want: ContainerWant, summary: string, script: Sh, left: Leftovers): Change => ({
  summary: `${summary}, ${WHY}`,
  steps: [run(dockerScript(script))],
  makes: [dockerLeftovers(want.name).will(left)],
})

/** First: one that runs has the ports and the volumes. */
export function quieting(want: ContainerWant, left: Leftovers): Change[] {
  const { old } = left
  if (!old?.State.Running) return []
  const name = oldName(want.name)
  const script = sh`docker container stop ${stopWords(want.stop_timeout)} ${name} >/dev/null`
  return [
    change(want, `stop container ${name}`, script, { ...left, old: { ...old, State: { ...old.State, Status: 'exited', Running: false } } }),
  ]
}

/** Last: until the one that took its place runs, the old one is the way back. */
export function clearing(want: ContainerWant, left: Leftovers): Change[] {
  const all = [
    [freshName(want.name), left.fresh],
    [oldName(want.name), left.old],
  ] as const
  const there = all.flatMap(([name, is]) => (is ? [{ name, is }] : []))
  if (there.length === 0) return []
  const removed = change(want, `remove container ${there.map(({ name }) => name).join(' and ')}`, clearLeftovers(want), {})
  return [{ ...removed, makes: [...(removed.makes ?? []), ...there.flatMap(({ name, is }) => freed(is, name))] }]
}
