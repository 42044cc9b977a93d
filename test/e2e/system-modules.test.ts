import test, { type ExecutionContext } from 'ava'
import { hostFact } from '../../src/facts/host.ts'
import type { AnyModule } from '../../src/module/define.ts'
import { apt } from '../../src/modules/apt.ts'
import { group } from '../../src/modules/group.ts'
import { service } from '../../src/modules/service.ts'
import { systemdService } from '../../src/modules/systemd-service.ts'
import { user } from '../../src/modules/user.ts'
import { labHost } from '../helpers/lab.ts'
import { labShell } from '../helpers/lab-shell.ts'
import { type Settled, settle, shell } from '../helpers/settle.ts'

// apt, user, group and the units of one real host. The tests of apt share its one dpkg database, so all run one after another.

const host = labHost(test)

const prefix = () => labShell(host())

const on = async (script: string): Promise<string> => (await host().run(script)).stdout.trim()

/** Applies, compares what was planned, and sees that the second application plans nothing. */
async function settles(t: ExecutionContext, module: AnyModule, params: object, planned: string[]): Promise<Settled> {
  const first = await settle(module, params, { prefix: prefix() })
  const note = JSON.stringify(params)
  t.falsy(first.result.failed, `${note}: ${first.result.msg}`)
  t.deepEqual(
    first.changes.map((change) => change.summary),
    planned,
    note,
  )
  t.is(first.result.changed, planned.length > 0, note)
  const second = await settle(module, params, { prefix: prefix() })
  t.deepEqual([second.changes, second.result.changed], [[], false], `${note}: second application`)
  return first
}

async function fails(t: ExecutionContext, module: AnyModule, params: object, msg: string | RegExp): Promise<Settled> {
  const { result, ...rest } = await settle(module, params, { prefix: prefix() })
  t.true(result.failed, JSON.stringify(params))
  if (typeof msg === 'string') t.is(result.msg, msg)
  else t.regex(result.msg!, msg)
  return { result, ...rest }
}

// A repository of small packages: two versions, provided names, a configuration file, scripts that tell or fail.
const REPOSITORY = `set -e
mkdir -p /srv/repo /tmp/build; cd /tmp/build
mk() {
rm -rf p; mkdir -p p/DEBIAN p/usr/share/mhtest; echo "$1 $2" >p/usr/share/mhtest/$1
printf 'Package: %s\\nVersion: %s\\nArchitecture: all\\nMaintainer: t <t@example.org>\\nDescription: test\\n%b' "$1" "$2" "$3" >p/DEBIAN/control
[ -z "$4" ] || { printf '#!/bin/sh\\n%s\\n' "$4" >p/DEBIAN/postinst; chmod 755 p/DEBIAN/postinst; }
[ "$1" != confy ] || { mkdir p/etc; echo x >p/etc/confy.conf; echo /etc/confy.conf >p/DEBIAN/conffiles; }
dpkg-deb -b p "/srv/repo/$1_$2_all.deb" >/dev/null
}
mk foo 1.0.0; mk foo 1.0.1; mk foobar 1.0 'Depends: foo\\n'; mk virt-a 1 'Provides: virt-x\\n'
mk prov-a 1 'Provides: virt-y\\n'; mk prov-b 1 'Provides: virt-y\\n'; mk clash 1 'Conflicts: foo\\n'; mk confy 1
mk daemony 1 '' '/usr/sbin/policy-rc.d x start; echo $? >/tmp/policy-said'
mk broken 1 '' '[ ! -e /tmp/break ] || { echo no luck >&2; exit 1; }'; mk nodeps 1 'Depends: nowhere-to-be-found\\n'
cd /srv/repo
for d in *.deb; do dpkg-deb -f $d; echo "Filename: ./$d"; echo "Size: $(stat -c %s $d)"; echo "SHA256: $(sha256sum $d | cut -d' ' -f1)"; echo; done >Packages
echo 'deb [trusted=yes] file:/srv/repo ./' >/etc/apt/sources.list.d/local.list`

test.serial('apt: the lists are fetched once within their time', async (t) => {
  await on('rm -rf /var/lib/apt/lists/*_* /var/cache/apt/*.bin')
  await on(REPOSITORY)
  await fails(t, apt, { name: 'foo' }, "No package matching 'foo' is available")
  const updated = await settles(t, apt, { update_cache: true, cache_valid_time: 3600 }, ['update the package lists'])
  t.true(updated.result.cache_updated)
  t.true((updated.result.cache_update_time as number) > 1_600_000_000)
  await settles(t, apt, { cache_valid_time: 3600, name: 'dpkg' }, [])
})

