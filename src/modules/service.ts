import { z } from 'zod'
import { defineModule } from '../module/define.ts'
import { bool, number, text } from '../module/params.ts'
import { planUnit, type UnitAnswers, type UnitWant, unitFacts, unitMore, unitResult } from './systemd/plan.ts'

const params = z
  .strictObject({
    name: text()
      .refine((name) => /^[^\s/*?[]+$/.test(name), { error: 'expected the name of one service' })
      .describe('The service. Without an extension it is the unit name.service.'),
    state: z
      .enum(['started', 'stopped', 'restarted', 'reloaded'])
      .optional()
      .describe('started and stopped change only what is not so; restarted and reloaded always act, and start what is stopped.'),
    enabled: bool().optional().describe('Whether it starts at boot.'),
    pattern: text().optional().describe('Ignored: systemd knows itself what runs.'),
    sleep: number().optional().describe('Ignored: systemd waits itself between stop and start.'),
    arguments: text()
      .meta({ aliases: ['args'] })
      .optional()
      .describe('Ignored: a unit has no arguments.'),
    runlevel: text().optional().describe('Ignored: of OpenRC only.'),
    use: z
      .enum(['auto', 'systemd', 'systemd_service'])
      .default('auto')
      .describe('The service manager; systemd is the only one there is here.'),
  })
  .refine((want) => want.state !== undefined || want.enabled !== undefined, { error: 'one of state, enabled is required' })

const asUnit = ({ name, state, enabled }: z.output<typeof params>): UnitWant => ({
  name,
  state,
  enabled,
  daemon_reload: false,
  daemon_reexec: false,
  scope: 'system',
  no_block: false,
  force: false,
})

/** Services, which on the hosts this tool is for are systemd units: the same as systemd_service with fewer parameters. */
export const service = defineModule({
  name: 'service',
  summary: 'Keep a service in a wanted state.',
  notes: ['Works through systemd only; see systemd_service for what it does and returns.'],
  params,
  examples: [
    { title: 'Runs now and after every boot', params: { name: 'apache2', state: 'started', enabled: true } },
    { title: 'In a handler', params: { name: 'apache2', state: 'reloaded' } },
  ],
  returns: { name: 'The service.', status: 'Properties of systemctl show.', enabled: 'As asked for.', state: 'started or stopped.' },
  facts: (want) => unitFacts(asUnit(want)),
  more: (want, is: UnitAnswers) => unitMore(asUnit(want), is),
  plan: (want, is: UnitAnswers) => planUnit(asUnit(want), is),
  result: (want, is: UnitAnswers, outputs) => unitResult(asUnit(want), is, outputs),
})
