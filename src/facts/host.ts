import { factKind } from '../module/fact.ts'
import { raw } from '../module/shell.ts'
import { distributionFacts, parseOsRelease } from './host/distribution.ts'
import { memoryFacts, mountFacts, processorFacts, timeFacts, virtualFacts } from './host/machine.ts'
import { networkFacts } from './host/network.ts'

type Facts = Record<string, unknown>

// Each part is a name and its output, NUL after both; `env -0` has NULs of its own and comes last.
const SCRIPT = raw(`part() { n=$1; shift; printf '%s\\000' "$n"; "$@"; printf '\\000'; }
first() { for f do [ ! -r "$f" ] || { cat "$f"; return; }; done; }
part release first /etc/os-release /usr/lib/os-release
part debian first /etc/debian_version
part uname uname -snrvm
part fqdn hostname -f
part id id
part passwd getent passwd "$(id -u)"
part date date '+%F %T %s %N %Z %z %A %w %W'
part memory cat /proc/meminfo
part cpu cat /proc/cpuinfo
part nproc nproc
part uptime cat /proc/uptime
part load cat /proc/loadavg
part mounts cat /proc/mounts
part df df -P -T -B1
part links ip -o link show
part addresses ip -o addr show
part route4 ip -o -4 route show default
part route6 ip -o -6 route show default
part resolv cat /etc/resolv.conf
part virtual systemd-detect-virt
part init cat /proc/1/comm
part machine_id cat /etc/machine-id
part cmdline cat /proc/cmdline
managers() { [ ! -d /run/systemd/system ] || echo systemd; for m in apt-get dnf yum pacman apk zypper; do ! command -v $m >/dev/null || echo $m; done; [ ! -d /sys/kernel/security/apparmor ] || echo apparmor; }
part managers managers
printf 'env\\000'; env -0`)

/** What Ansible's setup calls the facts of a host, by its names without `ansible_`; those that do not depend on what the host has. */
const NAMES = [
  ...[
    'all_ipv4_addresses',
    'all_ipv6_addresses',
    'apparmor',
    'architecture',
    'base_codename',
    'base_distribution',
    'base_version',
    'cmdline',
  ],
  ...['date_time', 'default_ipv4', 'default_ipv6', 'distribution', 'distribution_major_version', 'distribution_minor_version'],
  ...[
    'distribution_release',
    'distribution_version',
    'dns',
    'domain',
    'effective_group_id',
    'effective_user_id',
    'env',
    'fqdn',
    'hostname',
  ],
  ...[
    'interfaces',
    'kernel',
    'kernel_version',
    'loadavg',
    'lsb',
    'machine',
    'machine_id',
    'memfree_mb',
    'memory_mb',
    'memtotal_mb',
    'mounts',
  ],
  ...[
    'nodename',
    'os_family',
    'pkg_mgr',
    'processor',
    'processor_cores',
    'processor_count',
    'processor_nproc',
    'processor_threads_per_core',
  ],
  ...['processor_vcpus', 'real_group_id', 'real_user_id', 'service_mgr', 'swapfree_mb', 'swaptotal_mb', 'system', 'uptime_seconds'],
  ...['user_dir', 'user_gecos', 'user_gid', 'user_id', 'user_shell', 'user_uid', 'userspace_architecture', 'virtualization_role'],
  ...['virtualization_type'],
]

const kind = factKind<null, Facts>({
  name: 'host',
  script: () => SCRIPT,
  parse: (stdout, keys) => {
    const facts = parse(stdout.toString())
    return keys.map(() => facts)
  },
})

function parse(text: string): Facts {
  const words = text.split('\0')
  const parts = new Map<string, string>()
  let at = 0
  for (; at + 1 < words.length && words[at] !== 'env'; at += 2) parts.set(words[at]!, words[at + 1]!)
  const part = (name: string) => parts.get(name)?.trim() ?? ''
  return {
    ...distributionFacts(parseOsRelease(part('release')), part('debian')),
    ...unameFacts(part('uname'), part('fqdn')),
    ...userFacts(part('id'), part('passwd')),
    ...timeFacts(part('date')),
    ...memoryFacts(part('memory')),
    ...processorFacts(part('cpu'), part('nproc')),
    ...mountFacts(part('mounts'), part('df')),
    ...networkFacts(part('links'), part('addresses'), part('route4'), part('route6'), part('resolv')),
    ...virtualFacts(part('virtual')),
    ...managerFacts(part('managers').split('\n'), part('init')),
    uptime_seconds: Math.floor(Number(part('uptime').split(' ')[0] || 0)),
    loadavg: Object.fromEntries(['1m', '5m', '15m'].map((name, i) => [name, Number(part('load').split(' ')[i] || 0)])),
    machine_id: part('machine_id'),
    cmdline: pairs(part('cmdline').split(/\s+/), true),
    env: pairs(words.slice(at + 1), ''),
  }
}

/** `name=value` words; one without `=` gets `alone`. */
const pairs = (words: readonly string[], alone: unknown): Facts =>
  Object.fromEntries(
    words
      .filter((word) => word !== '')
      .map((word) => (word.includes('=') ? [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)] : [word, alone])),
  )

/** uname(1) in its own order: system, node, release, version (with spaces), machine. */
function unameFacts(line: string, fqdn: string): Facts {
  const [system = '', nodename = '', kernel = '', ...rest] = line.split(' ')
  const machine = rest.at(-1) ?? ''
  const full = fqdn || nodename
  const architecture = /^i[3456]86$/.test(machine) ? 'i386' : machine
  return {
    ...{
      system,
      nodename,
      kernel,
      kernel_version: rest.slice(0, -1).join(' '),
      machine,
      architecture,
      userspace_architecture: architecture,
    },
    hostname: nodename.split('.')[0]!,
    fqdn: full,
    domain: full.split('.').slice(1).join('.'),
  }
}

function userFacts(id: string, passwd: string): Facts {
  const number = (word: string) => Number(new RegExp(`\\b${word}=(\\d+)`).exec(id)?.[1] ?? 0)
  const [name, , , , gecos, dir, shell] = passwd.split(':')
  const [uid, gid] = [number('uid'), number('gid')]
  return {
    ...{ user_id: name || (/uid=\d+\(([^)]*)\)/.exec(id)?.[1] ?? String(uid)), user_uid: uid, user_gid: gid },
    ...{ user_gecos: gecos ?? '', user_dir: dir ?? '', user_shell: shell ?? '' },
    ...{ effective_user_id: uid, effective_group_id: gid, real_user_id: uid, real_group_id: gid },
  }
}

const managerFacts = (found: readonly string[], init: string): Facts => ({
  service_mgr: found.includes('systemd') ? 'systemd' : init === 'init' ? 'sysvinit' : init,
  pkg_mgr: found.includes('apt-get') ? 'apt' : (found.find((word) => !['systemd', 'apparmor'].includes(word) && word !== '') ?? 'unknown'),
  apparmor: { status: found.includes('apparmor') ? 'enabled' : 'disabled' },
})

/** The facts of a host, as the asking user sees them. `names`: those that every host has, besides one for each network interface. */
export const hostFact = Object.assign(() => kind(null), { names: NAMES as readonly string[] })
