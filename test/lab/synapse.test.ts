import test from 'ava'
import type { Lab, LabHost, Suite } from '../../src/lab/lab.ts'
import { testLab } from '../helpers/lab.ts'

const suite: Suite = process.env.MHPROV_SUITE === 'trixie' ? 'trixie' : 'bookworm'
const image = 'matrixdotorg/synapse'
let lab: Lab
let host: LabHost

const says = async (script: string) => {
  const { code, stdout, stderr } = await host.run(script)
  return code === 0 ? stdout.trim() : `${code}: ${stderr.trim()}`
}

test.before('a host with Docker', async (t) => {
  t.timeout(900_000)
  lab = await testLab(suite, (line) => t.log(line), { synapse: true })
  host = await lab.host()
  const packages = suite === 'trixie' ? 'docker.io docker-cli' : 'docker.io'
  await says(`apt-get -q install -y --no-install-recommends ${packages}`)
  // As a playbook may: what the lab sets must not get in its way.
  await says(`echo '{ "log-driver": "local", "live-restore": true }' >/etc/docker/daemon.json && systemctl restart docker`)
  t.is(await says(`docker pull -q ${image}:latest`), `docker.io/${image}:latest`)
})
test.after.always('destroys the lab', async () => lab?.destroy())

const tags = () => lab.registry!.images.find(({ name }) => name === image)!.tags

test('an image is pulled by tag and by digest, as from Docker Hub', async (t) => {
  const { latest } = tags()
  t.is(await says(`docker image inspect -f '{{index .RepoDigests 0}}' ${image}`), `${image}@${latest}`)
  t.is(await says(`docker pull -q ${image}@${latest}`), `docker.io/${image}@${latest}`)
  const version = Object.keys(tags()).find((tag) => tag !== 'latest' && tags()[tag] === latest)
  if (version === undefined) return t.fail(`only latest is ${latest}`)
  t.regex(version, /^v1\.\d+\.\d+/)
  t.is(await says(`docker pull -q ${image}:${version}`), `docker.io/${image}:${version}`)
  t.is(await says(`docker image inspect -f '{{index .Config.Labels "org.opencontainers.image.version"}}' ${image}`), version)
})

test('another tag is another image of the same layer', async (t) => {
  const other = 'v0.0.0-rehearsal'
  t.not(tags()[other], tags().latest)
  t.is(await says(`docker pull -q ${image}:${other}`), `docker.io/${image}:${other}`)
  const inspect = (format: string) => says(`docker image inspect -f '${format}' ${image}:latest ${image}:${other} | sort -u | wc -l`)
  t.is(await inspect('{{.Id}}'), '2')
  t.is(await inspect('{{.RootFS.Layers}}'), '1')
})

test('a tag that is not there is refused', async (t) => {
  const { code, stderr } = await host.run(`docker pull -q ${image}:v0.0.1`)
  t.not(code, 0)
  t.not(stderr, '')
})

test('Docker takes the settings of the host’s own', async (t) => {
  t.is(
    await says(`docker info -f '{{.LoggingDriver}} {{.LiveRestoreEnabled}} {{.RegistryConfig.Mirrors}}'`),
    `local true [${lab.registry!.url}/]`,
  )
})

test('what generate needs and does not get, it names', async (t) => {
  const generate = (variables: string) => says(`docker run --rm ${variables} ${image} generate`)
  t.is(await generate('-e SYNAPSE_REPORT_STATS=no'), "2: Environment variable 'SYNAPSE_SERVER_NAME' is mandatory in `generate` mode.")
  t.is(
    await generate('-e SYNAPSE_SERVER_NAME=a.example'),
    "2: Environment variable 'SYNAPSE_REPORT_STATS' is mandatory in `generate` mode.",
  )
  t.is(await says(`docker run --rm ${image} fly`), "2: Unknown execution mode 'fly'")
  t.regex(await says(`docker run --rm ${image}`), /^2: Config file '\/data\/homeserver\.yaml' does not exist\./)
})

test('Synapse is configured by generate, checked by -m synapse.config, and runs', async (t) => {
  const volume = '-v synapse-data:/data'
  const generate = `docker run --rm ${volume} -e SYNAPSE_SERVER_NAME=example.com -e SYNAPSE_REPORT_STATS=no ${image}:latest generate`
  t.regex(await says(generate), /A config file has been generated in '\/data\/homeserver\.yaml' for server name 'example\.com'/)
  const data = '/var/lib/docker/volumes/synapse-data/_data'
  const config = await says(`cat ${data}/homeserver.yaml`)
  t.regex(config, /^# Configuration file for Synapse\.$/m)
  t.true(config.includes('database:\n  name: sqlite3\n  args:\n    database: /data/homeserver.db\n'), config)
  t.regex(config, /^ {2}- port: 8008\n/m)
  t.regex(config, /^ {4}x_forwarded: true$/m)
  t.notRegex(config, /bind_addresses/)
  const owners = await says(`cd ${data} && stat -c '%u:%g %a %n' . *`)
  t.is(
    owners,
    ['991:991 755 .', '0:0 644 example.com.log.config', '991:991 640 example.com.signing.key', '991:991 644 homeserver.yaml'].join('\n'),
  )

  t.regex(await says(generate), /already exists/)
  t.is(await says(`cat ${data}/homeserver.yaml`), config)
  t.is(await says(`cd ${data} && stat -c '%u:%g %a %n' . *`), owners)

  const paths = '--config-path=/data/homeserver.yaml --config-path=/data/conf.d'
  const validate = `docker run --rm ${volume} ${image} run -m synapse.config ${paths}`
  await says(`mkdir ${data}/conf.d && echo 'enable_registration: false' >${data}/conf.d/50-mine.yaml`)
  t.regex(await says(validate), /Config parses OK!/)
  await says(`echo 'listeners: none' >${data}/conf.d/60-bad.yaml`)
  t.regex(await says(validate), /^1: /)
  await says(`rm ${data}/conf.d/60-bad.yaml`)

  await says(`docker run -d --name synapse -p 127.0.0.1:8008:8008 ${volume} ${image} run ${paths}`)
  const healthy = `i=0
until [ "$(docker inspect -f '{{.State.Health.Status}}' synapse)" = healthy ]; do
  i=$((i + 1)); [ $i -lt 720 ] || { docker logs synapse >&2; exit 1; }
  sleep 0.25
done`
  t.is(await says(healthy), '')
  t.regex(await says('curl -fsS http://127.0.0.1:8008/_matrix/client/versions'), /"v1\.1"/)
  const running = JSON.parse(await says('curl -fsS http://127.0.0.1:8008/_matrix/federation/v1/version'))
  t.true(`v${running.server.version}` in tags())
  t.is(await says(`docker exec synapse stat -c '%u:%g' /proc/1`), '991:991')
  const register = 'register_new_matrix_user -c /data/homeserver.yaml -u ann -p secret-of-ann --no-admin http://localhost:8008'
  t.regex(await says(`docker exec synapse ${register}`), /Success!/)
})
