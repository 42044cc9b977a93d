import test, { type ExecutionContext } from 'ava'
import type { DockerContainer } from '../../src/facts/docker-container.ts'
import type { DockerImage } from '../../src/facts/docker-image.ts'
import { dockerServer } from '../../src/facts/docker-server.ts'
import type { AnyModule } from '../../src/module/define.ts'
import { dockerContainer } from '../../src/modules/docker-container.ts'
import { dockerImage } from '../../src/modules/docker-image.ts'
import { dockerNetwork } from '../../src/modules/docker-network.ts'
import { dockerPrune } from '../../src/modules/docker-prune.ts'
import { dockerVolume } from '../../src/modules/docker-volume.ts'
import { Secret } from '../../src/secrets/secret.ts'
import { labHost } from '../helpers/lab.ts'
import { labShell } from '../helpers/lab-shell.ts'
import { ask } from '../helpers/scratch.ts'
import { type Settled, settle } from '../helpers/settle.ts'

// Docker's modules on one real host with Debian's engine, with images made there and a registry of its own. One engine: one test after another.

const host = labHost(test)
const prefix = () => labShell(host())

async function on(script: string): Promise<string> {
  const { code, stdout, stderr } = await host().run(script)
  if (code !== 0) throw new Error(`${script}\n${stderr}`)
  return stdout.trim()
}

/** Applies, compares what was planned, and sees that the second application plans nothing. */
async function settles(t: ExecutionContext, module: AnyModule, params: object, planned: (string | RegExp)[]): Promise<Settled> {
  const first = await settle(module, params, { prefix: prefix() })
  const note = JSON.stringify(params)
  t.falsy(first.result.failed, `${note}: ${first.result.msg}`)
  matches(t, first, planned, note)
  t.is(first.result.changed, planned.length > 0, note)
  const second = await settle(module, params, { prefix: prefix() })
  t.deepEqual([second.changes.map((change) => change.summary), second.result.changed], [[], false], `${note}: second application`)
  return first
}

function matches(t: ExecutionContext, { changes }: Settled, planned: (string | RegExp)[], note: string) {
  const summaries = changes.map((change) => change.summary)
  t.is(summaries.length, planned.length, `${note}: ${summaries.join(' / ')}`)
  for (const [i, one] of planned.entries())
    if (typeof one === 'string') t.is(summaries[i], one, note)
    else t.regex(summaries[i]!, one, note)
}

/** What a dry run says. */
async function foresees(t: ExecutionContext, module: AnyModule, params: object, planned: (string | RegExp)[]): Promise<void> {
  const check = await settle(module, params, { prefix: prefix(), check: true })
  t.is(check.plan.failure, undefined)
  matches(t, check, planned, JSON.stringify(params))
}

async function fails(t: ExecutionContext, module: AnyModule, params: object, msg: string | RegExp): Promise<Settled> {
  const settled = await settle(module, params, { prefix: prefix() })
  t.true(settled.result.failed, JSON.stringify(params))
  const said = String(settled.result.msg).trimEnd()
  if (typeof msg === 'string') t.is(said.split('\n').at(-1), msg)
  else t.regex(said, msg)
  return settled
}

const containerOf = ({ result }: Settled) => result.container as DockerContainer

// A registry is one small program; images are one static busybox with settings of their own.
const PREPARE = `set -e
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends docker.io busybox-static docker-registry >/dev/null
mkdir -p /srv/box/bin /srv/shared && cd /srv/box && cp /bin/busybox bin/
for name in sh sleep cat echo ls env test touch hostname; do ln -sf busybox bin/$name; done
box() { name=$1; shift; tar -c . | docker import "$@" - "$name" >/dev/null; }
box box:1 -c 'ENV FROM=image' -c 'ENV LEVEL=1' -c 'CMD ["sleep","9999"]' -c 'VOLUME /data' -c 'LABEL made.by=test'
box box:2 -c 'ENV FROM=image' -c 'ENV LEVEL=2' -c 'CMD ["sleep","9999"]' -c 'VOLUME /data' -c 'LABEL made.by=test'
box checked:1 -c 'CMD ["sleep","9999"]' -c 'HEALTHCHECK --interval=1s --retries=1 CMD test -e /ok'
box ends:1 -c 'CMD ["sh","-c","echo no database; exit 3"]' -c 'HEALTHCHECK --interval=1s CMD test -e /ok'
printf 'version: 0.1\nstorage: {filesystem: {rootdirectory: /var/lib/docker-registry}}\nhttp: {addr: ":5000"}\n' >/etc/docker/registry/config.yml
systemctl restart docker-registry`

