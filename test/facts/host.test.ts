import test from 'ava'
import { distributionFacts, parseOsRelease } from '../../src/facts/host/distribution.ts'
import { memoryFacts, mountFacts, processorFacts, timeFacts, virtualFacts } from '../../src/facts/host/machine.ts'
import { networkFacts } from '../../src/facts/host/network.ts'
import { hostFact } from '../../src/facts/host.ts'
import { shell } from '../helpers/settle.ts'

const BASES: [title: string, release: string, facts: Record<string, string>][] = [
  [
    'Linux Mint 22 is built on Ubuntu noble',
    'NAME="Linux Mint"\nID=linuxmint\nID_LIKE="ubuntu debian"\nVERSION_ID="22"\nVERSION_CODENAME=wilma\nUBUNTU_CODENAME=noble\n',
    {
      distribution: 'Linux Mint',
      distribution_version: '22',
      distribution_release: 'wilma',
      base_distribution: 'Ubuntu',
      base_codename: 'noble',
      base_version: '24.04',
    },
  ],
  [
    'LMDE 6 is built on Debian bookworm',
    'NAME="LMDE"\nID=linuxmint\nID_LIKE=debian\nVERSION_ID="6"\nVERSION_CODENAME=faye\nDEBIAN_CODENAME=bookworm\n',
    {
      distribution: 'Linux Mint',
      distribution_version: '6',
      distribution_release: 'faye',
      base_distribution: 'Debian',
      base_codename: 'bookworm',
      base_version: '12',
    },
  ],
  [
    'Ubuntu is its own base',
    'NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"\nVERSION_CODENAME=noble\nUBUNTU_CODENAME=noble\n',
    {
      distribution: 'Ubuntu',
      distribution_version: '24.04',
      distribution_release: 'noble',
      base_distribution: 'Ubuntu',
      base_codename: 'noble',
      base_version: '24.04',
    },
  ],
  [
    'Debian is its own base',
    'NAME="Debian GNU/Linux"\nID=debian\nVERSION_ID="13"\nVERSION_CODENAME=trixie\n',
    {
      distribution: 'Debian',
      distribution_version: '13',
      distribution_release: 'trixie',
      base_distribution: 'Debian',
      base_codename: 'trixie',
      base_version: '13',
    },
  ],
  [
    'an old Mint names its base only by UBUNTU_CODENAME',
    'NAME="Linux Mint"\nID=linuxmint\nID_LIKE=ubuntu\nVERSION_ID="20.1"\nVERSION_CODENAME=ulyssa\nUBUNTU_CODENAME=focal\n',
    {
      distribution: 'Linux Mint',
      distribution_version: '20.1',
      distribution_release: 'ulyssa',
      base_distribution: 'Ubuntu',
      base_codename: 'focal',
      base_version: '20.04',
    },
  ],
]
for (const [title, release, facts] of BASES)
  test(title, (t) => t.like(distributionFacts(parseOsRelease(release), 'bookworm/sid'), { ...facts, os_family: 'Debian' }))

test('the point release of Debian comes from debian_version', (t) => {
  t.like(distributionFacts(parseOsRelease('ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n'), '12.11'), {
    distribution_version: '12.11',
    distribution_major_version: '12',
    distribution_minor_version: '11',
    base_version: '12',
  })
})

test('another family has no Debian base', (t) => {
  const facts = distributionFacts(parseOsRelease('NAME="Fedora Linux"\nID=fedora\nVERSION_ID=40\n'), '')
  t.like(facts, { distribution: 'Fedora', os_family: 'RedHat', distribution_version: '40' })
  t.false('base_distribution' in facts)
})

test('os-release values may be quoted either way', (t) => {
  t.deepEqual(parseOsRelease(`A="x \\"y\\""\nB='z'\nC=plain\n# no\n`), { A: 'x "y"', B: 'z', C: 'plain' })
})

const LINKS = `1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN mode DEFAULT group default qlen 1000\\    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
2: eth0@if7: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP mode DEFAULT group default\\    link/ether 52:54:00:12:34:56 brd ff:ff:ff:ff:ff:ff
3: wg-home: <POINTOPOINT,NOARP> mtu 1420 qdisc noop state DOWN mode DEFAULT group default\\    link/none `
const ADDRESSES = `1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever
1: lo    inet6 ::1/128 scope host \\       valid_lft forever
2: eth0    inet 192.0.2.130/25 brd 192.0.2.255 scope global dynamic eth0\\       valid_lft 80000sec
2: eth0    inet 198.51.100.4/24 scope global secondary eth0\\       valid_lft forever
2: eth0    inet6 2001:db8::5/64 scope global \\       valid_lft forever`

