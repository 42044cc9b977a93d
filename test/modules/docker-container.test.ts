import test, { type ExecutionContext } from 'ava'
import type { Content } from '../../src/facts/content.ts'
import type { Output, Plan } from '../../src/module/define.ts'
import { dockerContainer } from '../../src/modules/docker-container.ts'
import { Secret } from '../../src/secrets/secret.ts'
import { CONTAINER, DOWN, IMAGE, id, NO_DOCKER, SERVER } from './docker/inspected.ts'

type Answers = Parameters<typeof dockerContainer.plan>[1]

const IS: Answers = {
  server: SERVER,
  container: CONTAINER,
  left: {},
  image: IMAGE,
  envFile: undefined,
  peer: undefined,
  origin: IMAGE,
  resting: [],
}
const NOTHING: Answers = { ...IS, container: undefined, image: undefined, origin: undefined }

const WEB = {
  image: 'box:1',
  command: 'sleep 300',
  user: '1000:1000',
  hostname: 'h.x',
  labels: { role: 'web' },
  published_ports: ['127.0.0.1:8008:80', '90'],
  volumes: ['vv:/v:rw', '/srv/x:/x:ro'],
  mounts: [
    { type: 'bind', source: '/srv', target: '/srv', read_only: true },
    { type: 'tmpfs', target: '/tt', tmpfs_size: '1M', tmpfs_mode: '1777' },
  ],
  env: { TOKEN: new Secret('hidden-one') },
  networks: [{ name: 'net-a', aliases: ['w1'], ipv4_address: '10.7.0.9' }],
  network_mode: 'net-a',
  log_driver: 'local',
  log_options: { 'max-size': '1m' },
  memory: '64M',
  cpus: 0.5,
  read_only: true,
  tmpfs: ['/run', '/scratch:size=1m'],
  capabilities: ['net_admin'],
  cap_drop: 'all',
  security_opts: ['no-new-privileges=true', 'seccomp=/etc/profile.json'],
  init: true,
  etc_hosts: { 'host.docker.internal': 'host-gateway' },
  healthcheck: { test: ['CMD', 'test', '-e', '/bin'], interval: '1s', retries: 3, start_period: 0 },
  restart_policy: 'on-failure',
  restart_retries: 3,
}

function plan(params: object, is: Partial<Answers> = {}): Plan {
  return dockerContainer.plan(dockerContainer.params.parse({ name: 'web', ...params }), { ...IS, ...is }, {}) as Plan
}
const summaries = (params: object, is: Partial<Answers> = {}) => {
  const { changes, failure } = plan(params, is)
  return failure === undefined ? changes.map((change) => change.summary) : failure
}
const scripts = (params: object, is: Partial<Answers> = {}) =>
  plan(params, is).changes.flatMap((change) => change.steps.map((step) => (step.do === 'run' ? step.script.text : '')))

test('a container that is as wanted in everything is left alone', (t) => {
  t.deepEqual(summaries(WEB), [])
  t.deepEqual(summaries({ ...WEB, state: 'healthy' }), [])
  t.deepEqual(summaries({ ...WEB, state: 'present' }), [])
})

