import type { Scope, Unit } from '../../facts/unit.ts'
import { unit, unitName } from '../../facts/unit.ts'
import { type Enablement, unitEnabled } from '../../facts/unit-enabled.ts'
import { type Change, type ModuleResult, type Output, type Plan, run } from '../../module/define.ts'
import { raw, sh } from '../../module/shell.ts'
import { isRunning, stateChange, stateVerb, systemctl } from './state.ts'

/** What systemd_service and service want of a unit. */
export interface UnitWant {
  readonly name?: string | undefined
  readonly state?: 'started' | 'stopped' | 'restarted' | 'reloaded' | 'tried-restart' | undefined
  readonly enabled?: boolean | undefined
  readonly masked?: boolean | undefined
  readonly daemon_reload: boolean
  readonly daemon_reexec: boolean
  readonly scope: Scope | 'global'
  readonly no_block: boolean
  readonly force: boolean
}

export interface UnitAnswers {
  readonly unit: Unit | undefined
  readonly file: Enablement | undefined
}

/** `foo@.service` can be enabled (DefaultInstance=) but no manager can show it. */
const isTemplate = (name: string): boolean => /@\.[a-z]+$/.test(name)

export function unitFacts(want: UnitWant) {
  if (want.name === undefined) return { unit: undefined, file: undefined }
  const name = unitName(want.name)
  const byFile = want.scope === 'global' || isTemplate(name)
  return {
    unit: byFile ? undefined : unit(name, want.scope === 'user' ? 'user' : 'system'),
    file: byFile ? unitEnabled(name, want.scope) : undefined,
  }
}

/** The manager's word on `enabled` is final except where it cannot know or has not read the file again. */
export function unitMore(want: UnitWant, { unit: is, file }: UnitAnswers) {
  const doubtful = is && want.enabled !== undefined && (is.stale || is.enablement === 'generated' || is.enablement === 'indirect')
  return { file: doubtful ? unitEnabled(realName(want, is), want.scope) : file && unitEnabled(unitName(want.name!), want.scope) }
}

/** An alias cannot be enabled; what it stands for can. */
const realName = (want: UnitWant, is: Unit | undefined): string =>
  is?.load === 'loaded' && is.status.Id ? is.status.Id : unitName(want.name!)

export function planUnit(want: UnitWant, { unit: is, file }: UnitAnswers): Plan {
  const reloads = managerChanges(want)
  if (want.name === undefined) return { changes: reloads }
  const failure = whyNot(want, is, file)
  if (failure !== undefined) return { changes: [], failure }
  const masked = isMasked(is, file)
  const enabling = want.enabled === undefined ? undefined : enablingChange(want, is, file, masked)
  return {
    changes: [
      ...reloads,
      ...(want.masked === false && masked ? [unmasking(want, is, file)] : []),
      ...(enabling ? [enabling] : []),
      ...(want.masked === true && !masked ? [masking(want)] : []),
      ...stateChange(want, is),
    ],
  }
}

// Re-reading its files changes nothing of a unit's own: Ansible does not count it as a change either.
const managerChanges = (want: UnitWant): Change[] =>
  want.scope === 'global'
    ? []
    : [
        ...(want.daemon_reload
          ? [{ summary: 'reload the systemd manager', steps: [run(sh`${systemctl(want)} daemon-reload`)], reads: true as const }]
          : []),
        ...(want.daemon_reexec
          ? [{ summary: 're-execute the systemd manager', steps: [run(sh`${systemctl(want)} daemon-reexec`)], reads: true as const }]
          : []),
      ]

function whyNot(want: UnitWant, is: Unit | undefined, file: Enablement | undefined): string | undefined {
  const name = want.name!
  if (is && !is.managed)
    return want.scope === 'user'
      ? `unit ${name} cannot be managed: this user has no service manager running (a login session or "loginctl enable-linger" starts one)`
      : `unit ${name} cannot be managed: systemd is not running on this host`
  const gone = is ? is.load === 'not-found' && !isRunning(is) : file?.state === ''
  if (gone && (want.state !== undefined || want.enabled !== undefined))
    return `Could not find the requested service ${name}: there is no unit ${unitName(name)} on the host`
  if (is && (is.load === 'bad-setting' || is.load === 'error') && (want.state !== undefined || want.enabled === true))
    return `Error loading unit file '${name}': ${is.status.LoadError || is.load}`
  const masked = want.masked ?? isMasked(is, file)
  if (masked && want.enabled === true) return `Unable to enable service ${name}: unit ${unitName(name)} is masked`
  const verb = stateVerb(want, is)
  if (masked && verb !== undefined && verb !== 'stop') return `Unable to ${verb} service ${name}: unit ${unitName(name)} is masked`
  if (verb === 'reload' && is?.status.CanReload === 'no' && !is.stale && !want.daemon_reload)
    return `Unable to reload service ${name}: unit ${unitName(name)} has no way to reload (no ExecReload=), restart it instead`
  if (want.state !== undefined && !is) return `Unable to manage the state of ${name}: only a running manager knows of it`
  return undefined
}