test.serial('apt: asking writes nothing', async (t) => {
  await on('rm -f /var/cache/apt/*.bin')
  await settle(apt, { name: ['foo', 'fo?bar'], state: 'latest' }, { prefix: prefix(), check: true })
  await settle(apt, { upgrade: 'dist' }, { prefix: prefix(), check: true })
  t.is(await on('ls /var/cache/apt'), 'archives')
})

test.serial('apt: versions', async (t) => {
  await settles(t, apt, { name: 'foo=1.0.0' }, ['install foo 1.0.0'])
  await settles(t, apt, { name: 'foo' }, [])
  await settles(t, apt, { name: 'foo', state: 'latest' }, ['foo 1.0.0 → 1.0.1'])
  await fails(t, apt, { name: 'foo=1.0.0' }, 'apt-get failed: Packages were downgraded and -y was used without --allow-downgrades.')
  await settles(t, apt, { name: 'foo=1.0.0', allow_downgrade: true }, ['foo 1.0.1 → 1.0.0'])
  await settles(t, apt, { name: 'foo=1.0.*', state: 'latest' }, ['foo 1.0.0 → 1.0.1'])
  await settles(t, apt, { name: 'foo>=1.0.1' }, [])
  await fails(t, apt, { name: 'foo>=2' }, 'no available installation candidate for foo>=2')
})

test.serial('apt: fresh lists that bring nothing newer are no change', async (t) => {
  const { result, changes } = await settle(apt, { name: 'foo', state: 'latest', update_cache: true }, { prefix: prefix() })
  t.is(changes[0]?.summary, 'update the package lists, upgrade if there is a newer one: foo')
  t.like(result, { changed: false, cache_updated: true })
})

test.serial('apt: packages on hold', async (t) => {
  await settles(t, apt, { name: 'foo=1.0.0', allow_downgrade: true }, ['foo 1.0.1 → 1.0.0'])
  await on('apt-mark hold foo')
  for (const state of ['latest', 'absent']) {
    const { result } = await fails(t, apt, { name: 'foo', state }, /--allow-change-held-packages/)
    t.regex(result.stderr as string, /--allow-change-held-packages/)
    t.false(result.changed)
  }
  await settles(t, apt, { name: 'foo', state: 'absent', allow_change_held_packages: true }, ['remove foo'])
})

test.serial('apt: provided names, patterns, unknown names', async (t) => {
  await settles(t, apt, { name: 'virt-x' }, ['install virt-x'])
  await fails(t, apt, { name: 'virt-y' }, /^'virt-y' is provided by several packages, name one of them: prov-[ab], prov-[ab]$/)
  await settles(t, apt, { name: ['pro?-a', 'prov-[b]'] }, ['install prov-a 1, prov-b 1'])
  await settles(t, apt, { name: 'prov-*', state: 'absent' }, ['remove prov-a, prov-b'])
  await fails(t, apt, { name: ['foo', 'no-such-package'] }, "No package matching 'no-such-package' is available")
})

test.serial('apt: configuration that stays, and purging', async (t) => {
  await settles(t, apt, { name: 'confy' }, ['install confy 1'])
  await settles(t, apt, { name: 'confy', state: 'absent' }, ['remove confy'])
  t.is(await on('cat /etc/confy.conf'), 'x')
  await settles(t, apt, { name: 'confy', state: 'absent', purge: true }, ['purge confy'])
  t.is(await on('ls /etc/confy.conf 2>/dev/null'), '')
})

test.serial('apt: a package whose script fails is finished the next time', async (t) => {
  await on('touch /tmp/break')
  await fails(t, apt, { name: 'broken' }, /^apt-get failed: dpkg: error processing package broken \(--configure\): .*status 1; Sub-process/)
  await on('rm /tmp/break')
  await settles(t, apt, { name: 'broken' }, ['install broken 1'])
})

