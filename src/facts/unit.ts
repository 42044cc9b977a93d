import { factKind } from '../module/fact.ts'
import { join, raw, type Sh, sh } from '../module/shell.ts'

/** Which service manager a unit belongs to: the system's, or that of the user who asks. */
export type Scope = 'system' | 'user'

export interface Unit {
  /** A service manager answered. */
  readonly managed: boolean
  /** `systemctl show`'s words: loaded, not-found, masked, bad-setting, error. '' when no manager answered. */
  readonly load: string
  /** active, inactive, failed, activating, deactivating, reloading … */
  readonly active: string
  /** enabled, disabled, static, masked, indirect, generated … '' for a unit without a file. */
  readonly enablement: string
  /** The file has changed since the manager read it: what it says of the unit may be old. */
  readonly stale: boolean
  /** All properties asked for, by systemd's names. */
  readonly status: Readonly<Record<string, string>>
}

interface Key {
  readonly name: string
  readonly scope: Scope
}

const PROPERTIES = [
  'Id,Names,Description,LoadState,LoadError,ActiveState,SubState,UnitFileState,UnitFilePreset,FragmentPath,SourcePath,DropInPaths',
  'NeedDaemonReload,CanStart,CanStop,CanReload,CanIsolate,Type,Restart,RemainAfterExit,MainPID,ControlPID,ExecMainPID,ExecMainCode',
  'ExecMainStatus,ExecMainStartTimestamp,NRestarts,Result,StatusText,Job,ActiveEnterTimestamp,InactiveEnterTimestamp',
  'StateChangeTimestamp,Requires,Wants,WantedBy,RequiredBy,After,Before,Conflicts,Triggers,TriggeredBy,User,Group,Slice',
  'WorkingDirectory,UMask,Transient',
].join(',')

const show = (names: readonly string[], scope: Scope): Sh =>
  sh`${scope === 'user' ? USER : raw('')}systemctl ${scope === 'user' ? '--user' : []} show --no-pager --property=${PROPERTIES} -- ${names}
printf '\\000'`

/** systemctl --user finds the user's manager by XDG_RUNTIME_DIR, which a login that is not a session lacks (systemctl(1)). */
export const USER = raw('export XDG_RUNTIME_DIR="${XDG_RUNTIME_DIR:-/run/user/$(id -u)}"; ')

const UNMANAGED: Unit = { managed: false, load: '', active: '', enablement: '', stale: false, status: {} }

const kind = factKind<Key, Unit>({
  name: 'unit',
  script: (keys) =>
    join(
      scopes(keys).map((scope) =>
        show(
          keys.filter((key) => key.scope === scope).map((key) => key.name),
          scope,
        ),
      ),
      '\n',
    ),
  parse: (stdout, keys) => {
    const parts = stdout.toString().split('\0')
    const answers = new Map(scopes(keys).map((scope, i) => [scope, parseShow(parts[i] ?? '')]))
    return keys.map((key) => {
      const index = keys.filter((other) => other.scope === key.scope).indexOf(key)
      return answers.get(key.scope)?.[index] ?? UNMANAGED
    })
  },
  isAbsent: (value) => value.load === 'not-found',
})

const scopes = (keys: readonly Key[]): Scope[] => [...new Set(keys.map((key) => key.scope))]

/** The blocks of `systemctl show`, in the order of its arguments, with an empty line between two (systemctl(1)). */
export function parseShow(text: string): Unit[] {
  return text
    .trim()
    .split(/\n\n+/)
    .filter((block) => block !== '')
    .map((block) => {
      const status: Record<string, string> = {}
      for (const line of block.split('\n')) {
        const at = line.indexOf('=')
        if (at > 0) status[line.slice(0, at)] = line.slice(at + 1)
      }
      return {
        managed: true,
        load: status.LoadState ?? '',
        active: status.ActiveState ?? '',
        enablement: status.UnitFileState ?? '',
        stale: status.NeedDaemonReload === 'yes',
        status,
      }
    })
}

/** A unit by its full name (`ssh.service`; not a template without instance) as its manager sees it. */
export const unit = (name: string, scope: Scope = 'system') => kind({ name, scope })

const SUFFIX = /\.(service|socket|device|mount|automount|swap|target|path|timer|slice|scope)$/

/** The full name systemctl would take a short one for. */
export const unitName = (name: string): string => (SUFFIX.test(name) ? name : `${name}.service`)