const isMasked = (is: Unit | undefined, file: Enablement | undefined): boolean =>
  is?.load === 'masked' || /^masked/.test(file?.state ?? is?.enablement ?? '')

function enablingChange(want: UnitWant, is: Unit | undefined, file: Enablement | undefined, masked: boolean): Change | undefined {
  const state = file?.state ?? is?.enablement ?? ''
  const name = realName(want, is)
  // what lies under a mask is not seen
  const settled = masked
    ? want.masked !== false
    : want.enabled
      ? /^(enabled|static|alias|transient|generated)$/.test(state) || (state === 'indirect' && file !== undefined && file.links.length > 0)
      : !/^enabled/.test(state) && !(state === 'indirect' && file !== undefined && file.links.length > 0)
  if (settled) return undefined
  const force = want.force ? ['--force'] : []
  const native = is?.enablement !== 'generated'
  const made = want.enabled ? 'enabled' : 'disabled'
  return {
    summary: `${want.enabled ? 'enable' : 'disable'} ${name}${want.scope === 'global' ? ' for all users' : ' at boot'}`,
    steps: [
      run(
        want.enabled
          ? sh`${systemctl(want)} enable ${force} -- ${name}`
          : sh`${systemctl(want)} disable -- ${name}${native && want.scope === 'system' ? sh` && ${systemctl(want, ['--runtime'])} disable -- ${name}` : raw('')}`,
      ),
    ],
    makes: predictions(want, (before) => ({ ...before, enablement: made, status: { ...before.status, UnitFileState: made } }), made),
    diff: { before: `enabled: ${!want.enabled}\n`, after: `enabled: ${want.enabled}\n` },
  }
}

const masking = (want: UnitWant): Change => ({
  summary: `mask ${unitName(want.name!)}`,
  steps: [run(sh`${systemctl(want)} mask -- ${unitName(want.name!)}`)],
  makes: predictions(want, (before) => ({ ...before, load: 'masked', enablement: 'masked' }), 'masked'),
})

const unmasking = (want: UnitWant, is: Unit | undefined, file: Enablement | undefined): Change => ({
  summary: `unmask ${unitName(want.name!)}`,
  steps: [
    run(
      sh`${systemctl(want, (file?.state ?? is?.enablement) === 'masked-runtime' ? ['--runtime'] : [])} unmask -- ${unitName(want.name!)}`,
    ),
  ],
  makes: predictions(want, (before) => ({ ...before, load: 'loaded', enablement: 'disabled' }), 'disabled'),
})

function predictions(want: UnitWant, shown: (before: Unit) => Unit, state: string) {
  const name = unitName(want.name!)
  return [
    ...(want.scope === 'global' || isTemplate(name) ? [] : [unit(name, want.scope).will(shown)]),
    unitEnabled(name, want.scope).will({ state, links: state === 'enabled' ? [name] : [] }),
  ]
}

/** The registered result of both modules. A state step that failed brought systemctl's status and the journal's last lines on stderr. */
export function unitResult(want: UnitWant, { unit: is }: { unit: Unit | undefined }, outputs: readonly Output[]): ModuleResult {
  const common = {
    ...(want.name !== undefined && { name: want.name, status: is?.status ?? {} }),
    ...(want.enabled !== undefined && { enabled: want.enabled }),
    ...(want.state !== undefined && { state: want.state === 'stopped' ? 'stopped' : 'started' }),
  }
  const last = outputs.at(-1)
  if (!last || last.code === 0) return common
  const stderr = last.stderr.toString()
  const reason = stderr.split('\n').find((line) => line.trim() !== '') ?? `systemctl ended with exit code ${last.code}`
  const verb = { started: 'start', stopped: 'stop', restarted: 'restart', reloaded: 'reload', 'tried-restart': 'restart' }[
    want.state ?? 'started'
  ]
  return {
    ...common,
    failed: true,
    changed: outputs.length > 1,
    msg: `Unable to ${verb} service ${want.name}: ${reason}`,
    rc: last.code,
    stderr,
    stderr_lines: lines(stderr),
  }
}

const lines = (text: string): string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'))