test.serial('apt: what cannot be installed is told with the reason', async (t) => {
  await settles(t, apt, { name: 'foo' }, ['install foo 1.0.1'])
  await fails(t, apt, { name: 'nodeps' }, /nodeps : Depends: nowhere-to-be-found but it is not installable/)
  await fails(t, apt, { name: 'clash', fail_on_autoremove: true }, 'apt-get failed: Packages need to be removed but remove is disabled.')
})

test.serial('apt: policy_rc_d is there only while installing, and what was there comes back', async (t) => {
  await on("printf 'mine\\n' >/usr/sbin/policy-rc.d")
  await settles(t, apt, { name: 'daemony', policy_rc_d: 101 }, ['install daemony 1'])
  t.is(await on('cat /tmp/policy-said /usr/sbin/policy-rc.d; rm /usr/sbin/policy-rc.d'), '101\nmine')
})

test.serial('apt: what came for others goes, unless it was asked for', async (t) => {
  await settles(t, apt, { name: 'foo', state: 'absent' }, ['remove foo'])
  await settles(t, apt, { name: 'foobar' }, ['install foobar 1.0'])
  t.is(await on('apt-mark showauto foo'), 'foo')
  const marked = await settle(apt, { name: 'foo' }, { prefix: prefix() })
  t.false(marked.result.changed)
  t.is(await on('apt-mark showmanual foo'), 'foo')
  await settles(t, apt, { name: 'foo' }, [])
  await on('apt-mark auto foo')
  await settles(t, apt, { name: 'foobar', state: 'absent' }, ['remove foobar'])
  const checked = await settle(apt, { autoremove: true }, { prefix: prefix(), check: true })
  t.regex(checked.result.stdout as string, /^Remv foo /m)
  await settles(t, apt, { autoremove: true, purge: true }, ['remove packages no longer needed: foo'])
})

test.serial('apt: package files, from the host and from a URL', async (t) => {
  await settles(t, apt, { deb: '/srv/repo/foo_1.0.0_all.deb' }, ['install /srv/repo/foo_1.0.0_all.deb'])
  await settles(t, apt, { deb: 'file:///srv/repo/foo_1.0.1_all.deb' }, ['install file:///srv/repo/foo_1.0.1_all.deb'])
  await settles(t, apt, { deb: '/srv/repo/foo_1.0.0_all.deb' }, [])
  await settles(t, apt, { deb: '/srv/repo/foobar_1.0_all.deb' }, ['install /srv/repo/foobar_1.0_all.deb'])
  await fails(t, apt, { deb: '/nowhere.deb' }, 'apt-get failed: Unable to install package: there is no file /nowhere.deb')
})

