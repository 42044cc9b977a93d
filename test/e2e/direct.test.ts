import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { EXIT } from '../../src/commands/exit-code.ts'
import { openAcme } from '../../src/lab/acme.ts'
import { federationSettings } from '../../src/lab/neighbour.ts'
import { matrixHost, trouble } from '../helpers/flagship-host.ts'
import { testLab } from '../helpers/lab.ts'

test('without Cloudflare: a certificate by HTTP-01, .well-known by Apache, green from outside', async (t) => {
  t.timeout(900_000)
  const lab = await testLab('trixie', (line) => t.log(line), { synapse: true, edge: true })
  t.teardown(() => lab.destroy())
  const host = await lab.host()
  const { names, address } = lab.edge!
  for (const name of ['example.com', 'matrix.example.com']) names[name] = host.address
  const acme = await openAcme({ dnsServer: `${address}:53`, address, install: (line) => t.log(line) })
  t.teardown(() => acme.close())
  const matrix = matrixHost(lab, host, {
    edge: 'direct',
    certificate: 'letsencrypt',
    certificate_ca: '/etc/ssl/issuer.pem',
    well_known: 'apache',
    letsencrypt_email: 'ops@example.com',
    letsencrypt_server: acme.url,
    letsencrypt_ca_bundle: '/etc/ssl/acme.pem',
    verify_resolver: `${address}:53`,
    synapse_settings: federationSettings,
    security_updates: false,
  })
  const roots = join(matrix.dir, 'roots.pem')
  writeFileSync(roots, acme.roots)
  await host.run('cat >/etc/ssl/acme.pem', { stdin: acme.caBundle })
  await host.run('cat >/etc/ssl/issuer.pem', { stdin: acme.roots })
  const given = ['-e', JSON.stringify({ verify_ca: roots })]

  const check = await matrix.run('check', ...given)
  t.is(check.code, EXIT.ok, check.stdout.slice(-2000))
  const first = await matrix.apply(...given)
  t.is(first.ran.code, EXIT.ok, trouble(first))
  const proof = first.ends.find((end) => end.task.module === 'matrix_verify')!.result.checks as { from: string; ok: boolean | null }[]
  t.true(proof.filter(({ from }) => from === 'outside').length > 10)
  t.deepEqual(
    proof.filter(({ ok }) => ok !== true),
    [],
  )
  const again = await matrix.apply(...given)
  t.deepEqual([again.ran.code, again.changed], [EXIT.ok, []], trouble(again))
  t.is(await matrix.on('systemctl is-active certbot.timer'), 'active')
})