// One setting changed at a time is one reason, said exactly.
const REASONS: [change: object, reason: string][] = [
  [{ command: ['sleep', '301'] }, 'command sleep 300 → sleep 301'],
  [{ entrypoint: ['/init'], command: ['x'] }, 'entrypoint sleep 300 → /init x'],
  [{ user: '0' }, 'user 1000:1000 → 0'],
  [{ hostname: 'other' }, 'hostname h.x → other'],
  [{ labels: { role: 'db' } }, 'labels role=web → role=db'],
  [{ labels: {} }, 'labels role=web → none'],
  [{ published_ports: ['127.0.0.1:8009:80', '90'] }, 'published_ports 127.0.0.1:8008->80/tcp → 127.0.0.1:8009->80/tcp'],
  [{ published_ports: [] }, 'published_ports 127.0.0.1:8008->80/tcp, any->90/tcp → none'],
  [{ volumes: ['vv:/v', '/srv/x:/x'] }, 'volumes /srv/x:/x:ro → /srv/x:/x'],
  [{ mounts: [WEB.mounts[1]!] }, 'mounts bind /srv on /srv readonly → none'],
  [{ env: { TOKEN: 'hidden-two' } }, 'env TOKEN changed'],
  [{ env: { TOKEN: 'hidden-one', LEVEL: '2', MORE: '' } }, 'env LEVEL changed; env MORE added'],
  [{ env: {} }, 'env TOKEN removed'],
  [{ networks: undefined, network_mode: 'host' }, 'network_mode net-a → host'],
  [{ log_driver: 'json-file' }, 'log_driver local → json-file'],
  [{ log_options: { 'max-size': '2m', 'max-file': '5' } }, 'log_options max-size=1m → max-size=2m'],
  [{ memory: '128M' }, 'memory 67108864 → 134217728'],
  [{ cpus: 1.5 }, 'cpus 0.5 → 1.5'],
  [{ read_only: false }, 'read_only true → false'],
  [{ tmpfs: ['/run'] }, 'tmpfs /scratch:size=1m → none'],
  [{ capabilities: ['CAP_SYS_TIME', 'NET_ADMIN'] }, 'capabilities none → SYS_TIME'],
  [{ cap_drop: [] }, 'cap_drop ALL → none'],
  [
    { security_opts: ['seccomp=unconfined', 'no-new-privileges'] },
    'security_opts no-new-privileges=true, seccomp=a profile → no-new-privileges, seccomp=unconfined',
  ],
  [{ init: false }, 'init true → false'],
  [{ etc_hosts: { six: 'fe80::1' } }, 'etc_hosts host.docker.internal:host-gateway → six:fe80::1'],
  [{ healthcheck: { interval: '1m30s' } }, 'healthcheck interval 1s → interval 90s'],
  [{ healthcheck: { test: 'NONE' } }, 'healthcheck test "test -e /bin" → test "NONE"'],
  [{ recreate: true }, 'asked for'],
]
for (const [change, reason] of REASONS)
  test(`recreates for one reason: ${reason}`, (t) => {
    t.deepEqual(summaries({ ...WEB, ...change }), [`recreate container web: ${reason}`])
  })

test('an image whose name points elsewhere by now, another name, and an image that is not there', (t) => {
  const newer = { ...IMAGE, Id: id('b') }
  t.deepEqual(summaries(WEB, { image: newer }), ['recreate container web: image sha256:aaaaaaaaaaaa → sha256:bbbbbbbbbbbb'])
  t.deepEqual(summaries({ ...WEB, comparisons: { image: 'ignore' } }, { image: newer }), [])
  t.deepEqual(summaries({ ...WEB, image: 'box:2' }, { image: newer }), [
    'recreate container web: image box:1 (sha256:aaaaaaaaaaaa) → box:2 (sha256:bbbbbbbbbbbb)',
  ])
  t.deepEqual(summaries({ ...WEB, image: 'other' }), ['recreate container web: image name box:1 → other:latest'])
  t.deepEqual(summaries({ ...WEB, image: 'other', image_name_mismatch: 'ignore' }), [])
  t.deepEqual(summaries({ ...WEB, image: 'docker.io/library/box:1' }), [])
  t.deepEqual(summaries({ ...WEB, image: 'box:2' }, { image: undefined }), [
    'pull image box:2',
    'recreate container web: image box:1 → box:2',
  ])
  t.deepEqual(summaries(WEB, { image: undefined }), ['pull image box:1, and recreate container web if it is another one'])
  t.deepEqual(summaries({ ...WEB, pull: 'never' }, { image: undefined }), [])
  t.deepEqual(summaries({ ...WEB, pull: true }), ['pull image box:1 again, and recreate container web if it is another one'])
})

test('comparisons: ignored, or only what is there besides', (t) => {
  t.deepEqual(summaries({ user: '7', memory: '1G', comparisons: { '*': 'ignore' } }), [])
  t.deepEqual(summaries({ user: '7', memory: '1G', comparisons: { '*': 'ignore', user: 'strict' } }), [
    'recreate container web: user 1000:1000 → 7',
  ])
  t.deepEqual(summaries({ env: {}, labels: {}, published_ports: ['90'], comparisons: { '*': 'allow_more_present' } }), [])
  t.deepEqual(summaries({ log_options: { 'max-size': '1m' }, comparisons: { log_options: 'strict' } }), [
    'recreate container web: log_options max-file=5 → none',
  ])
  t.deepEqual(summaries({ comparisons: { networks: 'allow_more_present' }, networks: [{ name: 'net-a' }] }), [])
  t.is(
    dockerContainer.params.safeParse({ name: 'web', comparisons: { prots: 'ignore' } }).error?.issues[0]?.message,
    'cannot compare prots',
  )
})

test('what the image brings cannot be told apart when that image is gone: it is left', (t) => {
  t.deepEqual(summaries({ ...WEB, image: undefined, env: {}, labels: {} }, { origin: undefined }), [])
})

