import { factKind } from '../module/fact.ts'
import { join, raw, sh } from '../module/shell.ts'
import { USER } from './unit.ts'

/** What `systemctl is-enabled --full` says. */
export interface Enablement {
  /** enabled, disabled, static, indirect … ''  when there is no such unit file. */
  readonly state: string
  /** Links by which it, or a unit installed along with it (`Also=`), starts. */
  readonly links: readonly string[]
}

interface Key {
  readonly name: string
  readonly scope: 'system' | 'user' | 'global'
}

const kind = factKind<Key, Enablement>({
  name: 'unit-enabled',
  script: (keys) =>
    join(
      keys.map(
        ({ name, scope }) =>
          sh`${scope === 'user' ? USER : raw('')}systemctl ${scope === 'system' ? [] : `--${scope}`} is-enabled --full -- ${name}; printf '\\000'`,
      ),
      '\n',
    ),
  parse: (stdout, keys) => {
    const parts = stdout.toString().split('\0')
    return keys.map((_, i) => {
      const [state = '', ...links] = (parts[i] ?? '').trim().split('\n')
      return { state: state === 'not-found' ? '' : state, links: links.map((link) => link.trim()) }
    })
  },
  isAbsent: (value) => value.state === '',
})

/**
 * Whether a unit file is enabled, read from the files themselves: for what `systemctl show` cannot tell, namely templates, init scripts,
 * units with only `Also=`, files that the manager has not read again, and the scope of all users (`--global`).
 */
export const unitEnabled = (name: string, scope: Key['scope'] = 'system') => kind({ name, scope })
