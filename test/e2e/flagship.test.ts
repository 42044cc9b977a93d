import test from 'ava'
import { EXIT } from '../../src/commands/exit-code.ts'
import type { Suite } from '../../src/lab/lab.ts'
import { compareRuns } from '../../src/report/rehearsal.ts'
import { matrixHost, trouble } from '../helpers/flagship-host.ts'
import { testLab } from '../helpers/lab.ts'
import { eventsOf } from '../helpers/mhprov.ts'

const VARIANTS: { what: string; suite: Suite; vars: Record<string, unknown>; open: string; proof: string; says: string }[] = [
  {
    what: 'as it comes, on LMDE 7',
    suite: 'trixie',
    vars: {},
    open: '22 80 443',
    proof: `systemctl is-active docker apache2 unattended-upgrades; docker info --format "{{.LoggingDriver}}"
unattended-upgrade --dry-run -d 2>&1 | grep -o '^Allowed origins.*codename=trixie-security,label=Debian-Security' | grep -o '[^,]*$'`,
    says: 'active\nactive\nactive\nlocal\nlabel=Debian-Security',
  },
  {
    what: 'with all that is optional, on LMDE 6',
    suite: 'bookworm',
    vars: {
      laptop: true,
      firewall: true,
      database_connection: 'tcp',
      redirect_http: false,
      registration: 'token',
      url_previews: true,
      media_retention: '',
    },
    open: '22 443 5432',
    proof:
      'ufw status | grep -c ALLOW; systemctl is-enabled sleep.target suspend.target; grep -c ignore /etc/systemd/logind.conf.d/mhprov.conf',
    says: '5\nmasked\nmasked\n4',
  },
]

for (const { what, suite, vars, open, proof, says } of VARIANTS)
  test(`${what}: check, apply, apply again, verify`, async (t) => {
    t.timeout(900_000)
    const lab = await testLab(suite, (line) => t.log(line), { synapse: true })
    t.teardown(() => lab.destroy())
    const matrix = matrixHost(lab, await lab.host(), vars)

    const check = await matrix.run('check')
    t.is(check.code, EXIT.ok, check.stdout.slice(-2000))
    const apply = await matrix.apply()
    t.is(apply.ran.code, EXIT.ok, trouble(apply))
    t.deepEqual(compareRuns(eventsOf(check), eventsOf(apply.ran), []).wrong, [])
    const again = await matrix.apply()
    t.is(again.ran.code, EXIT.ok, trouble(again))
    t.deepEqual(again.changed, [])
    const verify = await matrix.run('verify')
    t.is(verify.code, EXIT.ok, verify.stdout + verify.stderr)
    t.is(
      await matrix.on(
        `ss -Hltn | awk '{print $4}' | grep -v -e '^127\\.' -e '^\\[::1\\]' | sed 's/.*://' | sort -nu | tr '\\n' ' ' | sed 's/ $//'`,
      ),
      open,
    )
    t.is(await matrix.on(proof), says)
  })
