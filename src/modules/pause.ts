import { z } from 'zod'
import { defineModule } from '../module/define.ts'
import { bool, number, text } from '../module/params.ts'
import { pythonDateTime, pythonFloat } from './command/python-time.ts'

export const pause = defineModule({
  name: 'pause',
  summary: 'Wait for a time, or for a person.',
  notes: [
    'Runs once for all hosts of the play, whatever their number; a dry run does not pause.',
    'With a time, what is typed is not captured, as in Ansible. Fractions of a second are accepted; less than one second counts as one.',
  ],
  params: z.strictObject({
    seconds: number().optional().describe('How long, in seconds.'),
    minutes: number().optional().describe('How long, in minutes; not together with `seconds`.'),
    prompt: text().optional().describe('What to ask or tell while waiting.'),
    echo: bool().default(true).describe('Whether what is typed is shown; false for passwords.'),
  }),
  examples: [
    { title: 'Five minutes for the caches to fill', params: { minutes: 5 } },
    { title: 'Until somebody says so', params: { prompt: 'Make sure org.foo.FooOverload exception is not present' } },
    { title: 'Ask for a secret', params: { prompt: 'Enter the API token', echo: false } },
  ],
  returns: {
    user_input: 'What was typed; empty after a pause with a time.',
    start: 'When it began.',
    stop: 'When it ended.',
    delta: 'Seconds in between, whole ones.',
    stdout: '"Paused for 1.0 seconds", or minutes when those were asked for.',
    echo: 'The parameter of the name.',
  },
  once: true,
  plan: (want) => {
    if (want.seconds !== undefined && want.minutes !== undefined)
      return { changes: [], failure: 'parameters are mutually exclusive: minutes|seconds' }
    const asked = want.seconds ?? (want.minutes === undefined ? undefined : want.minutes * 60)
    const seconds = asked === undefined ? undefined : Math.max(1, asked)
    return [
      {
        summary: seconds === undefined ? 'wait for Enter' : `wait ${seconds} s`,
        steps: [
          {
            do: 'pause',
            echo: want.echo,
            ...(seconds !== undefined && { seconds }),
            ...(want.prompt !== undefined && { prompt: want.prompt }),
          },
        ],
        reads: true,
      },
    ]
  },
  result: (want, _is, outputs) => {
    const [output] = outputs
    const common = { changed: false, rc: 0, stderr: '', echo: want.echo }
    if (!output) return { ...common, user_input: '', stdout: '', start: null, stop: null, delta: 0 }
    const seconds = (output.end - output.start) / 1000
    const [length, unit] = want.minutes === undefined ? [seconds, 'seconds'] : [seconds / 60, 'minutes']
    return {
      ...common,
      user_input: output.input ?? '',
      start: pythonDateTime(output.start),
      stop: pythonDateTime(output.end),
      delta: Math.floor(seconds),
      stdout: `Paused for ${pythonFloat(length)} ${unit}`,
    }
  },
})