test.serial('before there is Docker: a dry run foresees all of it, and nothing is there to remove', async (t) => {
  t.deepEqual(await ask(dockerServer(), prefix()), { client: false })
  await foresees(t, dockerImage, { name: 'box:1', source: 'pull' }, ['pull image box:1'])
  await foresees(t, dockerVolume, { volume_name: 'data' }, ['create volume data'])
  await foresees(t, dockerNetwork, { name: 'matrix' }, ['create network matrix'])
  await foresees(t, dockerContainer, { name: 'web', image: 'box:1', state: 'healthy' }, [
    'pull image box:1',
    'create and start container web from box:1',
    'wait until container web is healthy',
  ])
  for (const [module, name] of [
    [dockerImage, 'name'],
    [dockerVolume, 'volume_name'],
    [dockerNetwork, 'name'],
    [dockerContainer, 'name'],
  ] as const)
    await foresees(t, module, { [name]: 'web', state: 'absent' }, [])
  await foresees(t, dockerPrune, { images: true, volumes: true }, [])
  await fails(
    t,
    dockerVolume,
    { volume_name: 'data' },
    'there is no docker command on this host: install the package docker.io (on Debian 13 also docker-cli)',
  )
  t.timeout(300_000)
  await on(PREPARE)
  t.like(await ask(dockerServer(), prefix()), { client: true, version: (await on('docker version --format {{.Server.Version}}')).trim() })
})

test.serial('images: named, loaded, removed', async (t) => {
  const { result } = await settles(t, dockerImage, { name: 'box', tag: '1', source: 'local' }, [])
  t.regex((result.image as DockerImage).Id, /^sha256:/)
  await fails(t, dockerImage, { name: 'box', tag: 'none', source: 'local' }, 'Cannot find the image box:none locally')
  const other = { name: 'box:1', source: 'local', repository: 'example.com/box' }
  t.deepEqual((await settles(t, dockerImage, other, ['name image box:1 also example.com/box:1'])).result.actions, ['Tagged image box:1'])
  await settles(t, dockerImage, { ...other, name: 'box:2', repository: 'example.com/box:1' }, [])
  await settles(t, dockerImage, { ...other, name: 'box:2', repository: 'example.com/box:1', force_tag: true }, [
    /^name image box:2 also example.com\/box:1, until now sha256:[0-9a-f]{12}$/,
  ])
  await on('docker save -o "/srv/two boxes.tar" example.com/box:1')
  await settles(t, dockerImage, { name: 'example.com/box:1', state: 'absent' }, ['remove image example.com/box:1'])
  await fails(
    t,
    dockerImage,
    { name: 'box:9', source: 'load', load_path: '/srv/two boxes.tar' },
    'the archive /srv/two boxes.tar does not hold the image box:9; what it holds is above',
  )
  await on('docker rmi example.com/box:1')
  const load = { name: 'example.com/box:1', source: 'load', load_path: '/srv/two boxes.tar' }
  const loaded = await settles(t, dockerImage, load, ['load image example.com/box:1 from /srv/two boxes.tar'])
  t.regex(loaded.result.stdout as string, /^Loaded image: example.com\/box:1$/m)
  const again = await settle(dockerImage, { ...load, force_source: true }, { prefix: prefix() })
  t.deepEqual([again.result.changed, again.result.actions], [false, []])
})

test.serial('images: built', async (t) => {
  await on(`mkdir -p "/srv/a build" && printf 'FROM box:1\\nARG WHO\\nENV HELLO=$WHO\\n' >"/srv/a build/Boxfile"`)
  const built = await settles(
    t,
    dockerImage,
    { name: 'built', source: 'build', build: { path: '/srv/a build', dockerfile: 'Boxfile', args: { WHO: "it's me" } } },
    ['build image built:latest in /srv/a build'],
  )
  t.true((built.result.image as DockerImage).Config?.Env?.includes("HELLO=it's me"))
  await settles(t, dockerImage, { name: 'built', state: 'absent' }, ['remove image built:latest'])
})

