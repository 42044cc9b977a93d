import { z } from 'zod'
import { defineModule } from '../module/define.ts'
import { bool, text } from '../module/params.ts'
import { planUnit, unitFacts, unitMore, unitResult } from './systemd/plan.ts'

const params = z
  .strictObject({
    name: text()
      .refine((name) => /^[^\s/]+$/.test(name), { error: 'expected the name of one unit' })
      .refine((name) => !/[*?[]/.test(name), { error: 'glob patterns are not supported: name one unit' })
      .meta({ aliases: ['service', 'unit'] })
      .optional()
      .describe('The unit. Without an extension it is a .service.'),
    state: z
      .enum(['started', 'stopped', 'restarted', 'reloaded', 'tried-restart'])
      .optional()
      .describe('started and stopped change only what is not so; restarted and reloaded always act, and start what is stopped.'),
    enabled: bool().optional().describe('Whether it starts at boot.'),
    masked: bool().optional().describe('Whether it is masked: a masked unit cannot be started by anything.'),
    daemon_reload: bool()
      .meta({ aliases: ['daemon-reload'] })
      .default(false)
      .describe('First let systemd read all unit files again. Never counts as a change.'),
    daemon_reexec: bool()
      .meta({ aliases: ['daemon-reexec'] })
      .default(false)
      .describe('First let the systemd manager execute itself again. Never counts as a change.'),
    scope: z
      .enum(['system', 'user', 'global'])
      .default('system')
      .describe(
        "The system's manager, that of the user the task runs as, or the unit files of all users (global: enabled and masked only).",
      ),
    no_block: bool().default(false).describe('Do not wait for the start or stop to finish, nor check that it did.'),
    force: bool().default(false).describe('Override symlinks that are in the way of enabling.'),
  })
  .refine(
    (want) =>
      want.state !== undefined || want.enabled !== undefined || want.masked !== undefined || want.daemon_reload || want.daemon_reexec,
    {
      error: 'one of state, enabled, masked, daemon_reload, daemon_reexec is required',
    },
  )
  .refine((want) => want.name !== undefined || (want.state === undefined && want.enabled === undefined && want.masked === undefined), {
    error: 'state, enabled and masked require name',
    path: ['name'],
  })

/** Units of systemd, by systemctl(1). */
export const systemdService = defineModule({
  name: 'systemd_service',
  summary: 'Keep a systemd unit in a wanted state.',
  notes: [
    'After a start or restart the unit is looked at again: one that fails at once fails the task, with the last lines of its journal.',
    'Order: manager reload, unmask, enable or disable, mask, state.',
    'daemon_reload runs each time the task runs, is not counted as a change, and is left out of a dry run.',
    'A static unit, one that only exists as an alias, and a generated one cannot be enabled or disabled: either wish is met by doing nothing.',
    'status has the commonly used properties of systemctl show, not all of them.',
  ],
  params,
  examples: [
    { title: 'Runs now and after every boot', params: { name: 'apache2', state: 'started', enabled: true } },
    { title: 'A timer', params: { name: 'certbot.timer', state: 'started', enabled: true } },
    { title: 'Read a changed unit file, then restart', params: { name: 'matrix-bridge', state: 'restarted', daemon_reload: true } },
    { title: 'Never sleep', params: { name: 'suspend.target', masked: true } },
    { title: 'Only read all unit files again', params: { daemon_reload: true } },
  ],
  returns: {
    name: 'The unit as it was named.',
    status: 'Properties of systemctl show: ActiveState, SubState, LoadState, UnitFileState …',
    enabled: 'As asked for.',
    state: 'started or stopped.',
  },
  facts: unitFacts,
  more: unitMore,
  plan: planUnit,
  result: unitResult,
})
