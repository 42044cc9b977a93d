import test from 'ava'
import { ufw as ufwFact } from '../../src/facts/ufw.ts'
import { deb822Repository } from '../../src/modules/deb822-repository.ts'
import { ufw } from '../../src/modules/ufw.ts'
import { labHost } from '../helpers/lab.ts'
import { labShell } from '../helpers/lab-shell.ts'
import { applies, ask, fails, leaves } from '../helpers/scratch.ts'
import { settle } from '../helpers/settle.ts'

// ufw and deb822_repository on one real host, one test after another: they share its firewall and its apt.

const host = labHost(test)
const there = () => ({ prefix: labShell(host()) })
const on = async (script: string): Promise<string> => (await host().run(script)).stdout.trim()

/** Whether a new connection to a port of the host gets through. */
const reaches = async (port: number): Promise<boolean> => {
  const { connect } = await import('node:net')
  return new Promise((done) => {
    const socket = connect({ host: host().address, port, timeout: 1500 })
    const end = (got: boolean) => {
      socket.destroy()
      done(got)
    }
    socket
      .on('connect', () => end(true))
      .on('timeout', () => end(false))
      .on('error', () => end(false))
  })
}

test.serial('ufw: missing, it is named with the way out', async (t) => {
  t.is(await fails(t, ufw, { state: 'enabled' }, there()), 'ufw is not installed on the host: add a task `apt: {name: ufw}`')
})

test.serial('ufw: enabling without a rule for SSH is refused', async (t) => {
  t.timeout(300_000)
  await on('export DEBIAN_FRONTEND=noninteractive; apt-get -q update && apt-get -q -y install --no-install-recommends ufw')
  await on('for p in 8000 8001; do systemd-run --quiet --working-directory=/srv python3 -m http.server $p; done')
  for (const params of [
    { state: 'enabled' },
    { state: 'enabled', rule: 'allow', to_port: '80' },
    { state: 'enabled', rule: 'allow', to_port: '22', from_ip: '192.0.2.1' },
  ])
    t.regex(
      await fails(t, ufw, params, there()),
      /^this would lock you out: the firewall would refuse new SSH connections from [\d.]+ to port 22\. Allow them first, with a task `ufw: \{rule: allow, port: "22", proto: tcp\}`$/,
    )
  t.is(await on('ufw status'), 'Status: inactive')
})

test.serial('ufw: the connection is found by a shell that lost its environment', async (t) => {
  const bare = there().prefix.map((word) => word.replace('exec sh -c $q', 'env -i PATH=/usr/sbin:/usr/bin sh -c $q; exit 0'))
  const { ssh } = await ask(ufwFact(), bare)
  t.is(ssh?.port, 22)
  t.is(ssh?.server, host().address)
  t.not(ssh?.interface, '')
})