test.serial('apt: upgrading, cleaning, repairing', async (t) => {
  await settles(t, apt, { deb: '/srv/repo/foo_1.0.0_all.deb', allow_downgrade: true }, ['install /srv/repo/foo_1.0.0_all.deb'])
  const foretold = await settle(apt, { upgrade: 'dist' }, { prefix: prefix(), check: true })
  t.regex(foretold.changes[0]!.diff!.before, /^foo 1\.0\.0$/m)
  t.regex(foretold.result.stdout as string, /^Inst foo \[1\.0\.0\] \(1\.0\.1/m)
  await on('touch /var/cache/apt/archives/x.deb')
  const clean = await settle(apt, { clean: true }, { prefix: prefix() })
  t.true(clean.result.changed)
  await settles(t, apt, { clean: true }, [])
  await settles(t, apt, { state: 'fixed' }, [])
})

test.serial('apt: another process that holds a lock is named and waited for', async (t) => {
  const hold = (lock: string) =>
    on(
      `perl -e 'use Fcntl; open(F, "+>>", $ARGV[0]); $p = pack("s s l! l! i", F_WRLCK, 0, 0, 0, 0); fcntl(F, F_SETLK, $p) or die; sleep 8' ${lock} >/dev/null 2>&1 & sleep 1`,
    )
  await hold('/var/lib/apt/lists/lock')
  const updated = await settle(apt, { update_cache: true }, { prefix: prefix() })
  t.regex(updated.result.stderr as string, /^waiting for \/var\/lib\/apt\/lists\/lock\. It is held by process \d+ \(perl\)$/m)
  t.true(updated.result.changed)
  await hold('/var/lib/dpkg/lock-frontend')
  const removed = await settle(apt, { name: 'virt-a', state: 'absent' }, { prefix: prefix() })
  t.regex(removed.result.stdout as string, /Could not get lock \/var\/lib\/dpkg\/lock-frontend\. It is held by process \d+ \(perl\)/)
  t.true(removed.result.changed)
  await hold('/var/lib/apt/lists/lock')
  await fails(
    t,
    apt,
    { update_cache: true, lock_timeout: 0, update_cache_retries: 0 },
    /^Failed to update apt cache: Could not get lock .* held by process/,
  )
})

test.serial('apt: a source that cannot be reached fails the update', async (t) => {
  await on("echo 'deb http://127.0.0.1:9/none x main' >/etc/apt/sources.list.d/bad.list")
  await fails(
    t,
    apt,
    { update_cache: true, update_cache_retries: 1 },
    /^Failed to update apt cache: Failed to fetch http:\/\/127\.0\.0\.1:9\/none/,
  )
  await on('rm /etc/apt/sources.list.d/bad.list')
})

test.serial('group: made, renumbered, removed', async (t) => {
  const made = await settles(t, group, { name: 'mhg' }, ['create group mhg'])
  const gid = made.result.gid as number
  t.is(await on('getent group mhg'), `mhg:x:${gid}:`)
  const renumbered = await settles(t, group, { name: 'mhg', gid: 4321 }, [`group mhg: number ${gid} → 4321`])
  t.is(renumbered.result.gid, 4321)
  await fails(t, group, { name: 'mhg2', gid: 4321 }, "GID '4321' already exists")
  await settles(t, group, { name: 'mhg2', gid: 4321, non_unique: true }, ['create group mhg2 (4321)'])
  const bound = await settles(t, group, { name: 'mhs', gid_min: 30000, gid_max: 30001 }, ['create group mhs'])
  t.is(bound.result.gid, 30000)
  for (const name of ['mhg2', 'mhg', 'mhs']) await settles(t, group, { name, state: 'absent' }, [`remove group ${name}`])
  await fails(t, group, { name: 'root', state: 'absent' }, /cannot remove the primary group of user 'root'/)
})

const HASH = `$6$saltsalt$${'a'.repeat(86)}`
const shadow = async () => (await on('getent shadow mhu')).split(':')

test.serial('user: made with all it is told, and changed only where it differs', async (t) => {
  const made = await settles(
    t,
    user,
    {
      name: 'mhu',
      comment: "O'Neil",
      groups: 'sudo,4',
      shell: '/bin/bash',
      home: '/srv/deep/mhu',
      password: HASH,
      password_lock: true,
      expires: 2529881062,
    },
    ['create user mhu'],
  )
  t.like(made.result, { home: '/srv/deep/mhu', groups: 'adm,sudo', comment: "O'Neil", shell: '/bin/bash', state: 'present' })
  t.deepEqual(
    (await shadow()).slice(1).filter((_, i) => i !== 1),
    [`!${HASH}`, '0', '99999', '7', '', '29281', ''],
  )
  t.is(await on('stat -c %U:%G /srv/deep/mhu /srv/deep'), 'mhu:mhu\nroot:root')
  await settles(t, user, { name: 'mhu', password: HASH, password_lock: false }, ['user mhu: unlock the password'])
  await settles(t, user, { name: 'mhu', password: '*', password_expire_max: 10, expires: -1 }, ['user mhu: password', 'user mhu: expiry'])
  t.deepEqual(
    (await shadow()).slice(1).filter((_, i) => i !== 1),
    ['*', '0', '10', '7', '', '', ''],
  )
  await settles(t, user, { name: 'mhu', groups: ['adm'] }, ['user mhu: groups −sudo'])
  const added = await settles(t, user, { name: 'mhu', groups: ['bin', 'adm'], append: true }, ['user mhu: groups +bin'])
  t.is(added.result.groups, 'bin,adm')
  const none = await settles(t, user, { name: 'mhu', groups: '' }, ['user mhu: groups −bin −adm'])
  t.is(none.result.groups, '')
  await on('echo mine >/srv/deep/mhu/file')
  await settles(t, user, { name: 'mhu', home: '/home/mhu', move_home: true }, ['user mhu: home /srv/deep/mhu → /home/mhu'])
  t.is(await on('cat /home/mhu/file; ls /srv/deep'), 'mine')
  await settles(t, user, { name: 'mhu', home: '/home/other' }, ['user mhu: home /home/mhu → /home/other'])
  t.is(await on('stat -c "%U %a" /home/other /home/other/.profile'), 'mhu 755\nmhu 644')
  await settles(t, user, { name: 'mhu', uid: 5555, group: '100' }, [`user mhu: number ${made.result.uid} → 5555, group mhu → users`])
  await fails(t, user, { name: 'mhu', groups: ['sudo', 'nope'] }, 'Group nope does not exist')
  await settles(t, user, { name: 'mhu', state: 'absent', remove: true }, ['remove user mhu and their files'])
  t.is(await on('ls -d /home/other 2>/dev/null; getent passwd mhu'), '')
})

test.serial('user: a home that is missing is made later', async (t) => {
  await settles(t, user, { name: 'mhv', create_home: false, system: true }, ['create user mhv'])
  t.is(await on('ls -d /home/mhv 2>/dev/null'), '')
  await settles(t, user, { name: 'mhv', umask: '0077' }, ['make home directory /home/mhv'])
  t.is(await on('stat -c "%U %G %a" /home/mhv'), 'mhv mhv 700')
  await settles(t, user, { name: 'mhv', state: 'absent', remove: true, force: true }, ['remove user mhv and their files'])
})

test.serial('user: SSH keys', async (t) => {
  const made = await settles(t, user, { name: 'mhw', generate_ssh_key: true, ssh_key_type: 'ed25519', ssh_key_passphrase: "sec ret'" }, [
    'create user mhw',
    'make SSH key /home/mhw/.ssh/id_ed25519',
  ])
  t.regex(made.result.ssh_public_key as string, /^ssh-ed25519 \S+ mhprov-generated on /)
  t.regex(made.result.ssh_fingerprint as string, /^256 SHA256:\S+ .*\(ED25519\)$/)
  t.is(await on("stat -c '%U %a' /home/mhw/.ssh /home/mhw/.ssh/*"), 'mhw 700\nmhw 600\nmhw 644')
  t.is(
    await on(
      `ssh-keygen -y -P "sec ret'" -f /home/mhw/.ssh/id_ed25519 | cut -d' ' -f1; ssh-keygen -y -P '' -f /home/mhw/.ssh/id_ed25519 2>/dev/null`,
    ),
    'ssh-ed25519',
  )
  await on('echo keep >/tmp/target; ln -s /tmp/target /home/mhw/.ssh/x; ln -s /tmp/target /home/mhw/.ssh/y.pub')
  await fails(
    t,
    user,
    { name: 'mhw', generate_ssh_key: true, ssh_key_file: '.ssh/y' },
    '/home/mhw/.ssh/y.pub exists already; "force: true" replaces it',
  )
  const forced = await settle(user, { name: 'mhw', generate_ssh_key: true, ssh_key_file: '.ssh/x', force: true }, { prefix: prefix() })
  t.true(forced.result.changed)
  t.is(await on('stat -c "%F %U" /home/mhw/.ssh/x; cat /tmp/target'), 'regular file mhw\nkeep')
  await on('mv /home/mhw/.ssh /tmp/elsewhere; ln -s /tmp/elsewhere /home/mhw/.ssh')
  await fails(
    t,
    user,
    { name: 'mhw', generate_ssh_key: true, ssh_key_file: '.ssh/z' },
    /\/home\/mhw\/\.ssh is a symbolic link: no key is written through it/,
  )
  await settles(t, user, { name: 'mhw', state: 'absent', remove: true }, ['remove user mhw and their files'])
})

const UNITS = `cd /etc/systemd/system
printf '[Service]\\nExecStart=/bin/sleep 1000\\n[Install]\\nWantedBy=multi-user.target\\n' >mhs.service; cp mhs.service mhs@.service
printf '[Service]\\nExecStart=/bin/sh -c "echo boom; journalctl --sync; exit 3"\\n' >mhfail.service
printf '[Service]\\nType=oneshot\\nExecStart=/bin/false\\n' >mhone.service
printf '[Unit]\\nStartLimitIntervalSec=0\\n[Service]\\nRestart=always\\nExecStart=/bin/sh -c "echo loop; exit 3"\\n' >mhloop.service
printf '[Service]\\nExecStart=/bin/sleep 1000\\nExecReload=/bin/true\\n[Install]\\nAlias=mhalias.service\\nWantedBy=multi-user.target\\n' >mhreal.service
printf '[Unit]\\nRequires=mhd.socket\\n[Service]\\nExecStart=/bin/sleep 100\\n[Install]\\nAlso=mhd.socket\\n' >mhd.service
printf '[Socket]\\nListenStream=127.0.0.1:4069\\n[Install]\\nWantedBy=sockets.target\\n' >mhd.socket
printf 'garbage' >mhbad.service
mkdir -p /etc/systemd/user; cp mhs.service /etc/systemd/user/mhuser.service
printf '#!/bin/sh\\n### BEGIN INIT INFO\\n# Provides: mhsysv\\n# Required-Start:\\n# Required-Stop:\\n# Default-Start: 2 3 4 5\\n# Default-Stop: 0 1 6\\n### END INIT INFO\\nexit 0\\n' >/etc/init.d/mhsysv
chmod 755 /etc/init.d/mhsysv; mkdir -p /usr/local/lib/systemd/system; cp mhs.service /usr/local/lib/systemd/system/mhmask.service; systemctl daemon-reload`

test.serial('units: started, stopped, enabled, disabled', async (t) => {
  await on(UNITS)
  const started = await settles(t, systemdService, { name: 'mhs', state: 'started', enabled: true }, [
    'enable mhs.service at boot',
    'start mhs.service',
  ])
  t.like(started.result, { name: 'mhs', state: 'started', enabled: true })
  t.like(started.result.status, { ActiveState: 'active', SubState: 'running', UnitFileState: 'enabled', LoadState: 'loaded' })
  await settles(t, service, { name: 'mhs', state: 'stopped', enabled: false }, ['disable mhs.service at boot', 'stop mhs.service'])
  await settles(t, systemdService, { name: 'mhs@a', state: 'started', enabled: true }, [
    'enable mhs@a.service at boot',
    'start mhs@a.service',
  ])
  await settles(t, systemdService, { name: 'mhs@a', state: 'stopped', enabled: false }, [
    'disable mhs@a.service at boot',
    'stop mhs@a.service',
  ])
  await on('systemctl enable --runtime mhs')
  await settles(t, systemdService, { name: 'mhs', enabled: true }, ['enable mhs.service at boot'])
  await settles(t, systemdService, { name: 'mhs', enabled: false }, ['disable mhs.service at boot'])
  await settles(t, systemdService, { name: 'systemd-tmpfiles-clean.timer', state: 'stopped' }, ['stop systemd-tmpfiles-clean.timer'])
  await settles(t, systemdService, { name: 'systemd-tmpfiles-clean.timer', state: 'started', enabled: true }, [
    'start systemd-tmpfiles-clean.timer',
  ])
})

test.serial('units: restarted and reloaded act each time, and start what is stopped', async (t) => {
  const pid = () => on('systemctl show -p MainPID --value mhreal')
  for (const [state, planned] of [
    ['reloaded', ['start mhreal.service']],
    ['reloaded', ['reload mhreal.service']],
    ['restarted', ['restart mhreal.service']],
    ['tried-restart', ['restart mhreal.service']],
  ] as const) {
    const before = await pid()
    const { changes, result } = await settle(systemdService, { name: 'mhreal', state }, { prefix: prefix() })
    t.deepEqual(
      changes.map((change) => change.summary),
      planned,
    )
    t.like(result, { changed: true, state: 'started' })
    t.is((await pid()) === before, planned[0].startsWith('reload'))
  }
  await settles(t, systemdService, { name: 'mhs', state: 'tried-restart' }, [])
})

test.serial('units: a service that fails at once fails the task, with its journal', async (t) => {
  const simple = await fails(
    t,
    systemdService,
    { name: 'mhfail', state: 'started' },
    'Unable to start service mhfail: mhfail.service failed right after it was started',
  )
  t.regex(simple.result.stderr as string, /\bboom$/m)
  await fails(
    t,
    systemdService,
    { name: 'mhloop', state: 'restarted' },
    'Unable to restart service mhloop: mhloop.service ended right after it was started, and keeps being restarted',
  )
  await fails(
    t,
    systemdService,
    { name: 'mhone', state: 'started' },
    /^Unable to start service mhone: Job for mhone\.service failed because the control process exited/,
  )
  await fails(t, systemdService, { name: 'mhbad', state: 'started' }, /^Error loading unit file 'mhbad'/)
  await fails(
    t,
    systemdService,
    { name: 'mhnone', state: 'stopped' },
    'Could not find the requested service mhnone: there is no unit mhnone.service on the host',
  )
  await on('systemctl stop mhloop')
})

test.serial('units: masked and unmasked', async (t) => {
  await settles(t, systemdService, { name: 'mhmask', masked: true }, ['mask mhmask.service'])
  await fails(t, systemdService, { name: 'mhmask', state: 'started' }, 'Unable to start service mhmask: unit mhmask.service is masked')
  await settles(t, systemdService, { name: 'mhmask', masked: true, enabled: false, state: 'stopped' }, [])
  await settles(t, systemdService, { name: 'mhmask', masked: false, enabled: true, state: 'started' }, [
    'unmask mhmask.service',
    'enable mhmask.service at boot',
    'start mhmask.service',
  ])
  await settles(t, systemdService, { name: 'mhnone', masked: true }, ['mask mhnone.service'])
  await settles(t, systemdService, { name: 'mhnone', masked: false }, ['unmask mhnone.service'])
  await fails(t, systemdService, { name: 'mhs', masked: true }, /^Failed to mask unit: File .*mhs\.service.* already exists/)
})

test.serial('units: static, alias, indirect, generated ones, and those of all users', async (t) => {
  await settles(t, systemdService, { name: 'dbus', enabled: true }, [])
  await settles(t, systemdService, { name: 'dbus', enabled: false }, [])
  await settles(t, systemdService, { name: 'mhreal', enabled: true }, ['enable mhreal.service at boot'])
  await settles(t, systemdService, { name: 'mhalias', enabled: true }, [])
  await settles(t, systemdService, { name: 'mhd', enabled: false }, [])
  await settles(t, systemdService, { name: 'mhd', enabled: true }, ['enable mhd.service at boot'])
  await settles(t, systemdService, { name: 'mhd', enabled: false }, ['disable mhd.service at boot'])
  await settles(t, service, { name: 'mhsysv', enabled: true }, ['enable mhsysv.service at boot'])
  await settles(t, service, { name: 'mhsysv', enabled: false }, ['disable mhsysv.service at boot'])
  await settles(t, systemdService, { name: 'mhuser', scope: 'global', enabled: true, force: true, daemon_reload: true }, [
    'enable mhuser.service for all users',
  ])
  await settles(t, systemdService, { name: 'mhuser', scope: 'global', enabled: false }, ['disable mhuser.service for all users'])
  await fails(t, systemdService, { name: 'mhnone', scope: 'global', enabled: true }, /^Could not find the requested service mhnone/)
})

test.serial('units: what the manager has not read again is still seen', async (t) => {
  await on(`printf '[Service]\\nExecStart=/bin/sleep 1000\\n' >/etc/systemd/system/mhn.service; systemctl start mhn; systemctl show -p UnitFileState mhn
printf '[Install]\\nWantedBy=multi-user.target\\n' >>/etc/systemd/system/mhn.service`)
  const { changes, result } = await settle(systemdService, { name: 'mhn', enabled: true, daemon_reload: true }, { prefix: prefix() })
  t.deepEqual(
    changes.map((change) => change.summary),
    ['reload the systemd manager', 'enable mhn.service at boot'],
  )
  t.true(result.changed)
  await settles(t, systemdService, { name: 'mhn', enabled: true }, [])
  t.false((await settle(systemdService, { daemon_reload: true }, { prefix: prefix() })).result.changed)
})

test.serial('the facts of the host are those of LMDE', async (t) => {
  const { kind } = hostFact()
  const [facts] = kind.parse((await shell(`export LC_ALL=C; ${kind.script([null]).text}`, undefined, prefix())).stdout, [null]) as [
    Record<string, unknown>,
  ]
  t.like(facts, {
    distribution: 'Linux Mint',
    os_family: 'Debian',
    base_distribution: 'Debian',
    base_codename: 'bookworm',
    base_version: '12',
    service_mgr: 'systemd',
    pkg_mgr: 'apt',
    user_id: 'root',
    virtualization_type: 'systemd-nspawn',
  })
  t.is((facts.default_ipv4 as { address: string }).address, host().address)
  t.deepEqual(
    hostFact.names.filter((name) => !(name in facts)),
    [],
  )
})
