import { type Policy, type Ufw, ufw as ufwFact } from '../facts/ufw.ts'
import { type Change, defineModule, run } from '../module/define.ts'
import { type Sh, sh } from '../module/shell.ts'
import { admits } from './ufw/admits.ts'
import { params, type Want } from './ufw/params.ts'
import { insertAt, present, ruleCommand, type Wanted, wantedRules, withoutRules, withRules } from './ufw/wanted.ts'

interface Act {
  readonly command: Sh
  readonly summary: string
  readonly becomes: Ufw
}

/** What there is to do, in the order that never locks out: what opens comes before what closes. */
function acts(want: Want, is: Ufw, wanted: Wanted | undefined): Act[] {
  const done: Act[] = []
  const now = () => done.at(-1)?.becomes ?? is
  const act = (summary: string, command: Sh, changed: Partial<Ufw>) => done.push({ summary, command, becomes: { ...now(), ...changed } })
  const off = { atBoot: false, running: false }
  if (want.state === 'disabled' && (is.atBoot || is.running)) act('disable the firewall', sh`ufw --force disable`, off)
  if (want.state === 'reset' && !isReset(is))
    act('reset the firewall: disabled, all rules removed', sh`ufw --force reset`, { ...off, rules: [], rules6: [] })
  if (want.rule && wanted && want.delete && present(now(), wanted, 'any'))
    act(`remove the rule ${said(want, is)}`, ruleCommand(want, is, undefined), withoutRules(now(), wanted))
  if (want.rule && wanted && !want.delete && !present(now(), wanted, 'all')) {
    const at = insertAt(want, now(), wanted)
    act(`add the rule ${said(want, is)}`, ruleCommand(want, is, at), withRules(now(), wanted, at))
  }
  const about = policyOf(want)
  if (want.default && now().policies[about] !== want.default)
    act(`default for ${about}: ${now().policies[about]} → ${want.default}`, sh`ufw default ${want.default} ${about}`, {
      policies: { ...now().policies, [about]: want.default satisfies Policy },
    })
  const level = want.logging === 'on' ? (now().logging === 'off' ? 'low' : now().logging) : want.logging
  if (level !== undefined && level !== now().logging)
    act(`logging ${now().logging} → ${level}`, sh`ufw logging ${level}`, { logging: level })
  if (want.state === 'enabled' && !(is.atBoot && is.running))
    act('enable the firewall', sh`ufw --force enable`, { atBoot: true, running: true })
  return done
}

const policyOf = (want: Want) => (want.direction === 'outgoing' || want.direction === 'routed' ? want.direction : 'incoming')

const isReset = (is: Ufw) => !is.atBoot && !is.running && is.rules.length + is.rules6.length === 0

/** A rule in ufw's words, without what it needs not say. */
const said = (want: Want, is: Ufw): string =>
  ruleCommand({ ...want, delete: false, comment: want.delete ? undefined : want.comment }, is, undefined)
    .text.replace('ufw ', '')
    .replace(/ from any(?= to)/, '')
    .replace(/ to any(?= comment|$)/, '')

/** Why the task would lock out who runs it, when it would. */
function lockOut(is: Ufw, becomes: Ufw): string | undefined {
  const { ssh } = is
  if (!ssh || admits(becomes, ssh) || ((is.atBoot || is.running) && !admits(is, ssh))) return undefined
  return (
    `this would lock you out: the firewall would refuse new SSH connections from ${ssh.client} to port ${ssh.port}. ` +
    `Allow them first, with a task \`ufw: {rule: allow, port: "${ssh.port}", proto: tcp}\``
  )
}

const status = ({ running, logging, policies }: Ufw): string =>
  running
    ? `Status: active\nLogging: ${logging === 'off' ? 'off' : `on (${logging})`}\nDefault: ${policies.incoming} (incoming), ${policies.outgoing} (outgoing), ${policies.routed} (routed)`
    : 'Status: inactive'

/** Firewall rules, by ufw. */
export const ufw = defineModule({
  name: 'ufw',
  summary: 'Keep the firewall ufw and its rules.',
  notes: [
    'Needs root, and the package ufw on the host.',
    'A task that would leave no way for new SSH connections from where the task came is refused: enabling without a rule for the SSH port, a denying default, removing the rule.',
    'Rules are compared with those ufw keeps in /etc/ufw. A rule about the same traffic with another action is changed where it stands. `insert` is only for rules that are not there.',
    'With several of them in one task, rules and defaults come before `state: enabled`, so the firewall starts with them.',
    'Ports that Docker publishes are not behind ufw: publish them on 127.0.0.1.',
    'Different from Ansible: ports are numbers; what cannot be together is refused; an `insert` behind the last rule appends; a reset that changes nothing is not done; `msg` has no list of rules; `reloaded` never counts as changed.',
  ],
  params,
  examples: [
    { title: 'SSH first', params: { rule: 'allow', port: '22', proto: 'tcp', comment: 'SSH' } },
    { title: 'Then the firewall', params: { state: 'enabled', policy: 'deny', direction: 'incoming' } },
    { title: 'By profile', params: { rule: 'limit', name: 'OpenSSH' } },
    {
      title: 'Containers to the web server of the host',
      params: { rule: 'allow', from_ip: '172.16.0.0/12', to_port: '443', proto: 'tcp' },
    },
    { title: 'A rule is gone', params: { rule: 'allow', port: '80', proto: 'tcp', delete: true } },
    { title: 'Traffic from one interface to another', params: { rule: 'allow', route: true, interface_in: 'wg0', interface_out: 'eth0' } },
  ],
  returns: { commands: 'The commands of ufw that were run, or would be.', msg: 'State, logging and defaults, as by `ufw status verbose`.' },
  facts: () => ({ is: ufwFact() }),
  plan: (want, { is }) => {
    if (!is.installed) return { changes: [], failure: 'ufw is not installed on the host: add a task `apt: {name: ufw}`' }
    if (!is.readable) return { changes: [], failure: 'only root may read and change the firewall: add `become: true`' }
    const wanted = want.rule ? wantedRules(want, is) : undefined
    if (wanted && 'failure' in wanted) return { changes: [], failure: wanted.failure }
    const planned = acts(want, is, wanted)
    const becomes = planned.at(-1)?.becomes ?? is
    const locked = planned.length > 0 ? lockOut(is, becomes) : undefined
    if (locked !== undefined) return { changes: [], failure: locked }
    const changes: Change[] = planned.map((act) => ({
      summary: act.summary,
      // the command is told for the result
      steps: [run(sh`printf '%s\\n' ${act.command.text}; { ${act.command}; } >&2`)],
      makes: [ufwFact().will((before) => ({ ...before, ...act.becomes }))],
    }))
    if (want.state === 'reloaded' && is.running)
      changes.push({ summary: 'reload the firewall', steps: [run(sh`echo 'ufw reload'; ufw reload >&2`)], reads: true })
    return { changes }
  },
  result: (_want, { is }, outputs) => ({
    commands: outputs.flatMap(({ stdout }) => stdout.toString().split('\n')).filter((line) => line !== ''),
    msg: status(is),
  }),
})
