import test from 'ava'
import { pause } from '../../src/modules/pause.ts'
import { settle } from '../helpers/settle.ts'

const planned = async (params: object) => (await settle(pause, params, { check: true })).changes
const ended = (milliseconds: number, input?: string) => {
  const start = new Date(2026, 0, 2, 3, 4, 5).getTime()
  return [
    { code: 0, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0), start, end: start + milliseconds, ...(input !== undefined && { input }) },
  ]
}
const result = (params: object, outputs: ReturnType<typeof ended>) => pause.result!(pause.params.parse(params), {}, outputs, {})

test('plans one wait that changes nothing', async (t) => {
  t.deepEqual(await planned({ seconds: 3, prompt: 'hold on' }), [
    { summary: 'wait 3 s', steps: [{ do: 'pause', echo: true, seconds: 3, prompt: 'hold on' }], reads: true },
  ])
  t.deepEqual(await planned({ minutes: '1.5' }), [{ summary: 'wait 90 s', steps: [{ do: 'pause', echo: true, seconds: 90 }], reads: true }])
  t.deepEqual(await planned({ seconds: 0 }), [{ summary: 'wait 1 s', steps: [{ do: 'pause', echo: true, seconds: 1 }], reads: true }])
  t.deepEqual(await planned({ echo: false }), [{ summary: 'wait for Enter', steps: [{ do: 'pause', echo: false }], reads: true }])
  t.true(pause.once)
})

test('tells how long it was, and what was typed', (t) => {
  t.deepEqual(result({ seconds: 1 }, ended(1001)), {
    changed: false,
    rc: 0,
    stderr: '',
    echo: true,
    user_input: '',
    start: '2026-01-02 03:04:05',
    stop: '2026-01-02 03:04:06.001000',
    delta: 1,
    stdout: 'Paused for 1.0 seconds',
  })
  t.is(result({ minutes: 1 }, ended(60_500)).stdout, 'Paused for 1.01 minutes')
  const { user_input, stdout } = result({ prompt: 'name?' }, ended(2500, 'me'))
  t.deepEqual([user_input, stdout], ['me', 'Paused for 2.5 seconds'])
})

test('seconds and minutes exclude each other', async (t) => {
  t.is((await settle(pause, { seconds: 1, minutes: 1 })).plan.failure, 'parameters are mutually exclusive: minutes|seconds')
  t.false(pause.params.safeParse({ seconds: 'soon' }).success)
})

test('a dry run does not wait', async (t) => {
  const { result } = await settle(pause, { seconds: 100 }, { check: true })
  t.deepEqual([result.changed, result.user_input, result.delta], [false, '', 0])
})
