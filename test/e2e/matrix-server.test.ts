import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import test from 'ava'
import { EXIT } from '../../src/commands/exit-code.ts'
import type { Lab } from '../../src/lab/lab.ts'
import { compareRuns } from '../../src/report/rehearsal.ts'
import { type MatrixHost, matrixHost, trouble } from '../helpers/flagship-host.ts'
import { testLab } from '../helpers/lab.ts'
import { endsOf, eventsOf, mhprov } from '../helpers/mhprov.ts'

const DATA = '/var/lib/docker/volumes/synapse-data/_data'
const TAGS = ['host', 'docker', 'synapse-image', 'synapse-config', 'postgres', 'synapse-db', 'tls', 'apache', 'synapse', 'users']
const SECRETS = {
  synapse_database_password: 'Q7known-database-password',
  synapse_registration_secret: 'Q7known-registration-secret',
  'matrix_user_passwords.alice': 'Q7known-password-of-alice',
  'matrix_user_passwords.bob': 'Q7known-password-of-bob',
}

let lab: Lab
let matrix: MatrixHost
/** Everything that mhprov has printed. */
const printed: string[] = []

test.before('a bare host', async (t) => {
  t.timeout(900_000)
  lab = await testLab('bookworm', (line) => t.log(line), { synapse: true })
  matrix = matrixHost(lab, await lab.host())
  for (const [name, value] of Object.entries(SECRETS)) {
    const set = await mhprov(['secrets', 'set', name, '-i', join(matrix.dir, 'inventory.yaml')], { env: matrix.env, stdin: value })
    t.is(set.code, EXIT.ok, set.stderr)
  }
})
test.after.always('destroys the lab', async () => lab?.destroy())

const apply = async (...args: string[]) => {
  const applied = await matrix.apply('-vv', '--diff', ...args)
  printed.push(applied.ran.stdout, applied.ran.stderr)
  return applied
}

/** Looks into every process of the host for secrets, again and again, until told to stop. Says in how many looks it saw one. */
async function watching(work: () => Promise<void>): Promise<string> {
  await matrix.host.run('umask 077; cat >/root/patterns', { stdin: `${Object.values(SECRETS).join('\n')}\n` })
  const watch = matrix.host.run(`rm -f /root/stop; seen=0 looks=0
while [ ! -e /root/stop ] && [ $looks -lt 20000 ]; do
  looks=$((looks + 1))
  cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n' | grep -a -F -f /root/patterns && seen=$((seen + 1))
  sleep 0.05
done
[ $looks -gt 10 ] && echo "seen $seen"`)
  await work()
  await matrix.host.run('touch /root/stop')
  return (await watch).stdout.trim()
}

const keep = () => matrix.on(`sha256sum <${DATA}/example.com.signing.key; stat -c %i ${DATA}`)
const starts = async (since: string) =>
  Number(await matrix.on(`docker events --since ${since} --until "$(date +%s)" --filter container=synapse --filter event=start | wc -l`))
const now = () => matrix.on('sleep 1; date +%s; sleep 1')

test.serial('each tag alone in a dry run on the bare host ends well and changes nothing', async (t) => {
  t.timeout(300_000)
  const held = () =>
    matrix.on('dpkg -l | sha256sum; find /etc /opt /srv /var/lib/docker /var/lib/postgresql -type f 2>/dev/null | sort | xargs sha256sum')
  const before = await held()
  for (const tag of [...TAGS, 'verify']) {
    const check = await matrix.run('check', '--tags', tag)
    t.is(check.code, EXIT.ok, `${tag}: ${check.stderr}${check.stdout.slice(-1500)}`)
  }
  t.is(await held(), before)
})

