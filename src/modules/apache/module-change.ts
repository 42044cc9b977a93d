import { type ApacheConfigtest, CONFIGTEST } from '../../facts/apache-configtest.ts'
import { type ApacheModule, apacheModule } from '../../facts/apache-module.ts'
import { type Change, run } from '../../module/define.ts'
import { sh } from '../../module/shell.ts'
import { preamble } from '../files/ownership.ts'
import { asWantedButRefused, transaction } from './transaction.ts'

/** What apache2_module wants. */
export interface ModuleWant {
  readonly name: string
  readonly state: 'present' | 'absent'
  readonly identifier?: string | undefined
  readonly force: boolean
  readonly ignore_configcheck: boolean
  readonly warn_mpm_absent: boolean
}

// a2dismod asks before it disables these (@essential_module_list in its source).
const ESSENTIAL =
  /^(alias|auth_basic|authn_file|authz_host|authz_user|autoindex|deflate|dir|env|filter|logio|mime|negotiation|setenvif|unixd|version|watchdog)$/

const ENABLED = '/etc/apache2/mods-enabled'
const own = (name: string) => ['load', 'conf'].flatMap((end) => [`${ENABLED}/${name}.${end}`, `/etc/apache2/mods-available/${name}.${end}`])

/** Why the module cannot be what is wanted. `others` are those it needs and those in its way, or those that need it. */
export function whyNot(
  want: ModuleWant,
  is: ApacheModule,
  others: readonly ApacheModule[],
  threaded: readonly ApacheModule[],
): string | undefined {
  const { name } = want
  if (!is.installed)
    return want.state === 'absent' ? undefined : 'there is no a2enmod on this host: Apache is not installed (package apache2)'
  if (want.state === 'present' && threaded.some((mpm) => mpm.enabled))
    return 'Your MPM seems to be threaded. No automatic actions on module cgi possible: use cgid.'
  if (is.builtIn) return want.state === 'absent' ? `module ${name} is part of the server itself and cannot be disabled` : undefined
  if (want.state === 'absent') {
    const needing = is.neededBy.filter((_, i) => others[i]?.enabled)
    if (!is.traces || want.force) return undefined
    if (needing.length > 0) return `module ${name} is needed by ${needing.join(', ')}: disable that first, or all with force`
    return ESSENTIAL.test(name) ? `module ${name} is essential, as Debian has it: disabling it needs force` : undefined
  }
  if (!is.enabled) {
    if (!is.available) return `there is no module ${name}: /etc/apache2/mods-available/${name}.load is missing (a package may bring it)`
    const inTheWay = is.conflicts.filter((_, i) => others[is.depends.length + i]?.enabled)
    return inTheWay.length > 0 ? `module ${name} conflicts with ${inTheWay.join(', ')}: disable that first` : undefined
  }
  return undefined
}

/** At most one change. */
export function moduleChange(want: ModuleWant, is: ApacheModule, others: readonly ApacheModule[], test: ApacheConfigtest): Change[] {
  const { name } = want
  const on = want.state === 'present'
  if (is.builtIn || (on ? is.enabled : !is.traces)) {
    const broken = on && !test.ok && !want.ignore_configcheck && own(name).includes(test.file)
    return broken ? [asWantedButRefused(`module ${name}`)] : []
  }
  const along = (on ? is.depends : is.neededBy).filter((_, i) => others[i]?.enabled !== on)
  const tool = on ? sh`a2enmod -q ${name}` : sh`a2dismod -q ${want.force ? ['-f'] : []} ${name}`
  const listed = sh`apache2ctl -M 2>/dev/null | grep -q -w -F -e ${want.identifier ?? ''}`
  const seen = !want.identifier
    ? sh`:`
    : on
      ? sh`${listed} || { echo ${`module ${name} was enabled, but apache2ctl -M lists no ${want.identifier}: is the identifier right?`} >&2; exit 1; }`
      : sh`! ${listed} || { echo ${`module ${name} was disabled, but apache2ctl -M still lists ${want.identifier}`} >&2; exit 1; }`
  const act = sh`${tool} </dev/null >&2 || exit 1`
  const becomes = (before: ApacheModule): ApacheModule => ({ ...before, enabled: on, traces: on })
  return [
    {
      summary: `${on ? 'enable' : 'disable'} module ${name}${along.length > 0 ? ` (with ${along.join(', ')})` : ''}`,
      steps: [
        want.ignore_configcheck
          ? run(sh`(
${preamble}
${CONFIGTEST}
${act}
configtest apache2ctl configtest && exit 0
${want.warn_mpm_absent || !name.startsWith('mpm_') ? sh`:` : sh`case $said in *AH00534*) exit 0 ;; esac`}
printf '%s\\0' warning "Apache refuses its configuration now: $said"
)`)
          : transaction({
              act: sh`${act}
${seen}`,
              alters: [ENABLED, '/var/lib/apache2/module'],
              own: own(name),
              before: test,
              // modules are loaded before anything else: an error further on says that this one was
              keptIf: on ? 'not its own' : 'error left',
            }),
      ],
      makes: [name, ...along].map((one) => apacheModule(one).will(becomes)),
      diff: { before: `enabled: ${!on}\n`, after: `enabled: ${on}\n` },
    },
  ]
}