test('proxies that the docker command adds by itself are no difference', (t) => {
  const Env = [...CONTAINER.Config.Env!, 'HTTP_PROXY=http://proxy', 'no_proxy=localhost']
  t.deepEqual(summaries(WEB, { container: { ...CONTAINER, Config: { ...CONTAINER.Config, Env } } }), [])
})

const withState = (state: object) => ({ container: { ...CONTAINER, State: { ...CONTAINER.State, ...state } } })
const stopped = withState({ Status: 'exited', Running: false })
const STATES: [params: object, is: Partial<Answers>, planned: string[] | string][] = [
  [{ state: 'started' }, stopped, ['start container web']],
  [{ state: 'started' }, withState({ Paused: true }), ['unpause container web']],
  [{ state: 'stopped' }, stopped, []],
  [{ state: 'stopped' }, {}, ['stop container web']],
  [{ state: 'present' }, stopped, []],
  [{ state: 'started', restart: true }, {}, ['restart container web']],
  [{ state: 'started', restart: true }, stopped, ['start container web']],
  [{ state: 'absent' }, {}, ['remove container web']],
  [{ state: 'absent' }, NOTHING, []],
  [{ state: 'healthy' }, withState({ Health: { Status: 'starting' } }), ['wait until container web is healthy']],
  [{ state: 'healthy' }, stopped, ['start container web', 'wait until container web is healthy']],
  [{ restart_policy: 'always' }, {}, ['web: restart_policy on-failure:3 → always']],
  [{ networks: [{ name: 'net-b' }] }, {}, ['web: connect to network net-b', 'web: disconnect from network net-a']],
  [
    { networks: [{ name: 'net-a', aliases: ['w2'], ipv4_address: '10.7.0.10' }] },
    {},
    ['web: connect anew to network net-a: alias w2, address 10.7.0.9 → 10.7.0.10'],
  ],
  [{ image: 'box:1' }, { ...NOTHING, image: IMAGE }, ['create and start container web from box:1']],
  [{ image: 'box', state: 'present' }, NOTHING, ['pull image box:latest', 'create container web from box:latest']],
  [{ image: 'box', pull: 'never' }, NOTHING, 'there is no image box:latest on the host, and pull is never'],
  [{}, NOTHING, 'there is no container web: image is required to make it'],
  [
    { image: 'box:1', state: 'healthy' },
    { ...NOTHING, image: IMAGE },
    'state healthy requires a healthcheck, and neither the task nor the image box:1 has one',
  ],
  [{ image: 'box', state: 'absent' }, { ...NOTHING, server: NO_DOCKER }, []],
  [{ image: 'box' }, { ...NOTHING, server: NO_DOCKER }, ['pull image box:latest', 'create and start container web from box:latest']],
  [{ state: 'absent' }, { ...NOTHING, server: DOWN }, `the Docker daemon cannot be asked: ${DOWN.trouble}`],
  [{ image: 'box' }, { ...NOTHING, server: DOWN }, `the Docker daemon cannot be asked: ${DOWN.trouble}`],
]
for (const [params, is, planned] of STATES)
  test(`${JSON.stringify(params)} of ${is.container?.State.Status ?? (is === NOTHING || 'server' in is ? 'nothing' : 'a running one')}: ${planned}`, (t) => {
    t.deepEqual(summaries(params, is), planned)
  })

test('secrets are in the payload, and neither in the script nor in what is shown', (t) => {
  const { changes } = plan({ ...WEB, env: { TOKEN: new Secret('hidden "two"'), N: 5 } })
  const [step] = changes[0]!.steps
  t.true(step?.do === 'run' && step.stdin instanceof Secret)
  if (step?.do !== 'run' || !(step.stdin instanceof Secret)) return
  t.is(step.stdin.reveal(), 'TOKEN=hidden "two"\nN=5\n')
  t.false(JSON.stringify(changes).includes('hidden'))
  t.false(step.script.text.includes('hidden'))
  t.true(step.script.text.includes('--env-file="$dir/env"'))
})

const old = { ...CONTAINER, Name: '/web-mhprov-old', Id: 'd'.repeat(64) }
const STOP_OLD = 'stop container web-mhprov-old, which a run that was cut off has left'
const REMOVE_OLD = 'remove container web-mhprov-old, which a run that was cut off has left'
const NAME_BACK = 'give container web-mhprov-old, which a run that was cut off has left, its name back'

