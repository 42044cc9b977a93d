import test from 'ava'
import { EXIT } from '../../src/commands/exit-code.ts'
import type { Suite } from '../../src/lab/lab.ts'
import { testLab } from '../helpers/lab.ts'
import { labInventory } from '../helpers/lab-inventory.ts'
import { endsOf, folder, mhprov } from '../helpers/mhprov.ts'

for (const suite of ['bookworm', 'trixie'] satisfies Suite[]) {
  test(`on a bare ${suite} host: check, apply, apply again; Docker, PostgreSQL and Apache are active, each tag alone changes nothing`, async (t) => {
    t.timeout(600_000)
    const lab = await testLab(suite, (line) => t.log(line))
    t.teardown(() => lab.destroy())
    const host = await lab.host()
    const inventory = labInventory(folder({}), host, { ansible_user: 'mint', ansible_become_password: 'mint-password' })
    const run = (...args: string[]) => mhprov([...args, '-i', inventory, '--output', 'json'])

    const check = await run('check')
    t.is(check.code, EXIT.ok, check.stdout.slice(-2000))
    const apply = await run('apply')
    t.is(apply.code, EXIT.ok, apply.stdout.slice(-2000))
    const foretold = new Map(endsOf(check).map((end) => [end.task.id, end.status]))
    const wrong = endsOf(apply).filter((end) => {
      const said = foretold.get(end.task.id) ?? 'skipped'
      return said !== 'maybe' && said !== end.status && !(said === 'skipped' && end.status === 'ok')
    })
    t.deepEqual(
      wrong.map((end) => end.task.name),
      [],
    )

    const again = await run('apply')
    t.is(again.code, EXIT.ok)
    t.deepEqual([...new Set(endsOf(again).map((end) => end.status))], ['ok'])
    for (const tag of ['apache', 'docker', 'host', 'postgres']) {
      const one = await run('apply', '--tags', tag)
      t.is(one.code, EXIT.ok)
      t.true(endsOf(one).length > 0)
      t.deepEqual(
        endsOf(one).filter((end) => end.status !== 'ok'),
        [],
      )
    }

    const { stdout } = await host.run(
      'systemctl is-active docker apache2; pg_isready; docker info --format "{{.LoggingDriver}}"; apache2ctl -M 2>/dev/null | grep -c -e proxy_http -e ssl_module',
    )
    t.is(stdout, 'active\nactive\n/var/run/postgresql:5432 - accepting connections\nlocal\n2\n')
  })
}
