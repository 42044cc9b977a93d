type Facts = Record<string, unknown>

/** proc(5), meminfo: MiB, rounded down. */
export function memoryFacts(meminfo: string): Facts {
  const mb = (name: string) => Math.floor(Number(new RegExp(`^${name}: +(\\d+) kB`, 'm').exec(meminfo)?.[1] ?? 0) / 1024)
  const [total, free, swap, swapFree] = [mb('MemTotal'), mb('MemFree'), mb('SwapTotal'), mb('SwapFree')]
  const nocache = free + mb('Buffers') + mb('Cached')
  return {
    memtotal_mb: total,
    memfree_mb: free,
    swaptotal_mb: swap,
    swapfree_mb: swapFree,
    memory_mb: {
      real: { total, free, used: total - free },
      nocache: { free: nocache, used: total - nocache },
      swap: { total: swap, free: swapFree, used: swap - swapFree, cached: mb('SwapCached') },
    },
  }
}

/** proc(5), cpuinfo. */
export function processorFacts(cpuinfo: string, nproc: string): Facts {
  const all = (name: string) => [...cpuinfo.matchAll(new RegExp(`^${name}\\s*: (.*)$`, 'gm'))].map((match) => match[1]!)
  const vcpus = all('processor').length || Number(nproc) || 1
  const sockets = new Set(all('physical id')).size || 1
  const cores = Number(all('cpu cores')[0] ?? Math.ceil(vcpus / sockets)) || 1
  const vendors = all('vendor_id')
  const models = all('model name')
  return {
    processor: all('processor').flatMap((number, i) => [number, ...(vendors[i] ? [vendors[i]!] : []), ...(models[i] ? [models[i]!] : [])]),
    processor_count: sockets,
    processor_cores: cores,
    processor_threads_per_core: Math.max(1, Math.floor(vcpus / sockets / cores)),
    processor_vcpus: vcpus,
    processor_nproc: Number(nproc) || vcpus,
  }
}

/** File systems on devices or shares; sizes in bytes (df(1), proc(5) mounts). */
export function mountFacts(mounts: string, df: string): Facts {
  const sizes = new Map(
    df.split('\n').flatMap((line) => {
      const found = /^(\S+) +\S+ +(\d+) +\d+ +(\d+) +\S+ (\/.*)$/.exec(line)
      return found ? [[found[4]!, { size_total: Number(found[2]), size_available: Number(found[3]) }] as const] : []
    }),
  )
  const plain = (word: string) => word.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
  return {
    mounts: mounts.split('\n').flatMap((line) => {
      const [device = '', mount = '', fstype, options] = line.split(' ').map(plain)
      return /^\/|:\//.test(device) ? [{ device, mount, fstype, options, ...sizes.get(mount) }] : []
    }),
  }
}

/** `date +%F %T %s %N %Z %z %A %w %W`, as text like Ansible's. */
export function timeFacts(line: string): Facts {
  const [date = '', time = '', epoch = '0', nano = '0', tz = '', offset = '', weekday = '', weekday_number = '', weeknumber = ''] = line
    .trim()
    .split(' ')
  const [year, month, day] = date.split('-')
  const [hour, minute, second] = time.split(':')
  const utc = new Date(Number(epoch) * 1000).toISOString().slice(0, 19)
  const micro = nano.padStart(9, '0').slice(0, 6)
  const short = `${date.replaceAll('-', '')}T${time.replaceAll(':', '')}`
  return {
    date_time: {
      ...{ date, time, year, month, day, hour, minute, second, epoch, epoch_int: epoch, tz, tz_offset: offset },
      ...{ weekday, weekday_number, weeknumber },
      iso8601: `${utc}Z`,
      iso8601_micro: `${utc}.${micro}Z`,
      iso8601_basic: `${short}${micro}`,
      iso8601_basic_short: short,
    },
  }
}

// systemd-detect-virt's names where Ansible has others.
const VIRTUAL: Record<string, string> = { none: 'NA', oracle: 'virtualbox', microsoft: 'VirtualPC', vmware: 'VMware', '': 'NA' }

export const virtualFacts = (detected: string): Facts => ({
  virtualization_type: VIRTUAL[detected] ?? detected,
  virtualization_role: VIRTUAL[detected] === 'NA' ? 'NA' : 'guest',
})