test('what a swap that was cut off has left is quieted before anything starts, and removed after', (t) => {
  const left = { left: { old } }
  t.deepEqual(summaries({}, { ...stopped, ...left }), [STOP_OLD, 'start container web', REMOVE_OLD])
  t.deepEqual(summaries(WEB, left), [STOP_OLD, REMOVE_OLD])
  t.deepEqual(summaries({ restart: true }, left), [STOP_OLD, 'restart container web', REMOVE_OLD])
  t.deepEqual(summaries({ state: 'stopped' }, left), [STOP_OLD, 'stop container web', REMOVE_OLD])
  t.deepEqual(summaries({ state: 'absent' }, left), [REMOVE_OLD, 'remove container web'])
  t.deepEqual(summaries({ state: 'absent' }, { ...NOTHING, ...left }), [REMOVE_OLD])
  t.deepEqual(summaries(WEB, { left: { fresh: old } }), ['remove container web-mhprov-new, which a run that was cut off has left'])
  t.deepEqual(summaries({ ...WEB, user: '7' }, left), ['recreate container web: user 1000:1000 → 7'])
  const [stop, , remove] = scripts({ stop_timeout: 40 }, { ...stopped, ...left })
  t.true(stop!.endsWith('docker container stop -t 40 web-mhprov-old >/dev/null'))
  t.regex(remove!, /docker container stop -t 40 \$left >\/dev\/null\ndocker container rm --force \$left/)
})

test('the old container gets its name back when the swap was cut off before the new one had it', (t) => {
  const cut = { container: undefined, left: { old } }
  t.deepEqual(summaries(WEB, cut), [NAME_BACK])
  t.deepEqual(summaries({ restart: true }, cut), [NAME_BACK, 'restart container web'])
  t.deepEqual(summaries({ ...WEB, user: '7' }, cut), [NAME_BACK, 'recreate container web: user 1000:1000 → 7'])
  t.deepEqual(summaries(WEB, { container: undefined, left: { old, fresh: old } }), [
    NAME_BACK,
    'remove container web-mhprov-new, which a run that was cut off has left',
  ])
})

test('a container whose network was made anew while it was stopped is connected to it anew', (t) => {
  const inNetwork = (name: string) => ({
    container: {
      ...stopped.container,
      NetworkSettings: { Networks: { [name]: { ...CONTAINER.NetworkSettings!.Networks!['net-a'], NetworkID: 'before' } } },
    },
    resting: [{ Name: name, Id: 'now', Driver: 'bridge' }],
  })
  const anew = 'web: connect anew to network net-a: it was recreated'
  t.deepEqual(summaries(WEB, inNetwork('net-a')), [anew, 'start container web'])
  t.deepEqual(summaries({}, inNetwork('net-a')), [anew, 'start container web'])
  t.true(
    scripts({}, inNetwork('net-a'))[0]!.endsWith(
      'docker network disconnect --force -- net-a web && docker network connect --alias w1 --ip 10.7.0.9 -- net-a web',
    ),
  )
  t.deepEqual(summaries({}, { ...inNetwork('net-a'), resting: [{ Name: 'net-a', Id: 'before', Driver: 'bridge' }] }), [
    'start container web',
  ])
  // Docker finds this one by its name, and gives it another id with each start
  t.deepEqual(summaries({}, inNetwork('bridge')), ['start container web'])
  t.deepEqual(summaries({}, { ...inNetwork('net-a'), ...withState({ Running: true }) }), [])
})

test('system paths that are open are no difference', (t) => {
  const HostConfig = { ...CONTAINER.HostConfig, SecurityOpt: null, MaskedPaths: [], ReadonlyPaths: [] }
  const open = { container: { ...CONTAINER, HostConfig } }
  t.deepEqual(summaries({ security_opts: ['systempaths=unconfined'] }, open), [])
  t.deepEqual(summaries({ security_opts: [] }, open), ['recreate container web: security_opts systempaths=unconfined → none'])
  t.deepEqual(summaries({ security_opts: [] }, { container: { ...CONTAINER, HostConfig: { ...HostConfig, Privileged: true } } }), [])
  t.deepEqual(
    summaries({ security_opts: ['systempaths=unconfined'] }, { container: { ...CONTAINER, HostConfig: { SecurityOpt: null } } }),
    ['recreate container web: security_opts none → systempaths=unconfined'],
  )
})

const envFile = (text: string): { envFile: Content } => ({ envFile: { bytes: Buffer.from(text) } })

