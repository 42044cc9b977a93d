import test from 'ava'
import type { Event } from '../../src/engine/event.ts'
import { openReporter } from '../../src/report/reporter.ts'
import { APPLY, CHECK, collector, task } from './events.ts'

async function written(events: readonly Event[]): Promise<string> {
  const { options, text } = collector()
  const reporter = openReporter('json', options)
  for (const event of events) reporter.on(event)
  await reporter.close()
  return text()
}

test('every event is a line that gives the event back', async (t) => {
  for (const events of [APPLY, CHECK]) {
    const lines = (await written(events)).trimEnd().split('\n')
    t.deepEqual(
      lines.map((line) => JSON.parse(line)),
      events,
    )
  }
})

test('keys come in a fixed order, however the event was made', async (t) => {
  const one = task(2, 'Install Docker', 'apt', { role: 'docker' })
  t.is(
    await written([
      { host: 'a', type: 'host:start' },
      { ms: 12, result: { msg: 'b', changed: true }, task: one, status: 'changed', host: 'a', type: 'task:end' },
    ]),
    `{"type":"host:start","host":"a"}
{"type":"task:end","host":"a","task":{"play":"Matrix server","id":2,"name":"Install Docker","at":{"col":7,"endCol":10,"line":8,"path":"site.yaml"},"module":"apt","role":"docker","tags":[]},"status":"changed","ms":12,"result":{"changed":true,"msg":"b"}}
`,
  )
})

test('nothing in a line can act on a terminal', async (t) => {
  const event: Event = { type: 'host:start', host: 'a\x1b[31m\x9b\x7f\u202e\u2028\u{e0001}ü' }
  const line = await written([event])
  t.is(line, '{"type":"host:start","host":"a\\u001b[31m\\u009b\\u007f\\u202e\\u2028\\udb40\\udc01ü"}\n')
  t.deepEqual(JSON.parse(line), event)
})
