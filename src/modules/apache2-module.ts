import { z } from 'zod'
import { apacheConfigtest } from '../facts/apache-configtest.ts'
import { apacheModule } from '../facts/apache-module.ts'
import { defineModule } from '../module/define.ts'
import { bool, text } from '../module/params.ts'
import { moduleChange, whyNot } from './apache/module-change.ts'
import { apacheName } from './apache/snippet.ts'
import { readReport } from './files/write-file.ts'

const params = z.strictObject({
  name: apacheName().describe('The module as a2enmod and a2dismod name it.'),
  state: z.enum(['present', 'absent']).default('present').describe('Whether it is enabled.'),
  identifier: text()
    .optional()
    .describe('Its name in `apache2ctl -M`, `NAME_module` for most. Given: that it is loaded (or not) is looked up there after a change.'),
  force: bool().default(false).describe('Disable what Debian calls essential, and along with the module those that depend on it.'),
  ignore_configcheck: bool().default(false).describe('Keep the change though Apache refuses its configuration then.'),
  warn_mpm_absent: bool().default(true).describe('With `ignore_configcheck`, warn when no MPM is left.'),
})

/** Modules of Debian's Apache, by a2enmod and a2dismod (a2enmod(8)). */
export const apache2Module = defineModule({
  name: 'apache2_module',
  summary: 'Enable or disable a module of Apache.',
  notes: [
    'Whether it is enabled is read from mods-enabled, so a configuration that is broken elsewhere is no failure by itself.',
    'After the change Apache must accept its configuration, or everything is put back and the task fails with what it said. A module enabled in a configuration that was broken before, elsewhere, is kept; `warnings` tell.',
    'Modules that it needs are enabled along with it. Nothing is restarted: notify a handler.',
  ],
  params,
  examples: [
    { title: 'For a reverse proxy', params: { name: 'proxy_http' } },
    { title: 'Not wanted, though Debian calls it essential', params: { name: 'autoindex', state: 'absent', force: true } },
    {
      title: 'One MPM goes, another follows in the next task',
      params: { name: 'mpm_event', state: 'absent', ignore_configcheck: true, warn_mpm_absent: false },
    },
  ],
  returns: {
    result: '"Module NAME enabled" or "Module NAME disabled".',
    warnings: 'What Apache refuses, with `ignore_configcheck` or where it was broken before.',
  },
  facts: (want) => ({ is: apacheModule(want.name), test: apacheConfigtest('') }),
  more: (want, { is }) => {
    const names = want.state === 'present' ? (is.enabled ? [] : [...is.depends, ...is.conflicts]) : is.traces ? is.neededBy : []
    return {
      others: names.map((name) => apacheModule(name)),
      threaded: want.name === 'cgi' ? ['mpm_event', 'mpm_worker'].map((name) => apacheModule(name)) : [],
    }
  },
  plan: (want, { is, test, others, threaded }) => {
    const failure = whyNot(want, is, others, threaded)
    if (failure !== undefined) return { changes: [], failure }
    return moduleChange(want, is, others, test)
  },
  result: (want, _, outputs) => {
    const { warning, msg } = readReport(outputs)
    return {
      result: `Module ${want.name} ${want.state === 'present' ? 'enabled' : 'disabled'}`,
      ...((warning ?? msg) !== undefined && { warnings: [warning ?? msg] }),
    }
  },
})
