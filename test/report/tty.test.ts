import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import type { Event } from '../../src/engine/event.ts'
import { widthOf } from '../../src/report/measure.ts'
import { openReporter, type ReporterOptions } from '../../src/report/reporter.ts'
import { APPLY, CHECK, collector } from './events.ts'

async function written(events: readonly Event[], more: Partial<ReporterOptions> = {}): Promise<string> {
  const { options, text } = collector(more)
  const reporter = openReporter('tty', options)
  for (const event of events) reporter.on(event)
  await reporter.close()
  return text().replace(/\x1b\[[JK]|\r/g, '')
}

test('what stays on the terminal after an apply', async (t) => {
  t.is(
    await written(APPLY),
    `Matrix server
✖ unreachable  pi      connect ETIMEDOUT 10.0.0.7:22
    hint: is it switched on?
✖ FAILED   vps     docker : Install Docker  2.3 s
  site.yaml:8:7 error: E: Unable to locate package docker.i
        apt:
        ~~~
    stdout:
    │ Reading package lists...
    │ Building dependency tree...
    stderr (exit code 100):
    │ W: Some index files failed to download.
    │ E: Unable to locate package docker.i
    hint: did you mean "docker.io"?
    tried: install docker.i
● changed  laptop  docker : Install Docker  (install docker.io)  12.3 s
● changed  laptop  Create the users
                   bob (create user bob)
                   carol
                     create user carol
                     add carol to docker
● changed  laptop  Configure Synapse
                   write /etc/matrix-synapse/homeserver.yaml
                   mode 0644 → 0640
✖ ignored  laptop  Look for an old database
                   no such file (ignore_errors)
● changed  laptop  Restart Synapse (handler)  1.8 s
                   restart matrix-synapse.service

host    ok  changed  skipped  ignored  failed    time
────────────────────────────────────────────────────────────────────
laptop   1        4        1        1       0  15.1 s  ✔ ok
vps      1        0        0        0       1   2.5 s  ✖ FAILED
  E: Unable to locate package docker.i
pi       0        0        0        0       0  10.0 s  ✖ unreachable
  connect ETIMEDOUT 10.0.0.7:22

changed on laptop
  Install Docker     install docker.io
  Create the users   create user bob, create user carol, add carol to docker
  Configure Synapse  write /etc/matrix-synapse/homeserver.yaml, mode 0644 → 06…
  Restart Synapse    restart matrix-synapse.service

1 of 3 hosts failed, 1 unreachable. Changed 4 on laptop. (15.4 s)
`,
  )
})

test('what stays on the terminal after a dry run', async (t) => {
  t.is(
    await written(CHECK, { diff: true }),
    `Matrix server
◌ would change  laptop  docker : Install Docker  (install docker.io)
◌ would change  laptop  Configure Synapse
    write /etc/matrix-synapse/homeserver.yaml
    --- /etc/matrix-synapse/homeserver.yaml
    +++ /etc/matrix-synapse/homeserver.yaml (homeserver.yaml.ejs)
    @@ -1,3 +1,3 @@
     server_name: example.org
    -report_stats: true
    +report_stats: false
     listeners:
? maybe         laptop  Start the containers
                        depends on: Install Docker
✔ ok            laptop  Show the address
                        https://chat.example.org
                        ready

host    ok  would change  maybe  skipped  failed   time
─────────────────────────────────────────────────────────────
laptop   2             2      1        1       0  1.1 s  ✔ ok

would change on laptop
  Install Docker     install docker.io
  Configure Synapse  write /etc/matrix-synapse/homeserver.yaml

Would change 2, maybe 1 on laptop. Nothing was changed. (1.2 s)
`,
  )
})

test('with -v unchanged tasks stay, too', async (t) => {
  const text = await written(CHECK, { verbosity: 1 })
  t.true(text.includes('✔ ok            laptop  Gathering Facts\n'))
  t.true(text.includes('↓ skipped       laptop  Remove the old database\n'))
})

/** What node writes on a terminal of 80 × 24 while it replays a run; script(1) makes the terminal. */
function onTerminal(...args: string[]): Promise<string> {
  const replay = fileURLToPath(new URL('./replay.js', import.meta.url))
  const command = `stty cols 80 rows 24; exec '${process.execPath}' '${replay}' ${args.join(' ')}`
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, SHELL: '/bin/sh', TERM: 'xterm-256color', LANG: 'C.UTF-8' }
  const child = spawn('script', ['-qec', command, '/dev/null'], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk) => chunks.push(chunk))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', () => resolve(Buffer.concat(chunks).toString()))
  })
}

const CONTROL = /\x1b\[[?]?[0-9;]*[A-Za-ln-z]|\r/g
const count = (text: string, part: string): number => text.split(part).length - 1

for (const [what, pace, change, times] of [
  ['apply', 60, '(install docker.io)', 1],
  ['3x40', 2, '(change 20)', 3],
  ['30x12', 1, '(change 10)', 30],
] as const)
  test(`on a real terminal (${what}): nothing is wider than it, the cursor comes back, each change is told once`, async (t) => {
    const text = await onTerminal(what, String(pace))
    t.true(count(text, '\x1b[?2026h') > 1, 'rows were drawn')
    for (const line of text.replace(CONTROL, '').split('\n')) t.true(widthOf(line) <= 80, JSON.stringify(line))
    t.is(count(text, '\x1b[?25l'), 1)
    t.is(count(text, '\x1b[?25h'), 1)
    t.true(text.trimEnd().endsWith('\x1b[?25h'))
    t.is(count(text, change), times)
  })
