import { type Unit, USER, unit, unitName } from '../../facts/unit.ts'
import { type Change, run } from '../../module/define.ts'
import { raw, type Sh, sh } from '../../module/shell.ts'
import type { UnitWant } from './plan.ts'

export type Verb = 'start' | 'stop' | 'restart' | 'reload'

export const isRunning = ({ active }: Pick<Unit, 'active'>): boolean => /^(active|activating|reloading|refreshing)$/.test(active)

/** What systemctl would have to do; undefined when the state is as wanted. */
export function stateVerb({ state }: UnitWant, is: Unit | undefined): Verb | undefined {
  const running = is !== undefined && isRunning(is)
  if (state === 'started') return running ? undefined : 'start'
  if (state === 'stopped') return running || is?.active === 'deactivating' ? 'stop' : undefined
  if (state === 'restarted') return 'restart'
  if (state === 'reloaded') return running ? 'reload' : 'start'
  return state === 'tried-restart' && running ? 'restart' : undefined
}

export const systemctl = (want: UnitWant, options: readonly string[] = []): Sh =>
  sh`${want.scope === 'user' ? USER : raw('')}systemctl ${[...(want.scope === 'system' ? [] : [`--${want.scope}`]), ...options]}`

/** Starting, stopping, restarting or reloading, when the state calls for it. */
export function stateChange(want: UnitWant, is: Unit | undefined): Change[] {
  const verb = stateVerb(want, is)
  if (verb === undefined) return []
  const name = unitName(want.name!)
  const active = verb === 'stop' ? 'inactive' : 'active'
  const before = is && isRunning(is) ? 'started' : 'stopped'
  const after = verb === 'stop' ? 'stopped' : 'started'
  return [
    {
      summary: `${verb} ${name}`,
      steps: [run(script(want, name, verb), { anyExit: true })],
      makes: [
        unit(name, want.scope === 'user' ? 'user' : 'system').will((known) => ({
          ...known,
          active,
          status: { ...known.status, ActiveState: active, SubState: verb === 'stop' ? 'dead' : 'running' },
        })),
      ],
      ...(verb === 'start' && { starts: true as const }),
      ...(before !== after && { diff: { before: `state: ${before}\n`, after: `state: ${after}\n` } }),
    },
  ]
}

// `systemctl start` is content once a simple service was forked (systemd.service(5), Type=), so a service that ends at once
// with an error is looked for half a second later; one that restarts itself has done so at least once by then, or is about to.
const LOOK = raw(`look
case $s in *Type=simple*|*Type=exec*|*Type=idle*) sleep 0.5; look ;; esac
case $s in
*ActiveState=failed*) echo "$u failed right after it was started" >&2; tell; exit 1 ;;
*NRestarts=[1-9]*|*SubState=auto-restart*) echo "$u ended right after it was started, and keeps being restarted" >&2; tell; exit 1 ;;
esac`)

function script(want: UnitWant, name: string, verb: Verb): Sh {
  const ctl = systemctl(want)
  return sh`u=${name}
tell() { ${ctl} status --no-pager --full --lines=20 -- "$u" >&2; }
look() { s=$(${ctl} show --property=Type,ActiveState,SubState,NRestarts -- "$u"); }
${systemctl(want, want.no_block ? ['--no-block'] : [])} ${verb} -- "$u" || { r=$?; ${raw(verb === 'stop' ? ':' : 'tell')}; exit $r; }
${verb === 'stop' || verb === 'reload' || want.no_block ? raw('') : LOOK}`
}