test.serial('images: pulled by tag and by digest, anew only when asked', async (t) => {
  const push = (image: string) =>
    on(`docker tag ${image} localhost:5000/app && docker push -q localhost:5000/app >/dev/null
docker image inspect -f '{{index .RepoDigests 0}}' localhost:5000/app; docker rmi localhost:5000/app >/dev/null`)
  const digest = await push('box:1')
  const name = 'localhost:5000/app'
  const pulled = await settles(t, dockerImage, { name, source: 'pull' }, [`pull image ${name}:latest`])
  t.deepEqual(pulled.result.actions, [`Pulled image ${name}:latest`])
  await settles(t, dockerImage, { name: digest, source: 'pull' }, [])
  await settles(t, dockerImage, { name: digest.replace('@', ':1.0@'), source: 'pull' }, [])
  const forced = { name, source: 'pull', force_source: true }
  t.false((await settle(dockerImage, forced, { prefix: prefix() })).result.changed)
  await settles(t, dockerContainer, { name: 'app', image: name, stop_timeout: 0 }, [`create and start container app from ${name}:latest`])

  const kept = await on(`docker image inspect -f '{{.Id}}' ${name}`)
  const newer = await push('box:2')
  await on(`docker tag ${kept} ${name}`)
  await settles(t, dockerContainer, { name: 'app', image: name, stop_timeout: 0 }, [])
  await fails(t, dockerImage, { name: `${name}@sha256:${'0'.repeat(64)}`, source: 'pull' }, /manifest unknown/)
  const always = { name: 'app', image: name, pull: 'always', stop_timeout: 0 }
  const updated = await settle(dockerContainer, always, { prefix: prefix() })
  matches(t, updated, [`pull image ${name}:latest again, and recreate container app if it is another one`], 'always')
  t.true(updated.result.changed, String(updated.result.msg))
  t.true(containerOf(updated).Config.Env?.includes('LEVEL=2'))
  t.false((await settle(dockerContainer, always, { prefix: prefix() })).result.changed)
  await settles(t, dockerImage, { name: newer, source: 'pull' }, [])
  await settles(t, dockerContainer, { name: 'app', state: 'absent' }, ['remove container app'])
  await on(`docker rmi ${name} ${digest}`)
  await settles(t, dockerContainer, { name: 'app', image: digest, stop_timeout: 0 }, [
    `pull image ${digest}`,
    `create and start container app from ${digest}`,
  ])
  await settles(t, dockerContainer, { name: 'app', state: 'absent', keep_volumes: false }, ['remove container app'])
  await fails(
    t,
    dockerContainer,
    { name: 'app', image: 'box:none', pull: 'never' },
    'there is no image box:none on the host, and pull is never',
  )
})

