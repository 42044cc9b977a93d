import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import test from 'ava'
import { cgroupMounts } from '../../src/lab/cgroup.ts'
import { attempt, must } from '../../src/lab/command.ts'
import type { LabHost, Suite } from '../../src/lab/lab.ts'
import { mintPassword } from '../../src/lab/recipe.ts'
import { labHost, testLab } from '../helpers/lab.ts'

const suite: Suite = process.env.MHPROV_SUITE === 'trixie' ? 'trixie' : 'bookworm'
const host = labHost(test, suite)

const says = async (script: string, options?: Parameters<LabHost['run']>[1]) => {
  const { code, stdout, stderr } = await host().run(script, options)
  return code === 0 ? stdout.trim() : `${code}: ${stderr.trim()}`
}

test('a lab host is a Mint', async (t) => {
  const mint = { bookworm: 'linuxmint debian 6 faye bookworm LMDE 6 (faye)', trixie: 'linuxmint debian 7 gigi trixie LMDE 7 (gigi)' }
  const script = '. /etc/os-release; echo "$ID $ID_LIKE $VERSION_ID $VERSION_CODENAME $DEBIAN_CODENAME $PRETTY_NAME"'
  t.is(await says(script), mint[suite])
})

test('a lab host runs systemd, without a failed unit', async (t) => {
  t.is(await says('systemctl is-system-running; cat /proc/1/comm'), 'running\nsystemd')
})

test('a lab host has no Python', async (t) => {
  t.is(await says('ls /usr/bin /usr/local/bin /usr/lib | grep -i python || echo none'), 'none')
})

test('a lab host speaks C.UTF-8', async (t) => {
  t.is(await says('cat /etc/default/locale; locale charmap'), 'LANG=C.UTF-8\nUTF-8')
})

test('mint becomes root with a password, deploy without, plain not at all', async (t) => {
  t.is(await says('id -u; sudo -n id -u', { user: 'mint' }), '1: sudo: a password is required')
  t.is(await says("sudo -S -p '' id -u", { user: 'mint', stdin: `${mintPassword}\n` }), '0')
  t.is(await says('id -u; sudo -n id -u', { user: 'deploy' }), '1001\n0')
  t.is(await says('sudo -n id -u', { user: 'plain' }), '1: sudo: a password is required')
  t.is(await says('id -u; id -Gn', { user: 'plain' }), '1002\nplain')
})

test('a lab host installs packages from this machine’s mirror and reaches nothing else', async (t) => {
  t.is(
    await says('apt-get -q update >/dev/null && apt-get -q install -y --no-install-recommends hello >/dev/null 2>&1 && hello'),
    'Hello, world!',
  )
  t.is((await host().run('curl -sS -m 5 telnet://198.51.100.1:80')).code, 7)
})

test('the file tree of a lab host is seen from outside', async (t) => {
  await host().run('echo inside >/srv/note')
  t.is(readFileSync(`${host().root}/srv/note`, 'utf8'), 'inside\n')
})

test('a host that is unplugged, off or rebooted comes back with its files, and a destroyed lab leaves nothing', async (t) => {
  const lab = await testLab(suite)
  t.teardown(() => lab.destroy())
  const one = await lab.host('one')
  t.is((await one.run('hostname; echo kept >/root/kept')).stdout, 'one\n')

  await one.unplug()
  t.is((await one.run('true')).code, 255)
  await one.plug()
  t.is((await one.run('cat /root/kept')).stdout, 'kept\n')

  const boot = async () => (await one.run('cat /proc/sys/kernel/random/boot_id')).stdout
  const first = await boot()
  await one.reboot()
  t.not(await boot(), first)
  await one.powerOff()
  t.is((await one.run('true')).code, 255)
  await one.start()
  t.is((await one.run('cat /root/kept')).stdout, 'kept\n')

  const clone = await lab.host('two', { from: await one.snapshot() })
  t.is((await clone.run('hostname; cat /root/kept')).stdout, 'two\nkept\n')
  t.not(clone.hostKey, one.hostKey)

  const name = basename(lab.dir)
  const processes = () => attempt(['pgrep', '--full', `machine=${name}`])
  t.is((await processes()).code, 0)
  await lab.destroy()
  t.is((await processes()).code, 1)
  t.false(existsSync(lab.dir))
  t.false(readFileSync('/proc/mounts', 'utf8').includes(name))
  for (const { at } of cgroupMounts())
    t.deepEqual(
      readdirSync(at).filter((entry) => entry.startsWith(name)),
      [],
    )
  const shown = ['ip netns', 'ip -o link', 'ip route', 'nft list tables'].map((command) => must(command.split(' ')))
  t.false((await Promise.all(shown)).join().includes(name))
  t.false((await must(['ip', 'route'])).includes(lab.gateway.replace(/1$/, '0')))
})

const helper = JSON.stringify(new URL('../helpers/lab.js', import.meta.url).href)
const inNode = (script: string, ...set: string[]) =>
  attempt(['env', ...set, process.execPath, '--input-type=module', '-e', `import { testLab } from ${helper}; ${script}`], {
    timeout: 120_000,
  })
const killedBy = async (signal: string) =>
  (
    await inNode(`const lab = await testLab(${JSON.stringify(suite)}); await lab.host(); console.log(lab.dir)
      process.kill(process.pid, '${signal}'); setTimeout(() => {}, 20_000)`)
  ).stdout.trim()

test('a lab ends with its process, and one whose process was killed outright is cleared away by the next', async (t) => {
  const ended = await killedBy('SIGTERM')
  t.regex(ended, /labs.mh/)
  t.false(existsSync(ended))
  const left = await killedBy('SIGKILL')
  t.regex(left, /labs.mh/)
  const lab = await testLab(suite)
  await lab.destroy()
  t.false(existsSync(left))
  t.false((await must(['ip', '-o', 'link'])).includes(basename(left)))
})

test('where no lab can be, the tests fail in one line', async (t) => {
  const { stdout } = await inNode('await testLab().catch((error) => console.log(error.message))', 'MHPROV_NO_LAB=1')
  t.is(stdout, 'real-host tests cannot run here: MHPROV_NO_LAB is set\n')
})
