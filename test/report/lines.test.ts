import test from 'ava'
import type { Event } from '../../src/engine/event.ts'
import { openReporter, type ReporterOptions } from '../../src/report/reporter.ts'
import { APPLY, CHECK, collector, did, ended, task } from './events.ts'

async function written(events: readonly Event[], more: Partial<ReporterOptions> = {}): Promise<string> {
  const { options, text } = collector(more)
  const reporter = openReporter('lines', options)
  for (const event of events) reporter.on(event)
  await reporter.close()
  return text()
}

test('an apply in a log: a line per task, what changed below it, failures whole, the table', async (t) => {
  t.is(
    await written(APPLY),
    `Applying site.yaml on 3 hosts

Play: Matrix server  laptop, vps, pi
laptop  ok       Gathering Facts
vps     ok       Gathering Facts
pi      unreachable  connect ETIMEDOUT 10.0.0.7:22
pi                 hint: is it switched on?
vps     FAILED   docker : Install Docker  2.3 s
vps              site.yaml:8:7 error: E: Unable to locate package docker.i
vps                    apt:
vps                    ~~~
vps                stdout:
vps                │ Reading package lists...
vps                │ Building dependency tree...
vps                stderr (exit code 100):
vps                │ W: Some index files failed to download.
vps                │ E: Unable to locate package docker.i
vps                hint: did you mean "docker.io"?
vps                tried: install docker.i
laptop  changed  docker : Install Docker  12.3 s
laptop           install docker.io
laptop  changed  Create the users
laptop           bob (create user bob)
laptop           carol
laptop             create user carol
laptop             add carol to docker
laptop  changed  Configure Synapse
laptop           write /etc/matrix-synapse/homeserver.yaml
laptop           mode 0644 → 0640
laptop  ignored  Look for an old database
laptop           no such file (ignore_errors)
laptop  skipped  Remove the old database
laptop  changed  Restart Synapse (handler)  1.8 s
laptop           restart matrix-synapse.service

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
  Configure Synapse  write /etc/matrix-synapse/homeserver.yaml, mode 0644 → 0640
  Restart Synapse    restart matrix-synapse.service

1 of 3 hosts failed, 1 unreachable. Changed 4 on laptop. (15.4 s)
`,
  )
})

test('with -vv --diff: live output, diffs, unchanged items and results too', async (t) => {
  t.is(
    await written(APPLY, { verbosity: 2, diff: true }),
    `Applying site.yaml on 3 hosts

Play: Matrix server  laptop, vps, pi
laptop  ok       Gathering Facts
laptop           => {"changed":false}
vps     ok       Gathering Facts
vps              => {"changed":false}
pi      unreachable  connect ETIMEDOUT 10.0.0.7:22
pi                 hint: is it switched on?
laptop  running  docker : Install Docker
laptop           │ Get:1 http://deb.mirror.lan/debian bookworm/main docker.io
laptop           │ Unpacking       docker.io \\u{202e}(20.10)
vps     FAILED   docker : Install Docker  2.3 s
vps              site.yaml:8:7 error: E: Unable to locate package docker.i
vps                    apt:
vps                    ~~~
vps                stdout:
vps                │ Reading package lists...
vps                │ Building dependency tree...
vps                stderr (exit code 100):
vps                │ W: Some index files failed to download.
vps                │ E: Unable to locate package docker.i
vps                hint: did you mean "docker.io"?
vps                tried: install docker.i
vps              => {"failed":true}
laptop  changed  docker : Install Docker  12.3 s
laptop           install docker.io
laptop           => {"changed":true}
laptop  changed  Create the users
laptop           ok alice
laptop           bob (create user bob)
laptop           carol
laptop             create user carol
laptop             add carol to docker
laptop           => {"changed":true,"results":[]}
laptop  changed  Configure Synapse
laptop           write /etc/matrix-synapse/homeserver.yaml
laptop           --- /etc/matrix-synapse/homeserver.yaml
laptop           +++ /etc/matrix-synapse/homeserver.yaml (homeserver.yaml.ejs)
laptop           @@ -1,3 +1,3 @@
laptop            server_name: example.org
laptop           -report_stats: true
laptop           +report_stats: false
laptop            listeners:
laptop           mode 0644 → 0640
laptop           => {"changed":true}
laptop  ignored  Look for an old database
laptop           site.yaml:20:7 error: no such file
laptop                 apt:
laptop                 ~~~
laptop             exit code 2
laptop           => {"changed":false}
laptop  skipped  Remove the old database
laptop           => {"changed":false}
laptop  changed  Restart Synapse (handler)  1.8 s
laptop           restart matrix-synapse.service
laptop           => {"changed":true}

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
  Configure Synapse  write /etc/matrix-synapse/homeserver.yaml, mode 0644 → 0640
  Restart Synapse    restart matrix-synapse.service

1 of 3 hosts failed, 1 unreachable. Changed 4 on laptop. (15.4 s)
`,
  )
})