test.serial('half of it, a reboot in the midst of the rest, and the next apply finishes', async (t) => {
  t.timeout(900_000)
  const first = await apply('--tags', 'host,docker,synapse-image,synapse-config', '--skip-tags', 'synapse-db')
  t.is(first.ran.code, EXIT.ok, trouble(first))
  await matrix.on(`cp ${DATA}/homeserver.yaml /root/generated.yaml`)

  let rebooting: Promise<void> | undefined
  const cut = await mhprov(['apply', '-i', join(matrix.dir, 'inventory.yaml'), '--output', 'json'], {
    env: matrix.env,
    onOutput: (text) => {
      if (text.includes('"task:start"') && text.includes('Make the database')) rebooting ??= matrix.host.reboot()
    },
  })
  t.is(cut.code, EXIT.unreachable, cut.stdout.slice(-1500))
  await rebooting
  const seen = await watching(async () => {
    const rest = await apply()
    t.is(rest.ran.code, EXIT.ok, trouble(rest))
  })
  t.is(seen, 'seen 0')
})

test.serial('the watch does see a secret that stands on a command line', async (t) => {
  const seen = await watching(async () => {
    await matrix.host.run(`sh -c 'sleep 8; :' ${SECRETS.synapse_database_password}`)
  })
  t.regex(seen, /seen [1-9]/)
})

test.serial('a second apply, and each tag alone in any order, finds everything as it should be', async (t) => {
  t.timeout(300_000)
  for (const args of [[], ...[...TAGS].reverse().map((tag) => ['--tags', tag])]) {
    const again = await apply(...args)
    t.is(again.ran.code, EXIT.ok, trouble(again))
    t.true(again.ends.length > 0)
    t.deepEqual(
      again.ends.filter((end) => end.status !== 'ok' && end.status !== 'skipped').map((end) => `${end.task.name} ${end.status}`),
      [],
      args.join(' '),
    )
  }
})

test.serial('homeserver.yaml differs from what Synapse generated in its database block only', async (t) => {
  const [before, after] = [await matrix.on('cat /root/generated.yaml'), await matrix.on(`cat ${DATA}/homeserver.yaml`)].map((text) =>
    text.split('\n'),
  )
  const block = (lines: string[]) => {
    const from = lines.indexOf('database:')
    const length = lines.slice(from + 1).findIndex((line) => /^\S/.test(line)) + 1
    return { outside: [...lines.slice(0, from), ...lines.slice(from + length)], inside: lines.slice(from, from + length) }
  }
  t.deepEqual(block(after!).outside, block(before!).outside)
  t.true(block(before!).outside.some((line) => line.startsWith('#')))
  t.true(block(before!).inside.some((line) => line.includes('sqlite3')))
  t.deepEqual(block(after!).inside, [
    'database:',
    '  name: psycopg2',
    '  args:',
    '    user: synapse_user',
    `    password: ${SECRETS.synapse_database_password}`,
    '    dbname: synapse',
    '    host: /run/postgresql',
    '    cp_min: 1',
    '    cp_max: 25',
  ])
})

test.serial('every check of verify is green', async (t) => {
  t.timeout(120_000)
  const verify = await matrix.run('verify')
  printed.push(verify.stdout, verify.stderr)
  t.is(verify.code, EXIT.ok, verify.stdout + verify.stderr)
})

test.serial('a client that is not ours talks through Apache', async (t) => {
  t.timeout(120_000)
  const certificate = join(matrix.dir, 'server.crt')
  writeFileSync(certificate, await matrix.on('cat /etc/ssl/mhprov/matrix.example.com.crt'))
  const script = fileURLToPath(new URL('../../../test/e2e/nio-client.py', import.meta.url))
  const child = promisify(execFile)('/usr/bin/python3', [
    script,
    'matrix.example.com',
    matrix.host.address,
    certificate,
    '@alice:example.com',
  ])
  child.child.stdin!.end(SECRETS['matrix_user_passwords.alice'])
  const { stdout } = await child
  t.deepEqual(JSON.parse(stdout), { user: '@alice:example.com', 'read back': ['grüße, from another client'], 'media equal': true })
})

test.serial('only ssh, http and https are open beyond loopback', async (t) => {
  const open = await matrix.on(
    `ss -Hltn | awk '{print $4}' | grep -v -e '^127\\.' -e '^\\[::1\\]' | sed 's/.*://' | sort -nu | tr '\\n' ' '`,
  )
  t.is(open, '22 80 443')
  t.is(await matrix.on(`ss -Hltn | awk '{print $4}' | grep -c ':8008$'`), '1')
})