test.serial('volumes', async (t) => {
  const labels = { note: 'it\'s a "label" $HOME' }
  const { result } = await settles(t, dockerVolume, { volume_name: 'data', labels }, ['create volume data'])
  t.like(result.volume, { Name: 'data', Driver: 'local', Labels: labels })
  const other = { volume_name: 'data', labels: { note: 'new' } }
  const left = await settle(dockerVolume, other, { prefix: prefix() })
  t.regex(left.plan.message!, /^the volume data is left as it is \(recreate: never\), it differs: labels note: it's .* → new$/)
  await on('docker create --name user -v data:/data box:1')
  await fails(t, dockerVolume, { volume_name: 'data', state: 'absent' }, 'the volume data is in use: remove the container user first')
  await fails(t, dockerVolume, { ...other, recreate: 'options-changed' }, 'the volume data is in use: remove the container user first')
  await settles(t, dockerContainer, { name: 'user', state: 'absent' }, ['remove container user'])
  await settles(t, dockerVolume, { ...other, recreate: 'options-changed' }, [
    /^recreate volume data, losing what is in it: labels note: .* → new$/,
  ])
  await settles(t, dockerVolume, { volume_name: 'data', state: 'absent' }, ['remove volume data'])
})

test.serial('networks', async (t) => {
  const own = {
    name: 'inner',
    internal: true,
    labels: { a: 'b c' },
    driver_options: { 'com.docker.network.driver.mtu': '1400' },
    ipam_config: [{ subnet: '10.55.0.0/24', gateway: '10.55.0.7', iprange: '10.55.0.128/25', aux_addresses: { router: '10.55.0.9' } }],
  }
  const { result } = await settles(t, dockerNetwork, own, ['create network inner'])
  t.like(result.network, { Name: 'inner', Internal: true, Labels: { a: 'b c' } })
  await on('docker run -d --name one --network inner --network-alias uno --ip 10.55.0.130 box:1; docker run -d --name two box:1')
  await settles(t, dockerNetwork, { ...own, internal: false, connected: ['one', 'two'] }, [
    'recreate network inner: internal true → false',
    'connect container two to network inner',
  ])
  t.is(
    await on(`docker inspect -f '{{with .NetworkSettings.Networks.inner}}{{.IPAddress}} {{index .Aliases 0}}{{end}}' one`),
    '10.55.0.130 uno',
  )
  await fails(
    t,
    dockerNetwork,
    { name: 'inner', state: 'absent' },
    /^the network inner is in use by (one, two|two, one): stop them, or give force$/,
  )
  await settles(t, dockerNetwork, { name: 'inner', connected: ['one'], appends: true }, [])
  await settles(t, dockerNetwork, { name: 'inner', connected: ['one'] }, ['disconnect container two from network inner'])
  await fails(t, dockerNetwork, { name: 'inner', connected: ['nobody'] }, 'there is no container nobody to connect')
  await settles(t, dockerNetwork, { name: 'inner', state: 'absent', force: true }, ['remove network inner'])
  await on('docker rm -f -v one two')
  // Docker adds addresses of IPv4
  await settles(t, dockerNetwork, { name: 'six', enable_ipv6: true, ipam_config: [{ subnet: 'fd00:1::/64' }] }, ['create network six'])
  await on('docker network rm six')
})

test.serial('networks: the old one comes back when the new one cannot be made', async (t) => {
  const own = {
    name: 'inner',
    labels: { a: "it's" },
    driver_options: { 'com.docker.network.driver.mtu': '1400' },
    ipam_config: [{ subnet: '10.55.0.0/24', gateway: '10.55.0.7', iprange: '10.55.0.128/25', aux_addresses: { router: '10.55.0.9' } }],
  }
  await settles(t, dockerNetwork, own, ['create network inner'])
  await on(`docker network create --subnet 10.56.0.0/24 taken
docker run -d --name one --network inner --network-alias uno --ip 10.55.0.130 box:1; docker run -d --name two --network inner box:1
docker create --name asleep --network inner --ip 10.55.0.140 box:1; docker start asleep; docker stop -t 0 asleep`)
  const state = `docker network inspect -f '{{json .IPAM}} {{json .Options}} {{json .Labels}} {{len .Containers}}' inner
docker inspect -f '{{with .NetworkSettings.Networks.inner}}{{.IPAddress}} {{.Aliases}}{{end}} {{.State.StartedAt}}' one`
  const before = await on(state)
  const moved = { ...own, ipam_config: [{ subnet: '10.56.0.0/24' }] }
  await fails(t, dockerNetwork, moved, /Pool overlaps with other one on this address space \(the old network was put back\)$/)
  t.is(await on(state), before)
  await fails(t, dockerNetwork, { ...own, driver: 'none-such' }, /none-such.* \(the old network was put back\)$/)
  await settles(t, dockerNetwork, own, [])
  await on('docker network rm taken')
  // a fixed address that is no more keeps nobody out
  await settles(t, dockerNetwork, moved, ['recreate network inner: ipam_config 10.55.0.0/24 → 10.56.0.0/24'])
  t.regex(
    await on(`docker inspect -f '{{with .NetworkSettings.Networks.inner}}{{.IPAddress}} {{.Aliases}}{{end}}' one`),
    /^10\.56\.0\.\d+ \[.*uno/,
  )
  await fails(t, dockerContainer, { name: 'asleep' }, /10\.55\.0\.140/)
  await settles(t, dockerContainer, { name: 'asleep', networks: [{ name: 'inner', ipv4_address: '10.56.0.40' }] }, [
    'asleep: connect anew to network inner: address 10.55.0.140 → 10.56.0.40',
    'start container asleep',
  ])
  await on('docker rm -f -v one two asleep; docker network rm inner')
})

/** Every setting, twice with other values. */
const FULL = {
  name: 'full',
  image: 'box:1',
  stop_timeout: 0,
  command: ['sleep', '8000'],
  user: '1000:1000',
  hostname: 'first.example',
  labels: { role: "it's $1" },
  published_ports: ['127.0.0.1:8008:80', '9000-9001:9000-9001/udp'],
  volumes: ['full-data:/v', '/anonymous', '/srv/shared:/shared:ro'],
  mounts: [{ type: 'bind', source: '/srv/shared', target: '/mounted', read_only: true }],
  env: { TOKEN: 'a \'b\' "c" $d \\e #f', LEVEL: 'own', EMPTY: '' },
  networks: [
    { name: 'net-a', aliases: ['alias-a'] },
    { name: 'net-b', ipv4_address: '10.77.0.9' },
  ],
  log_driver: 'local',
  log_options: { 'max-size': '1m' },
  memory: '64M',
  cpus: 0.5,
  read_only: true,
  tmpfs: ['/run', '/scratch:size=1m'],
  capabilities: ['net_admin'],
  cap_drop: ['ALL'],
  security_opts: ['no-new-privileges:true'],
  init: true,
  etc_hosts: { 'host.docker.internal': 'host-gateway', six: 'fe80::1' },
  healthcheck: { test: ['CMD', 'test', '-e', '/bin'], interval: '1s', timeout: '1m30s', retries: 3, start_period: '0s' },
  restart_policy: 'on-failure',
  restart_retries: 3,
  state: 'healthy',
}
const OTHER = {
  ...FULL,
  entrypoint: ['/bin/sleep', '7000'],
  command: undefined,
  user: '1001',
  hostname: 'second',
  labels: { role: 'other' },
  published_ports: ['127.0.0.1:8009:80'],
  volumes: ['/srv/shared:/shared'],
  mounts: [{ type: 'tmpfs', target: '/mounted', tmpfs_size: '1M', tmpfs_mode: '1777' }],
  env: { TOKEN: 'other' },
  log_driver: 'json-file',
  log_options: { 'max-size': '2m' },
  memory: '65M',
  cpus: 1,
  read_only: false,
  tmpfs: ['/run'],
  capabilities: [],
  cap_drop: ['CAP_MKNOD'],
  security_opts: [],
  init: false,
  etc_hosts: { six: 'fe80::2' },
  healthcheck: { test: 'test -e /srv || test -e /bin', interval: '1s' },
  restart_policy: 'unless-stopped',
  restart_retries: undefined,
}

test.serial('containers: every setting holds, and a changed one is the reason to recreate', async (t) => {
  await on('docker network create net-a; docker network create --subnet 10.77.0.0/24 net-b; docker network create net-c')
  const made = await settles(t, dockerContainer, FULL, [
    'create and start container full from box:1',
    'wait until container full is healthy',
  ])
  t.is(containerOf(made).State.Health?.Status, 'healthy')
  const seen = await on('docker exec full env; docker exec full cat /etc/hosts')
  t.true(seen.includes(`\nTOKEN=a 'b' "c" $d \\e #f\n`))
  t.regex(seen, /^LEVEL=own$/m)
  t.regex(seen, /^FROM=image$/m)
  t.regex(seen, /^172\.17\.0\.1\s+host\.docker\.internal$/m)

  await settles(t, dockerContainer, OTHER, [
    `recreate container full: ${[
      'entrypoint sleep 8000 → /bin/sleep 7000',
      'user 1000:1000 → 1001',
      'hostname first.example → second',
      "labels role=it's $1 → role=other",
      'published_ports 127.0.0.1:8008->80/tcp, 9000->9000/udp, 9001->9001/udp → 127.0.0.1:8009->80/tcp',
      'volumes /anonymous, /srv/shared:/shared:ro, full-data:/v → /srv/shared:/shared',
      'mounts bind /srv/shared on /mounted readonly → tmpfs /mounted tmpfs-size=1048576 tmpfs-mode=1777',
      'log_driver local → json-file',
      'log_options max-size=1m → max-size=2m',
      'memory 67108864 → 68157440',
      'cpus 0.5 → 1',
      'read_only true → false',
      'tmpfs /scratch:size=1m → none',
      'capabilities NET_ADMIN → none',
      'cap_drop ALL → MKNOD',
      'security_opts no-new-privileges=true → none',
      'init true → false',
      'etc_hosts host.docker.internal:host-gateway, six:fe80::1 → six:fe80::2',
      'healthcheck test "test -e /bin" → test "test -e /srv || test -e /bin"',
      'env LEVEL, TOKEN changed',
      'env EMPTY removed',
    ].join('; ')}`,
    'wait until container full is healthy',
  ])
  t.is(await on('docker ps -a --format {{.Names}}'), 'full')
  await on('docker rm -f -v full')
})

test.serial('containers: networks and the restart policy change without recreating', async (t) => {
  const is = { name: 'roamer', image: 'box:1', stop_timeout: 0 }
  const made = await settles(t, dockerContainer, { ...is, networks: [{ name: 'net-a' }] }, ['create and start container roamer from box:1'])
  const moved = await settles(
    t,
    dockerContainer,
    {
      ...is,
      restart_policy: 'always',
      networks: [
        { name: 'net-a', aliases: ['here'] },
        { name: 'net-b', ipv4_address: '10.77.0.20' },
      ],
    },
    ['roamer: restart_policy no → always', 'roamer: connect anew to network net-a: alias here', 'roamer: connect to network net-b'],
  )
  await settles(t, dockerContainer, { ...is, networks: [{ name: 'net-c' }], comparisons: { networks: 'allow_more_present' } }, [
    'roamer: connect to network net-c',
  ])
  const last = await settles(t, dockerContainer, { ...is, networks: [{ name: 'net-c' }] }, [
    'roamer: disconnect from network net-a',
    'roamer: disconnect from network net-b',
  ])
  t.is(containerOf(made).Id, containerOf(moved).Id)
  t.is(containerOf(made).Id, containerOf(last).Id)
  await settles(t, dockerContainer, { ...is, network_mode: 'host' }, ['recreate container roamer: network_mode net-a → host'])
  await settles(t, dockerContainer, { ...is, networks: [{ name: 'net-a' }] }, ['recreate container roamer: network_mode host → net-a'])
  await settles(t, dockerContainer, { ...is, name: 'guest', network_mode: 'container:roamer' }, [
    'create and start container guest from box:1',
  ])
  await on('docker rm -f -v guest; docker stop -t 0 roamer; docker network rm net-a; docker network create net-a')
  await settles(t, dockerContainer, { ...is, networks: [{ name: 'net-a' }] }, [
    'roamer: connect anew to network net-a: it was recreated',
    'start container roamer',
  ])
  await on('docker stop -t 0 roamer; docker network rm net-a; docker network create net-a')
  await settles(t, dockerNetwork, { name: 'net-a', connected: ['roamer'] }, ['connect container roamer to network net-a'])
  await settles(t, dockerContainer, { ...is, image: undefined }, ['start container roamer'])
  await on('docker rm -f -v roamer')
  await settles(t, dockerContainer, { ...is, security_opts: ['systempaths=unconfined'] }, ['create and start container roamer from box:1'])
  await settles(t, dockerContainer, { ...is, security_opts: [] }, [
    'recreate container roamer: security_opts systempaths=unconfined → none',
  ])
  await on('docker rm -f -v roamer')
})

test.serial('containers: states', async (t) => {
  const is = { name: 'states', image: 'box:1', stop_timeout: 0 }
  await settles(t, dockerContainer, { ...is, state: 'present' }, ['create container states from box:1'])
  await settles(t, dockerContainer, { ...is, state: 'stopped' }, [])
  await settles(t, dockerContainer, is, ['start container states'])
  await on('docker pause states')
  await settles(t, dockerContainer, is, ['unpause container states'])
  const before = await on(`docker inspect -f '{{.State.StartedAt}}' states`)
  matches(
    t,
    await settle(dockerContainer, { name: 'states', restart: true, stop_timeout: 0 }, { prefix: prefix() }),
    ['restart container states'],
    '',
  )
  t.not(await on(`docker inspect -f '{{.State.StartedAt}}' states`), before)
  await settles(t, dockerContainer, { ...is, state: 'present', user: '1000' }, ['recreate container states: user none → 1000'])
  t.is(await on(`docker inspect -f '{{.State.Running}}' states`), 'true')
  await settles(t, dockerContainer, { ...is, state: 'stopped' }, ['stop container states'])
  await settles(t, dockerContainer, { name: 'states', state: 'absent', keep_volumes: false }, ['remove container states'])
  await fails(t, dockerContainer, { name: 'states' }, 'there is no container states: image is required to make it')
})

test.serial('containers: a tag that points to another image by now is an upgrade, which keeps the data', async (t) => {
  await on('docker tag box:1 app:latest')
  const is = { name: 'app', image: 'app', volumes: ['app-data:/data'], stop_timeout: 0, env: { OWN: '1' } }
  await settles(t, dockerContainer, is, ['create and start container app from app:latest'])
  await on('docker exec app touch /data/kept; docker tag box:2 app:latest')
  const { result } = await settles(t, dockerContainer, is, [/^recreate container app: image sha256:[0-9a-f]{12} → sha256:[0-9a-f]{12}$/])
  t.true((result.container as DockerContainer).Config.Env?.includes('LEVEL=2'))
  t.is(await on('docker exec app ls /data'), 'kept')
  await settles(t, dockerContainer, { ...is, image: 'box:2', image_name_mismatch: 'ignore' }, [])
  await settles(t, dockerContainer, { ...is, image: 'box:1', comparisons: { image: 'ignore' } }, [])
  await settles(t, dockerContainer, { ...is, image: 'box:2' }, ['recreate container app: image name app:latest → box:2'])
  await on('docker rm -f -v app; docker rmi app:latest')
})

test.serial('containers: the old one stays when the new one cannot be made or started', async (t) => {
  const is = { name: 'steady', image: 'box:1', stop_timeout: 0, published_ports: ['127.0.0.1:8100:80'] }
  const { Id } = containerOf(await settles(t, dockerContainer, is, ['create and start container steady from box:1']))
  await on('docker run -d --name taker -p 127.0.0.1:8101:80 box:1')
  await fails(
    t,
    dockerContainer,
    { ...is, mounts: [{ type: 'bind', source: '/no/such', target: '/x' }] },
    /bind source path does not exist: \/no\/such \(the container that was there is as it was\)$/,
  )
  t.is(await on(`docker inspect -f '{{.Id}} {{.State.Running}}' steady`), `${Id} true`)
  await fails(
    t,
    dockerContainer,
    { ...is, published_ports: ['127.0.0.1:8101:80'] },
    /port is already allocated.* \(the old container was put back\)$/,
  )
  t.is(await on(`docker inspect -f '{{.Id}} {{.State.Running}}' steady`), `${Id} true`)
  t.is(await on('docker ps -a --format {{.Names}} | sort | xargs'), 'steady taker')
  await fails(
    t,
    dockerContainer,
    { ...is, name: 'fresh', mounts: [{ type: 'bind', source: '/no/such', target: '/x' }] },
    /does not exist: \/no\/such$/,
  )
  // what a run that was cut off leaves behind is in nobody's way
  await on('docker create --name steady-mhprov-new box:1; docker create --name steady-mhprov-old box:1')
  await settles(t, dockerContainer, { ...is, user: '7' }, ['recreate container steady: user none → 7'])
  t.is(await on('docker ps -a --format {{.Names}} | sort | xargs'), 'steady taker')
  await on('docker rm -f -v taker')

  // cut off before the new one was started, and the old one was started by Docker at boot: it has the port
  const left = 'steady-mhprov-old, which a run that was cut off has left'
  const cut = () => on('docker stop -t 0 steady; docker run -d --name steady-mhprov-old -p 127.0.0.1:8100:80 box:1')
  await cut()
  await settles(t, dockerContainer, { ...is, user: '7' }, [`stop container ${left}`, 'start container steady', `remove container ${left}`])
  // and before the new one had its name
  await on('docker rename steady steady-mhprov-old; docker create --name steady-mhprov-new box:1')
  await settles(t, dockerContainer, { ...is, user: '7' }, [
    `give container ${left}, its name back`,
    'remove container steady-mhprov-new, which a run that was cut off has left',
  ])
  await cut()
  await settles(t, dockerContainer, { name: 'steady', state: 'absent', stop_timeout: 0 }, [
    `remove container ${left}`,
    'remove container steady',
  ])
  t.is(await on('docker ps -a --format {{.Names}}'), '')
})

test.serial('containers: waits for healthy, and says why it will not be', async (t) => {
  const is = { name: 'checked', image: 'checked:1', state: 'healthy', stop_timeout: 0 }
  await fails(
    t,
    dockerContainer,
    { ...is, healthcheck: { test: 'echo it hurts; test -e /ok', retries: 1 } },
    'the container checked is unhealthy: it hurts',
  )
  await settles(
    t,
    dockerContainer,
    { ...is, command: ['sh', '-c', 'sleep 2; touch /ok; sleep 999'], healthcheck: { test: 'test -e /ok', retries: 9 } },
    [
      /^recreate container checked: command sleep 9999 → sh -c sleep 2; touch \/ok; sleep 999; healthcheck test "echo it hurts; test -e \/ok" retries 1|^recreate/,
      'wait until container checked is healthy',
    ],
  )
  const ended = await fails(t, dockerContainer, { ...is, name: 'ends', image: 'ends:1' }, 'the container ends has ended with exit code 3')
  t.regex(String(ended.result.msg), /^no database$/m)
  await fails(
    t,
    dockerContainer,
    { ...is, name: 'slow', healthcheck: { test: 'test -e /ok', retries: 99 }, healthy_wait_timeout: 2 },
    'the container slow was not healthy within 2 s: it is running, starting',
  )
  await fails(
    t,
    dockerContainer,
    { ...is, name: 'plain', image: 'box:1' },
    'state healthy requires a healthcheck, and neither the task nor the image box:1 has one',
  )
  await on('docker rm -f checked ends slow')
})

test.serial('containers: a secret variable is on no command line and in no environment, and its change is noticed', async (t) => {
  const [first, second] = ['s3cret-one-4711', 's3cret-two-4711']
  // stands before the real command and notes what all processes and its own show at that moment, but not what a container's own has
  await on(`cat >/usr/local/bin/docker <<'END'
#!/bin/sh
{ printf '%s\\n' "$@"; cat /proc/[0-9]*/cmdline /proc/$$/environ /proc/$PPID/environ; ls -lR /tmp/tmp.*; } 2>/dev/null | tr '\\000' '\\n' >>/root/seen
exec /usr/bin/docker "$@"
END
chmod 755 /usr/local/bin/docker; : >/root/seen`)
  const is = { name: 'secretive', image: 'box:1', stop_timeout: 0 }
  await settles(t, dockerContainer, { ...is, env: { TOKEN: new Secret(first), PLAIN: 'x' } }, [
    'create and start container secretive from box:1',
  ])
  const changed = await settles(t, dockerContainer, { ...is, env: { TOKEN: new Secret(second), PLAIN: 'x' } }, [
    'recreate container secretive: env TOKEN changed',
  ])
  t.true(containerOf(changed).Config.Env?.includes(`TOKEN=${second}`))
  await on('printf "# a file\\nTOKEN=%s\\nFILE=x\\n" s3cret-three-4711 >/root/more.env')
  await settles(t, dockerContainer, { ...is, env_file: '/root/more.env', env: { PLAIN: 'y' } }, [
    'recreate container secretive: env TOKEN, PLAIN changed; env FILE added',
  ])
  const shown = containerOf(await settle(dockerContainer, { ...is, env_file: '/root/more.env', env: { PLAIN: 'y' } }, { prefix: prefix() }))
  t.true(['TOKEN=********', 'FILE=********', 'PLAIN=y', 'FROM=image'].every((line) => shown.Config.Env?.includes(line)))
  const seen = await on('cat /root/seen')
  t.true(seen.includes('--env-file='))
  t.false(seen.includes('s3cret'))
  t.regex(seen, /^-rw------- 1 root root +\d+ .* env$/m)
  t.is(await on('rm /usr/local/bin/docker; ls -d /tmp/tmp.* 2>/dev/null | wc -l'), '0')
  await fails(t, dockerContainer, { ...is, env_file: '/root/none.env' }, 'env_file /root/none.env cannot be read: no file')
  await on('docker rm -f -v secretive')
})

test.serial('prune: what is unused, and no more than was asked for', async (t) => {
  await on(`docker create --name over --label keep=no -v over-data:/x box:1; docker create --name kept --label keep=yes box:1
docker run -d --name busy --network net-a box:2; docker commit over left:1; docker commit over left:1`)
  await settles(t, dockerPrune, { images: true }, [/^prune 1 unused image: sha256:[0-9a-f]{12}$/])
  await settles(t, dockerPrune, { containers: true, containers_filters: { until: '1h' } }, [])
  const over = await on(`docker inspect -f '{{.Id}}' over`)
  const gone = await settles(t, dockerPrune, { containers: true, containers_filters: { 'label!': 'keep=yes' } }, [
    'prune 1 stopped container: over',
  ])
  t.deepEqual(gone.result.containers, [over])
  t.is(await on('docker volume inspect -f {{.Name}} over-data'), 'over-data')
  const networks = await settles(t, dockerPrune, { networks: true }, [/^prune 2 unused networks: (net-b, net-c|net-c, net-b)$/])
  t.deepEqual((networks.result.networks as string[]).sort(), ['net-b', 'net-c'])
  const volumes = await settles(t, dockerPrune, { volumes: true, volumes_filters: { all: true, 'label!': 'x' }, builder_cache: true }, [
    /^prune \d+ unused volumes: /,
  ])
  t.true((volumes.result.volumes as string[]).includes('over-data'))
  await settles(t, dockerPrune, { images: true, images_filters: { dangling: false } }, [/^prune \d+ unused images: .*left:1/])
  const left = (await on('docker image ls --format {{.Repository}}:{{.Tag}}')).split('\n')
  t.deepEqual(
    ['box:1', 'box:2', 'example.com/box:1', 'checked:1', 'left:1'].map((name) => left.includes(name)),
    [true, true, true, false, false],
  )
})

test.serial('a daemon that is down: nothing is taken for absent, and docker says why', async (t) => {
  await on('systemctl stop docker.socket docker')
  const down = /Cannot connect to the Docker daemon/
  await fails(t, dockerContainer, { name: 'kept', state: 'absent' }, down)
  await fails(t, dockerVolume, { volume_name: 'data', state: 'absent' }, down)
  await fails(t, dockerNetwork, { name: 'net-a', state: 'absent' }, down)
  await fails(t, dockerImage, { name: 'box:1', state: 'absent' }, down)
  await fails(t, dockerPrune, { images: true }, down)
  await fails(t, dockerContainer, { name: 'new', image: 'box:1' }, down)
})