test('env_file comes first, env wins; what cannot be read or understood is refused', (t) => {
  const params = { env_file: '/etc/web.env', env: { TOKEN: 'hidden-one' } }
  t.deepEqual(summaries(params, envFile('# note\n\n  TOKEN=old\nLEVEL=1\r\n')), [])
  t.deepEqual(summaries(params, envFile('LEVEL=2\n')), ['recreate container web: env LEVEL changed'])
  t.is(summaries(params, { envFile: { why: 'no file' } }), 'env_file /etc/web.env cannot be read: no file')
  t.is(
    summaries(params, envFile('A=1\nexport B=2\n')),
    'env_file /etc/web.env cannot be used: it must hold lines like NAME=value; line 2 is not one',
  )
})

test('what stands in env_file is not in the result, nor what stood there before', (t) => {
  const Env = ['TOKEN=hidden-one', 'FILE=hidden-two', 'LEVEL=1', 'PATH=/bin']
  const container = { ...CONTAINER, Config: { ...CONTAINER.Config, Env } }
  const shown = (params: object, is: Partial<Answers>) => {
    const want = dockerContainer.params.parse({ name: 'web', ...params })
    return (dockerContainer.result!(want, { ...IS, container, ...is }, [], {}).container as typeof CONTAINER).Config.Env
  }
  const params = { env_file: '/etc/web.env', env: { TOKEN: 'hidden-one' } }
  const masked = ['TOKEN=hidden-one', 'FILE=********', 'LEVEL=1', 'PATH=/bin']
  t.deepEqual(shown(params, envFile('FILE=hidden-three\n')), masked)
  t.deepEqual(shown(params, { envFile: { why: 'no file' } }), masked)
  t.deepEqual(shown({ env: {} }, {}), Env)
})

test('every word is quoted on its way to docker', (t) => {
  const [script] = scripts({ image: 'box:1', labels: { a: `it's "$x"` }, command: ['echo', '$HOME;`id`'] }, { ...NOTHING, image: IMAGE })
  t.true(script!.includes(`--label 'a=it'\\''s "$x"'`), script)
  t.true(script!.includes("-- box:1 echo '$HOME;`id`'"), script)
})

const refused = (t: ExecutionContext, params: object, message: RegExp) => {
  const { error } = dockerContainer.params.safeParse({ name: 'web', ...params })
  t.regex(error?.issues.map((issue) => issue.message).join('; ') ?? 'accepted', message)
}

test('bad values are refused with a reason that tells no secret', (t) => {
  refused(t, { name: 'a b' }, /^expected at least two letters/)
  refused(t, { image: 'Box:1' }, /lower case/)
  refused(t, { published_ports: ['80:x'] }, /^expected ports such as/)
  refused(t, { published_ports: ['80-82:80-81'] }, /same length/)
  refused(t, { env: { A: 'hidden\nline' } }, /^a line break cannot be part/)
  refused(t, { env: { 'A B': 'x' } }, /^expected the names of environment variables$/)
  refused(t, { env: { A: true } }, /quotes/)
  refused(t, { volumes: ['data:relative'] }, /^expected "\/host\/path:\/path"/)
  refused(t, { volumes: ['./x:/x'] }, /^expected "\/host\/path:\/path"/)
  refused(t, { memory: 'much' }, /^expected a size/)
  refused(t, { healthcheck: { interval: 'often' } }, /^expected a duration/)
  refused(t, { restart_retries: 3 }, /^restart_retries goes with/)
  refused(t, { network_mode: 'host', networks: [{ name: 'x' }] }, /cannot be in other networks/)
  refused(t, { command: 'echo "x' }, /quote is not closed/)
  for (const tmpfs_mode of ['u=rwx', '0', '000', '0000', '888', '1'])
    refused(t, { mounts: [{ type: 'tmpfs', target: '/x', tmpfs_mode }] }, /^expected a mode in three or four octal digits/)
})

test('a pull that brought nothing new and a wait are no change', (t) => {
  const want = dockerContainer.params.parse({ name: 'web', pull: 'always' })
  const output = (text: string): Output => ({ code: 0, stdout: Buffer.from(text), stderr: Buffer.alloc(0), start: 0, end: 0 })
  const changed = (...texts: string[]) => dockerContainer.result!(want, IS, texts.map(output), {}).changed
  t.is(changed('Status: up to date\nmhprov: nothing has changed\n', 'mhprov: nothing has changed\n'), false)
  t.is(changed('Status: newer\n', 'mhprov: nothing has changed\n'), undefined)
  t.is(changed(), undefined)
})