const DRIFTS: { what: string; by: string; changes: string[] }[] = [
  { what: 'the container removed', by: 'docker rm -f synapse', changes: ['Run Synapse'] },
  { what: 'the container stopped', by: 'docker stop synapse', changes: ['Run Synapse'] },
  { what: 'the site disabled', by: 'a2dissite -q matrix && systemctl reload apache2', changes: ['Serve Matrix', 'reload apache'] },
  {
    what: "the role's password changed",
    by: `runuser -u postgres -- psql -qc "ALTER ROLE synapse_user PASSWORD 'another'"`,
    changes: ['Make the role'],
  },
  {
    what: "the database block back to SQLite's",
    by: `cat /root/generated.yaml >${DATA}/homeserver.yaml`,
    changes: ['Point Synapse at the database', 'restart synapse'],
  },
  {
    what: 'the line of pg_hba.conf deleted',
    by: `sed -i '/synapse_user/d' /etc/postgresql/*/main/pg_hba.conf && systemctl reload postgresql`,
    changes: ['Let the role in with its password', 'reload postgresql'],
  },
  { what: 'a file mode loosened', by: `chmod 0644 ${DATA}/homeserver.yaml`, changes: ['Let only Synapse read them'] },
  {
    what: 'our settings edited',
    by: `sed -i s/50M/500M/ ${DATA}/conf.d/50-mhprov.yaml`,
    changes: ['Configure Synapse', 'restart synapse'],
  },
  {
    what: 'the certificate deleted',
    by: 'rm /etc/ssl/mhprov/matrix.example.com.crt',
    changes: ['Make a certificate, and a new one before it ends', 'reload apache'],
  },
  {
    what: 'Docker and PostgreSQL stopped',
    by: 'systemctl stop docker.socket docker postgresql',
    changes: ['Start Docker, now and at boot', 'Start PostgreSQL, now and at boot'],
  },
]

for (const { what, by, changes } of DRIFTS)
  test.serial(`${what}: repaired, and nothing else touched`, async (t) => {
    t.timeout(180_000)
    const before = await keep()
    await matrix.on(by)
    const check = await matrix.run('check')
    t.is(check.code, EXIT.ok, check.stdout.slice(-1500))
    const repair = await apply()
    t.is(repair.ran.code, EXIT.ok, trouble(repair))
    t.deepEqual(compareRuns(eventsOf(check), eventsOf(repair.ran), []).wrong, [])
    const proof = 'Prove that a message goes through'
    t.deepEqual(
      repair.changed.filter((name) => name !== proof),
      changes,
    )
    t.is(await keep(), before)
    t.deepEqual((await apply()).changed, [])
  })

const VARIABLES: { name: string; value: () => unknown; changes: string[] }[] = [
  { name: 'max_upload_size', value: () => '20M', changes: ['Configure Synapse', 'restart synapse'] },
  { name: 'cp_max', value: () => 10, changes: ['Point Synapse at the database', 'restart synapse'] },
  { name: 'synapse_settings', value: () => ({ max_upload_size: '10M' }), changes: ['Configure Synapse', 'restart synapse'] },
  { name: 'synapse_version', value: () => matrix.otherDigest, changes: ['Pull Synapse', 'Run Synapse'] },
]

for (const { name, value, changes } of VARIABLES)
  test.serial(`another ${name} changes what it must and starts Synapse once`, async (t) => {
    t.timeout(180_000)
    const since = await now()
    const given = ['-e', JSON.stringify({ [name]: value() })]
    const changed = await apply(...given, '--skip-tags', 'verify')
    t.is(changed.ran.code, EXIT.ok, trouble(changed))
    t.deepEqual(changed.changed, changes)
    await now()
    t.is(await starts(since), 1)
    t.deepEqual((await apply(...given)).changed, [])
    t.is((await apply()).ran.code, EXIT.ok)
  })