test.serial('ufw: rules and the firewall in one task, then it filters', async (t) => {
  const { result } = await applies(t, ufw, { rule: 'allow', to_port: '22', proto: 'tcp', comment: 'SSH é', state: 'enabled' }, there())
  t.deepEqual(result.commands, ["ufw allow in proto tcp from any to any port 22 comment 'SSH é'", 'ufw --force enable'])
  t.is(result.msg, 'Status: active\nLogging: on (low)\nDefault: deny (incoming), allow (outgoing), deny (routed)')
  await applies(t, ufw, { rule: 'allow', to_port: 8000, proto: 'tcp' }, there())
  await on(
    'for i in 1 2 3 4 5 6 7 8 9; do curl -s -o /dev/null http://127.0.0.1:8000/ && curl -s -o /dev/null http://127.0.0.1:8001/ && break; sleep 0.5; done',
  )
  t.true(await reaches(22))
  t.true(await reaches(8000))
  t.false(await reaches(8001))
  t.regex(await on('ufw status verbose'), /^Status: active\n[\s\S]*22\/tcp +ALLOW IN +Anywhere +# SSH é\n/)
  await leaves(t, ufw, { state: 'enabled', rule: 'allow', to_port: '22', proto: 'tcp' }, there())
})

const RULES: [params: object, again?: object][] = [
  [{ rule: 'deny', direction: 'out', to_port: '25' }],
  [
    { rule: 'limit', name: 'openssh' },
    { rule: 'limit', name: 'OpenSSH' },
  ],
  [{ rule: 'allow', name: 'CIFS', from_ip: '10.0.0.0/8' }],
  [{ rule: 'allow', name: 'NFS' }],
  [
    { rule: 'allow', to_port: '443,80,6000:7000', proto: 'tcp', log: true },
    { rule: 'allow', to_port: '80,6000:7000,443', proto: 'tcp', log: true },
  ],
  [
    { rule: 'allow', from_ip: '10.1.2.3/255.255.0.0', to_port: '5432' },
    { rule: 'allow', from_ip: '10.1.0.0/16', to_port: '5432' },
  ],
  [{ rule: 'reject', to_ip: '10.0.0.1', from_port: '53', from_ip: '192.168.0.1', proto: 'udp', to_port: '1024:2000' }],
  [
    { rule: 'allow', interface: 'eth0', direction: 'in', to_port: '9' },
    { rule: 'allow', interface_in: 'eth0', to_port: '9' },
  ],
  [{ rule: 'allow', route: true, interface_in: 'eth0', interface_out: 'eth1', to_port: '80', proto: 'tcp' }],
  [{ rule: 'allow', proto: 'igmp' }],
  [{ default: 'reject', direction: 'incoming' }],
  [{ default: 'deny', direction: 'outgoing', logging: 'medium' }, { logging: 'on' }],
]
test.serial('ufw: every kind of rule is added once, is as foretold, and can be taken away', async (t) => {
  t.timeout(180_000)
  for (const [params, again] of RULES) {
    await applies(t, ufw, params, there())
    if (again) await leaves(t, ufw, again, there())
  }
  await applies(t, ufw, { default: 'allow', direction: 'outgoing' }, there())
  // another action for the same traffic changes the rule where it stands
  await applies(t, ufw, { rule: 'reject', direction: 'out', to_port: '25' }, there())
  for (const params of RULES.map(([one]) => one).filter((one) => 'name' in one || 'log' in one || 'route' in one))
    await applies(t, ufw, { ...params, delete: true }, there())
})

test.serial('ufw: places', async (t) => {
  await applies(t, ufw, { rule: 'deny', from_ip: '192.0.2.1', insert: 1 }, there())
  await applies(t, ufw, { rule: 'deny', from_ip: '2001:db8::1', insert: 0, insert_relative_to: 'first-ipv6' }, there())
  await applies(t, ufw, { rule: 'deny', from_ip: '192.0.2.2', insert: 99 }, there())
  const { rules, rules6 } = await ask(ufwFact(), there().prefix)
  t.regex(rules[0]!, / 192\.0\.2\.1 in$/)
  t.regex(rules.at(-1)!, / 192\.0\.2\.2 in$/)
  t.regex(rules6[0]!, / 2001:db8::1 in$/)
})

test.serial('ufw: what would close the door is refused while it is running', async (t) => {
  for (const params of [
    { rule: 'allow', to_port: '22', proto: 'tcp', delete: true },
    { rule: 'deny', to_port: '22', proto: 'tcp' },
    { rule: 'reject', insert: 1, proto: 'tcp' },
  ])
    t.regex(await fails(t, ufw, params, there()), /^this would lock you out/)
  t.true(await reaches(22))
  t.is(
    await fails(t, ufw, { rule: 'allow', name: 'Nope' }, there()).then((msg) => msg.split(':')[0]),
    'there is no application profile Nope',
  )
})

test.serial('ufw: rules that were flushed come back, reloading is no change, disabling and resetting', async (t) => {
  await on('/lib/ufw/ufw-init force-stop')
  await applies(t, ufw, { state: 'enabled' }, there())
  const reloaded = await settle(ufw, { state: 'reloaded' }, there())
  t.like(reloaded.result, { changed: false, commands: ['ufw reload'] })
  await applies(t, ufw, { state: 'disabled' }, there())
  t.is(await on('grep ^ENABLED /etc/ufw/ufw.conf'), 'ENABLED=no')
  await leaves(t, ufw, { state: 'reloaded' }, there())
  await applies(t, ufw, { state: 'reset' }, there())
  await leaves(t, ufw, { state: 'reset' }, there())
  t.is((await ask(ufwFact(), there().prefix)).rules.length, 0)
})

const REPOSITORY = `set -e
mkdir -p /srv/repo /tmp/build/p/DEBIAN; cd /tmp/build
printf 'Package: mhtest\\nVersion: 1\\nArchitecture: all\\nMaintainer: t <t@example.org>\\nDescription: test\\n' >p/DEBIAN/control
dpkg-deb -b p /srv/repo/mhtest_1_all.deb >/dev/null
cd /srv/repo
{ dpkg-deb -f mhtest_1_all.deb; echo 'Filename: ./mhtest_1_all.deb'; echo "Size: $(stat -c %s mhtest_1_all.deb)"; echo "SHA256: $(sha256sum mhtest_1_all.deb | cut -d' ' -f1)"; } >Packages
{ echo 'Origin: mhtest'; echo "Date: $(date -Ru)"; echo 'SHA256:'; echo " $(sha256sum Packages | cut -d' ' -f1) $(stat -c %s Packages) Packages"; } >Release
export GNUPGHOME=/tmp/build/gnupg; mkdir -m 700 -p $GNUPGHOME
gpg --batch --quiet --passphrase '' --quick-gen-key mhtest ed25519 sign never
gpg --batch --quiet --clearsign -o InRelease Release
gpg --batch --armor --export mhtest >/srv/key.asc; gpg --batch --export mhtest >/srv/key
echo '<html>not found</html>' >/srv/page
gpg --batch --with-colons --list-keys mhtest | sed -n 's/^fpr:*\\([0-9A-F]*\\):$/\\1/p' | head -n 1`

const update = (name: string) =>
  on(
    `apt-get -q update -o APT::Sandbox::User=root -o Dir::Etc::sourcelist=/etc/apt/sources.list.d/${name}.sources -o Dir::Etc::sourceparts=- 2>&1 && apt-cache policy mhtest`,
  )

test.serial('deb822_repository: a signed repository by the key of each kind', async (t) => {
  t.timeout(120_000)
  const fingerprint = await on(REPOSITORY)
  const flat = { uris: 'file:/srv/repo', suites: './' }
  for (const [name, url] of [
    ['By URL', 'http://127.0.0.1:8001/key.asc'],
    ['by_binary', 'http://127.0.0.1:8001/key'],
  ] as const) {
    const params = { name, ...flat, signed_by: url }
    // not `applies`: how long the key will be is not known beforehand
    const { result } = await settle(deb822Repository, params, there())
    t.like(result, { changed: true })
    await leaves(t, deb822Repository, params, there())
    const file = name.toLowerCase().replace(/[ _]/, '-')
    t.like(result, { dest: `/etc/apt/sources.list.d/${file}.sources`, key_filename: `/etc/apt/keyrings/${file}.gpg` })
    t.is(await on(`cat ${result.dest}`), String(result.repo).trim())
    t.is(await on(`cmp /srv/key ${result.key_filename} && stat -c %a ${result.key_filename} ${result.dest}`), '644\n644')
    t.regex(await update(file), /Candidate: 1\n/)
    await applies(t, deb822Repository, { name, state: 'absent' }, there())
    t.is(await on('ls /etc/apt/keyrings'), '')
  }
  await applies(t, deb822Repository, { name: 'inline', ...flat, signed_by: await on('cat /srv/key.asc') }, there())
  t.regex(await update('inline'), /Candidate: 1\n/)
  // drift by hand is mended
  await on('echo "Enabled: no" >>/etc/apt/sources.list.d/inline.sources; chmod 600 /etc/apt/sources.list.d/inline.sources')
  await applies(t, deb822Repository, { name: 'inline', ...flat, signed_by: '/srv/key.asc' }, there())
  t.regex(await update('inline'), /Candidate: 1\n/)
  await on('cp /srv/key /etc/apt/trusted.gpg.d/mhtest.gpg')
  await applies(t, deb822Repository, { name: 'inline', ...flat, signed_by: fingerprint }, there())
  t.regex(await update('inline'), /Candidate: 1\n/)
  await applies(t, deb822Repository, { name: 'inline', ...flat, signed_by: fingerprint, enabled: false }, there())
  t.regex(await on('apt-get -q indextargets --format "\\$(REPO_URI)" | grep -c srv/repo || :'), /^0$/)
})

test.serial('deb822_repository: a page that is no key is refused, and nothing is left', async (t) => {
  const params = { name: 'bad', uris: 'file:/srv/repo', suites: './' }
  t.regex(await fails(t, deb822Repository, { ...params, signed_by: 'http://127.0.0.1:8001/page' }, there()), /gave is no public key$/)
  t.regex(
    await fails(t, deb822Repository, { ...params, signed_by: 'http://127.0.0.1:8001/none' }, there()),
    /cannot fetch http:\/\/127\.0\.0\.1:8001\/none$/,
  )
  t.is(await on('ls -A /etc/apt/keyrings; ls /etc/apt/sources.list.d | grep bad || :'), '')
})
