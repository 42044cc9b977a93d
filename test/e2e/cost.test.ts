import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { localTarget } from '../../src/transport/local.ts'
import { connectSsh } from '../../src/transport/ssh.ts'
import { labHost } from '../helpers/lab.ts'
import { folder } from '../helpers/mhprov.ts'
import { play } from '../helpers/play.ts'

const host = labHost(test)

const TASKS = Array.from(
  { length: 50 },
  (_, i) => `
    - file: { path: /opt/cost/d${i}, state: directory, mode: "0755" }
    - copy: { dest: /opt/cost/d${i}/f, content: "content ${i}\\n", mode: "0644" }
    - lineinfile: { path: /opt/cost/d${i}/l, line: "line ${i}", create: true, mode: "0644" }
    - systemd_service: { name: ${i % 2 ? 'ssh' : 'systemd-journald'}, state: started }`,
).join('')
const PLAY = `- hosts: all\n  tasks:\n    - file: { path: /opt/cost, state: directory }${TASKS}\n`

// Stands before the real tools in PATH and notes each start.
const COUNTED = [
  'stat',
  'sha1sum',
  'sha256sum',
  'md5sum',
  'systemctl',
  'tar',
  'find',
  'getent',
  'readlink',
  'realpath',
  'base64',
  'cat',
  'id',
  'ls',
  'wc',
]

test('200 tasks with nothing to change: one connection, one shell, at most 3 round trips, one fork per kind of fact', async (t) => {
  const connect = () =>
    connectSsh({
      ...localTarget('laptop'),
      connection: 'ssh',
      address: host().address,
      port: host().port,
      user: 'root',
      privateKeyFile: host().privateKeyFile,
      hostKeys: [host().hostKey],
    })
  const dir = folder({})
  writeFileSync(join(dir, 'x'), '')
  const first = await play(PLAY, { dir, connect })
  t.is(
    first.summary.hosts.here?.status,
    'ok',
    JSON.stringify(first.events.filter((event) => event.type === 'task:end' && event.status === 'failed').slice(0, 3)),
  )

  await host().run(
    COUNTED.map(
      (tool) =>
        `real=$(command -v ${tool}); printf '#!/bin/sh\\necho ${tool} >> /run/forks\\nexec %s "$@"\\n' "$real" > /usr/local/sbin/${tool}; chmod 755 /usr/local/sbin/${tool}`,
    ).join('\n'),
  )
  await host().run('rm -f /run/forks')
  const again = await play(PLAY, { dir, connect })
  const { stdout } = await host().run(`/bin/cat /run/forks; rm -f ${COUNTED.map((tool) => `/usr/local/sbin/${tool}`).join(' ')}`)

  t.is(again.ends.filter((end) => !end.endsWith(' ok')).length, 0)
  t.is(again.ends.length, 201)
  t.is(again.connections.length, 1)
  const { shells, roundTrips } = again.connections[0]!.counts
  t.is(shells, 1)
  t.true(roundTrips <= 3, `${roundTrips} round trips`)
  const counts = new Map<string, number>()
  for (const tool of stdout.trim().split('\n')) counts.set(tool, (counts.get(tool) ?? 0) + 1)
  t.log(Object.fromEntries(counts))
  // stat answers two kinds (with and without following links); no tool is started once per task
  for (const [tool, count] of counts) t.true(count <= 3, `${tool}: ${count}`)
})