test.serial('a configuration that Synapse does not take is not put in service', async (t) => {
  t.timeout(120_000)
  const before = await matrix.on(`cat ${DATA}/conf.d/50-mhprov.yaml; docker inspect -f '{{.State.StartedAt}}' synapse`)
  await matrix.on(`printf 'listeners: 5\\n' >${DATA}/conf.d/99-hand.yaml`)
  const bad = await apply('--tags', 'synapse-db', '-e', '{"cp_max": 11}')
  t.is(bad.ran.code, EXIT.failed)
  t.regex(trouble(bad), /failed to validate/)
  await matrix.on(`rm ${DATA}/conf.d/99-hand.yaml`)
  t.is(await matrix.on(`cat ${DATA}/conf.d/50-mhprov.yaml; docker inspect -f '{{.State.StartedAt}}' synapse`), before)
  t.deepEqual((await apply()).changed, [])
})

test.serial('a signing key that is lost is not made anew', async (t) => {
  t.timeout(120_000)
  await matrix.on(`mv ${DATA}/example.com.signing.key /root/kept.key`)
  for (const verb of ['check', 'apply']) {
    const ran = await matrix.run(verb)
    t.is(ran.code, EXIT.failed)
    t.regex(ran.stdout, /signing key, \/var\/lib\/docker\S+, is gone; bring it back from a backup/)
  }
  await matrix.on(`test ! -e ${DATA}/example.com.signing.key && mv /root/kept.key ${DATA}/example.com.signing.key`)
  t.deepEqual((await apply()).changed, [])
})

test.serial('what Docker was told before stays', async (t) => {
  t.timeout(120_000)
  await matrix.on(`printf '{\n  "dns": ["192.0.2.53"],\n  "log-opts": { "max-size": "1m" }\n}\n' >/etc/docker/daemon.json`)
  const docker = await apply('--tags', 'docker')
  t.deepEqual(docker.changed, ['Limit the logs of containers', 'restart docker'], trouble(docker))
  t.deepEqual(JSON.parse(await matrix.on('cat /etc/docker/daemon.json')), {
    dns: ['192.0.2.53'],
    'log-driver': 'local',
    'log-opts': { 'max-size': '20m', 'max-file': '5' },
    'live-restore': true,
  })
  await matrix.on('rm /etc/docker/daemon.json')
  t.is((await apply('--tags', 'docker')).ran.code, EXIT.ok)
})

test.serial('another server name is refused, by a dry run and by any part of the playbook, before anything is changed', async (t) => {
  t.timeout(60_000)
  for (const args of [['check'], ['apply'], ['apply', '--tags', 'tls,apache']]) {
    const ran = await matrix.run(...args, '-e', 'server_name=example.org')
    t.is(ran.code, EXIT.failed, ran.stderr)
    const [failed, ...more] = endsOf(ran).filter((end) => end.status === 'failed')
    t.regex(failed!.failure!.message, /a Matrix server of another name than example\.org/)
    t.deepEqual(more, [])
  }
  t.deepEqual((await apply()).changed, [])
})

test.serial('after a reboot the server comes back by itself, and there is nothing to do', async (t) => {
  t.timeout(180_000)
  await matrix.host.reboot()
  await matrix.on('for i in $(seq 240); do curl -sf http://127.0.0.1:8008/health && exit 0; sleep 0.5; done; exit 1')
  const again = await apply()
  t.is(again.ran.code, EXIT.ok, trouble(again))
  t.deepEqual(again.changed, [])
})

test.serial('no secret was printed, and none is in the logs of the host', async (t) => {
  t.true(printed.join('').length > 100_000)
  for (const value of Object.values(SECRETS)) for (const text of printed) t.false(text.includes(value))
  t.is(await matrix.on('journalctl --no-pager -o cat | grep -c -F -f /root/patterns || :'), '0')
  t.is(await matrix.on('cat /var/log/postgresql/* /var/log/apache2/* | grep -a -c -F -f /root/patterns || :'), '0')
  t.is(await matrix.on('docker logs synapse 2>&1 | grep -c -F -f /root/patterns || :'), '0')
})
