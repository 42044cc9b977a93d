/** The Debian release below the two Mints: bookworm is LMDE 6, trixie is LMDE 7. */
export type Suite = 'bookworm' | 'trixie'

const mints = {
  bookworm: { version: '6', codename: 'faye' },
  trixie: { version: '7', codename: 'gigi' },
}

/** What the base tree holds beyond Debian's minbase. No Python: a target needs none. */
export const treePackages = [
  ...['systemd', 'systemd-sysv', 'dbus', 'openssh-server', 'sudo', 'ca-certificates', 'iproute2', 'procps', 'curl', 'gnupg'],
  ...['locales', 'tzdata', 'adduser', 'passwd'],
]

/** The users beside root: mint must give a password to sudo, deploy need not, plain may not use it. All log in with the lab's key. */
export const users = ['mint', 'deploy', 'plain']
export const mintPassword = 'mint-password'

const osRelease = (suite: Suite): string => {
  const { version, codename } = mints[suite]
  return `PRETTY_NAME="LMDE ${version} (${codename})"
NAME="LMDE"
VERSION_ID="${version}"
VERSION="${version} (${codename})"
VERSION_CODENAME=${codename}
ID=linuxmint
HOME_URL="https://www.linuxmint.com/"
SUPPORT_URL="https://forums.linuxmint.com/"
BUG_REPORT_URL="http://linuxmint-troubleshooting-guide.readthedocs.io/en/latest/"
PRIVACY_POLICY_URL="https://www.linuxmint.com/"
ID_LIKE=debian
DEBIAN_CODENAME=${suite}
`
}

/**
 * The script that turns a fresh Debian tree ($1) into the Mint: run by mmdebstrap as its customize hook, outside the tree.
 * Docker in a host needs its cgroups writable, which nspawn forbids until a unit early in the boot remounts them.
 */
export const customize = (suite: Suite): string => `set -eu
tree=$1
rm -f "$tree/etc/os-release" "$tree/usr/lib/os-release"
cat >"$tree/usr/lib/os-release" <<'END'
${osRelease(suite)}END
ln -s ../usr/lib/os-release "$tree/etc/os-release"
echo 'LANG=C.UTF-8' >"$tree/etc/default/locale"
: >"$tree/etc/machine-id"
rm -f "$tree"/etc/ssh/ssh_host_* "$tree/var/lib/dbus/machine-id"
echo force-unsafe-io >"$tree/etc/dpkg/dpkg.cfg.d/lab"
chroot "$tree" useradd --uid 1000 --create-home --shell /bin/bash --groups sudo mint
chroot "$tree" useradd --uid 1001 --create-home --shell /bin/bash deploy
chroot "$tree" useradd --uid 1002 --create-home --shell /bin/bash plain
echo 'mint:${mintPassword}' | chroot "$tree" chpasswd
echo 'deploy ALL=(ALL:ALL) NOPASSWD: ALL' >"$tree/etc/sudoers.d/deploy"
chmod 440 "$tree/etc/sudoers.d/deploy"
cat >"$tree/usr/local/sbin/writable-cgroups" <<'END'
#!/bin/sh
for at in /sys/fs/cgroup /sys/fs/cgroup/*; do
  mountpoint -q "$at" && mount -o remount,bind,rw "$at"
done
exit 0
END
chmod 755 "$tree/usr/local/sbin/writable-cgroups"
cat >"$tree/etc/systemd/system/writable-cgroups.service" <<'END'
[Unit]
Description=Let a container engine use the cgroups
DefaultDependencies=no
Before=sysinit.target
[Service]
Type=oneshot
ExecStart=/usr/local/sbin/writable-cgroups
[Install]
WantedBy=sysinit.target
END
mkdir -p "$tree/etc/systemd/system/sysinit.target.wants"
ln -s ../writable-cgroups.service "$tree/etc/systemd/system/sysinit.target.wants/writable-cgroups.service"
`
