type Facts = Record<string, unknown>

/** os-release(5): shell-like assignments. */
export function parseOsRelease(text: string): Record<string, string> {
  const found: Record<string, string> = {}
  for (const [, name, quoted, single, bare] of text.matchAll(/^([A-Z_0-9]+)=(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|(.*))$/gm))
    found[name!] = (quoted?.replace(/\\(.)/g, '$1') ?? single ?? bare ?? '').trim()
  return found
}

// Ansible's names, by os-release ID.
const NAMES: Record<string, string> = {
  debian: 'Debian',
  ubuntu: 'Ubuntu',
  linuxmint: 'Linux Mint',
  raspbian: 'Raspbian',
  pop: 'Pop!_OS',
  neon: 'KDE neon',
  devuan: 'Devuan',
  kali: 'Kali',
  fedora: 'Fedora',
  centos: 'CentOS',
  rhel: 'RedHat',
  rocky: 'Rocky',
  almalinux: 'AlmaLinux',
  arch: 'Archlinux',
  alpine: 'Alpine',
}

const FAMILIES: Record<string, string> = {
  debian: 'Debian',
  ubuntu: 'Debian',
  rhel: 'RedHat',
  fedora: 'RedHat',
  centos: 'RedHat',
  suse: 'Suse',
  opensuse: 'Suse',
  arch: 'Archlinux',
  alpine: 'Alpine',
}

const VERSIONS: Record<string, string> = {
  bullseye: '11',
  bookworm: '12',
  trixie: '13',
  forky: '14',
  focal: '20.04',
  jammy: '22.04',
  noble: '24.04',
  resolute: '26.04',
}

/** What Ansible calls the distribution, and the one that Mint and its like are built on: whose packages they use. */
export function distributionFacts(release: Record<string, string>, debianVersion: string): Facts {
  const { ID = '', ID_LIKE = '', VERSION_ID = '', VERSION_CODENAME = '' } = release
  const family = [ID, ...ID_LIKE.split(' ')].map((id) => FAMILIES[id]).find((name) => name !== undefined)
  const version = ID === 'debian' && /^\d+\.\d+$/.test(debianVersion) ? debianVersion : VERSION_ID
  const major = version.split('.')[0]!
  return {
    distribution: NAMES[ID] ?? release.NAME?.split(' ')[0] ?? 'NA',
    distribution_version: version || 'NA',
    distribution_release: VERSION_CODENAME || 'NA',
    distribution_major_version: major || 'NA',
    distribution_minor_version: version.split('.')[1] ?? 'NA',
    os_family: family ?? NAMES[ID] ?? 'NA',
    ...base(release, version),
    lsb: {
      id: NAMES[ID]?.replaceAll(' ', '') ?? ID,
      release: version,
      major_release: major,
      codename: VERSION_CODENAME,
      description: release.PRETTY_NAME ?? '',
    },
  }
}

// UBUNTU_CODENAME names Ubuntu's release, DEBIAN_CODENAME Debian's; without either the distribution is its own base.
function base(
  { ID = '', ID_LIKE = '', UBUNTU_CODENAME, DEBIAN_CODENAME, VERSION_CODENAME = '' }: Record<string, string>,
  version: string,
): Facts {
  const like = ID_LIKE.split(' ')
  const ubuntu = ID === 'ubuntu' || (ID !== 'debian' && (UBUNTU_CODENAME !== undefined || (!DEBIAN_CODENAME && like.includes('ubuntu'))))
  if (!ubuntu && ID !== 'debian' && !DEBIAN_CODENAME && !like.includes('debian')) return {}
  const codename = (ubuntu ? UBUNTU_CODENAME : DEBIAN_CODENAME) ?? VERSION_CODENAME
  return {
    base_distribution: ubuntu ? 'Ubuntu' : 'Debian',
    base_codename: codename,
    base_version: VERSIONS[codename] ?? (ID === 'debian' || ID === 'ubuntu' ? version : ''),
  }
}