test('a dry run in a log', async (t) => {
  t.is(
    await written(CHECK, { diff: true }),
    `Checking site.yaml on 1 host

Play: Matrix server  laptop
laptop  ok            Gathering Facts
laptop  would change  docker : Install Docker
laptop                install docker.io
laptop  would change  Configure Synapse
laptop                write /etc/matrix-synapse/homeserver.yaml
laptop                --- /etc/matrix-synapse/homeserver.yaml
laptop                +++ /etc/matrix-synapse/homeserver.yaml (homeserver.yaml.ejs)
laptop                @@ -1,3 +1,3 @@
laptop                 server_name: example.org
laptop                -report_stats: true
laptop                +report_stats: false
laptop                 listeners:
laptop  maybe         Start the containers
laptop                depends on: Install Docker
laptop  skipped       Remove the old database
laptop  ok            Show the address
laptop                https://chat.example.org
laptop                ready

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

test('with colour: words are coloured, skipped tasks dim', async (t) => {
  t.is(
    await written(CHECK, { colour: true }),
    `Checking site.yaml on 1 host

\x1b[1mPlay: Matrix server\x1b[22m  \x1b[2mlaptop\x1b[22m
\x1b[1mlaptop\x1b[22m  \x1b[32mok          \x1b[39m  Gathering Facts
\x1b[1mlaptop\x1b[22m  \x1b[36mwould change\x1b[39m  docker : Install Docker
\x1b[1mlaptop\x1b[22m                install docker.io
\x1b[1mlaptop\x1b[22m  \x1b[36mwould change\x1b[39m  Configure Synapse
\x1b[1mlaptop\x1b[22m                write /etc/matrix-synapse/homeserver.yaml
\x1b[1mlaptop\x1b[22m  \x1b[35mmaybe       \x1b[39m  Start the containers
\x1b[1mlaptop\x1b[22m                \x1b[35mdepends on: Install Docker\x1b[39m
\x1b[1mlaptop\x1b[22m  \x1b[2mskipped     \x1b[22m  \x1b[2mRemove the old database\x1b[22m
\x1b[1mlaptop\x1b[22m  \x1b[32mok          \x1b[39m  Show the address
\x1b[1mlaptop\x1b[22m                https://chat.example.org
\x1b[1mlaptop\x1b[22m                ready

\x1b[2mhost    ok  would change  maybe  skipped  failed   time\x1b[22m
\x1b[2m─────────────────────────────────────────────────────────────\x1b[22m
\x1b[1mlaptop\x1b[22m  \x1b[1m 2\x1b[22m  \x1b[36m           2\x1b[39m  \x1b[35m    1\x1b[39m  \x1b[2m      1\x1b[22m  \x1b[2m     0\x1b[22m  1.1 s  \x1b[32m✔ ok\x1b[39m

\x1b[36mwould change\x1b[39m on \x1b[1mlaptop\x1b[22m
  Install Docker     \x1b[2minstall docker.io\x1b[22m
  Configure Synapse  \x1b[2mwrite /etc/matrix-synapse/homeserver.yaml\x1b[22m

\x1b[1mWould change 2, maybe 1 on laptop. Nothing was changed.\x1b[22m \x1b[2m(1.2 s)\x1b[22m
`,
  )
})

const ONE = task(1, 'Wait for Synapse', 'uri')
const alone = (...events: Event[]): Event[] => [
  { type: 'run:start', mode: 'apply', playbook: 'site.yaml', hosts: ['a'] },
  { type: 'host:start', host: 'a' },
  ...events,
]

test('of several tries the first is told, with -v each', async (t) => {
  const [start, end] = did('a', ONE, 'ok', { ms: 15_000 })
  const tries = [1, 2, 3].map((attempt) => ({ type: 'task:retry', host: 'a', task: ONE, attempt, retries: 10, delay: 5 }) as const)
  const events = alone(start!, ...tries, end!)
  t.is(
    await written(events),
    `Applying site.yaml on 1 host
a  retry    Wait for Synapse  1 of 10, again in 5 s
a  ok       Wait for Synapse  15.0 s
`,
  )
  t.is((await written(events, { verbosity: 1 })).split('\n').length, 6)
})

test('a failed item is told where it failed, once', async (t) => {
  const users = task(3, 'Create the users', 'user')
  const failure = { reason: 'step-failed', message: 'useradd: invalid user name', at: users.at } as const
  const [start, end] = did('a', users, 'failed', { failure })
  const events = alone(
    start!,
    { type: 'task:plan', host: 'a', task: users, item: 'bob', changes: [{ summary: 'create user bob' }] },
    { type: 'task:item', host: 'a', task: users, item: 'bob', status: 'changed', result: {} },
    { type: 'task:item', host: 'a', task: users, item: 'No Name', status: 'failed', result: {}, failure },
    end!,
    { type: 'host:end', host: 'a', status: 'failed', ms: 10, failure },
  )
  t.is(
    await written(events),
    `Applying site.yaml on 1 host
a  FAILED   Create the users
a           changed bob (create user bob)
a           FAILED No Name
a             site.yaml:12:7 error: useradd: invalid user name
a                   apt:
a                   ~~~
`,
  )
})

test('a fault of mhprov shows its stack and asks for a report', async (t) => {
  const failure = {
    reason: 'bug',
    message: 'TypeError: x is not a function',
    stderrTail: 'TypeError: x is not a function\n    at walk (walk.ts:1:1)',
  } as const
  t.is(
    await written(alone({ type: 'host:end', host: 'a', status: 'failed', ms: 10, failure })),
    `Applying site.yaml on 1 host
a  FAILED   TypeError: x is not a function
a             stack:
a             │ TypeError: x is not a function
a             │     at walk (walk.ts:1:1)
a             hint: this is a fault of mhprov: please report it with the lines above
`,
  )
})

test('what a host or a playbook writes cannot act on the terminal', async (t) => {
  const evil = '\x1b]0;title\x07\x1b[2J\x9b31m\r\u202e'
  const one = task(1, `task${evil}`, 'debug', { role: `role${evil}` })
  const failure = { reason: 'step-failed', message: `message${evil}\nmore${evil}`, stderrTail: `a${evil}\nb`, hint: `hint${evil}` } as const
  const events: Event[] = [
    { type: 'run:start', mode: 'apply', playbook: `file${evil}`, hosts: [`a${evil}`] },
    { type: 'play:start', play: `play${evil}`, hosts: [`a${evil}`] },
    ...did(`a${evil}`, one, 'changed', {
      changes: [{ summary: `change${evil}`, diff: { before: evil, after: `b${evil}`, after_header: evil } }],
    }),
    ...did(`a${evil}`, one, 'ok', { result: { msg: evil, [evil]: evil } }),
    { type: 'task:output', host: `a${evil}`, task: one, stream: 'stdout', text: evil },
    { type: 'task:item', host: `a${evil}`, task: one, item: evil, status: 'failed', result: {}, failure },
    ...did(`a${evil}`, one, 'maybe', { because: evil }),
    { type: 'host:end', host: `a${evil}`, status: 'failed', ms: 1, failure },
  ]
  t.regex(await written(ended(events, 5), { verbosity: 2, diff: true }), /^[^\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]+$/)
})

test('a run that was left names what was under way', async (t) => {
  t.is(
    await written(alone({ type: 'task:start', host: 'a', task: ONE })),
    'Applying site.yaml on 1 host\n\nLeft while at work: a (Wait for Synapse)\n',
  )
})