test('interfaces, addresses and the default route are told as Ansible tells them', (t) => {
  const route = 'default via 192.0.2.129 dev eth0 proto dhcp src 192.0.2.130 metric 100 '
  const first = { address: '192.0.2.130', broadcast: '192.0.2.255', netmask: '255.255.255.128', network: '192.0.2.128', prefix: '25' }
  const second = { address: '198.51.100.4', broadcast: '', netmask: '255.255.255.0', network: '198.51.100.0', prefix: '24' }
  t.deepEqual(networkFacts(LINKS, ADDRESSES, route, '', '# x\nnameserver 127.0.0.53\nnameserver 192.0.2.1\nsearch lan home\n'), {
    interfaces: ['lo', 'eth0', 'wg-home'],
    lo: {
      device: 'lo',
      active: true,
      mtu: 65536,
      type: 'loopback',
      ipv4: { address: '127.0.0.1', broadcast: '', netmask: '255.0.0.0', network: '127.0.0.0', prefix: '8' },
      ipv6: [{ address: '::1', prefix: '128', scope: 'host' }],
    },
    eth0: {
      device: 'eth0',
      active: true,
      mtu: 1500,
      type: 'ether',
      macaddress: '52:54:00:12:34:56',
      ipv4: first,
      ipv4_secondaries: [second],
      ipv6: [{ address: '2001:db8::5', prefix: '64', scope: 'global' }],
    },
    wg_home: { device: 'wg-home', active: false, mtu: 1420, type: 'none' },
    all_ipv4_addresses: ['192.0.2.130', '198.51.100.4'],
    all_ipv6_addresses: ['2001:db8::5'],
    default_ipv4: {
      interface: 'eth0',
      alias: 'eth0',
      gateway: '192.0.2.129',
      ...first,
      macaddress: '52:54:00:12:34:56',
      mtu: 1500,
      type: 'ether',
    },
    default_ipv6: {},
    dns: { nameservers: ['127.0.0.53', '192.0.2.1'], search: ['lan', 'home'] },
  })
})

test('memory is in MiB', (t) => {
  const facts = memoryFacts(
    'MemTotal: 2048000 kB\nMemFree: 1024000 kB\nBuffers: 0 kB\nCached: 512000 kB\nSwapTotal: 1048576 kB\nSwapFree: 524288 kB\nSwapCached: 0 kB\n'.replace(
      /: /g,
      ':   ',
    ),
  )
  t.deepEqual(facts, {
    memtotal_mb: 2000,
    memfree_mb: 1000,
    swaptotal_mb: 1024,
    swapfree_mb: 512,
    memory_mb: {
      real: { total: 2000, free: 1000, used: 1000 },
      nocache: { free: 1500, used: 500 },
      swap: { total: 1024, free: 512, used: 512, cached: 0 },
    },
  })
})

test('processors are counted by socket, core and thread', (t) => {
  const one = (n: number) => `processor\t: ${n}\nvendor_id\t: GenuineIntel\nmodel name\t: Core i5\nphysical id\t: 0\ncpu cores\t: 2\n`
  t.deepEqual(processorFacts([0, 1, 2, 3].map(one).join('\n'), '4'), {
    processor: ['0', '1', '2', '3'].flatMap((n) => [n, 'GenuineIntel', 'Core i5']),
    processor_count: 1,
    processor_cores: 2,
    processor_threads_per_core: 2,
    processor_vcpus: 4,
    processor_nproc: 4,
  })
})

test('only mounts of devices and shares are listed, with what df says of them', (t) => {
  const mounts = 'proc /proc proc rw 0 0\n/dev/sda1 / ext4 rw,relatime 0 0\n/dev/sdb1 /mnt/a\\040b vfat rw 0 0\nnas:/x /net nfs rw 0 0'
  const df =
    'Filesystem Type 1-blocks Used Available Capacity Mounted on\n/dev/sda1 ext4 1000 400 600 40% /\n/dev/sdb1 vfat 50 1 49 2% /mnt/a b\n'
  t.deepEqual(mountFacts(mounts, df), {
    mounts: [
      { device: '/dev/sda1', mount: '/', fstype: 'ext4', options: 'rw,relatime', size_total: 1000, size_available: 600 },
      { device: '/dev/sdb1', mount: '/mnt/a b', fstype: 'vfat', options: 'rw', size_total: 50, size_available: 49 },
      { device: 'nas:/x', mount: '/net', fstype: 'nfs', options: 'rw' },
    ],
  })
})

test('times are texts, iso8601 in UTC', (t) => {
  t.like((timeFacts('2026-11-24 17:05:09 1795536309 012345678 CET +0100 Tuesday 2 47') as { date_time: object }).date_time, {
    date: '2026-11-24',
    time: '17:05:09',
    epoch: '1795536309',
    hour: '17',
    iso8601: '2026-11-24T16:05:09Z',
    iso8601_micro: '2026-11-24T16:05:09.012345Z',
    iso8601_basic_short: '20261124T170509',
    tz: 'CET',
    tz_offset: '+0100',
    weekday: 'Tuesday',
  })
})

test('no virtualization is NA', (t) => {
  t.deepEqual(virtualFacts('none'), { virtualization_type: 'NA', virtualization_role: 'NA' })
  t.deepEqual(virtualFacts('kvm'), { virtualization_type: 'kvm', virtualization_role: 'guest' })
})

test('this machine answers with every fact that is promised', async (t) => {
  const { kind } = hostFact()
  const [facts] = kind.parse((await shell(kind.script([null]).text)).stdout, [null]) as [Record<string, unknown>]
  for (const name of hostFact.names.filter((name) => !name.startsWith('base_'))) t.true(name in facts, name)
  t.is(facts.system, 'Linux')
  t.is((facts.env as Record<string, string>).PATH?.includes('/sbin'), true)
  t.is(facts.user_uid, process.getuid!())
})

test('a host that answers nothing still has a facts object', (t) => {
  const [facts] = hostFact().kind.parse(Buffer.from(''), [null]) as [Record<string, unknown>]
  t.is(facts.distribution, 'NA')
  t.deepEqual(facts.all_ipv4_addresses, [])
})
