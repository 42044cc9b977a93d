import { chown, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { must } from './command.ts'
import { users } from './recipe.ts'

/** A host's files as a layer below others: what an installed host keeps beside the base tree. */
export interface Layer {
  /** Holds `upper`, `docker` and `containerd`. */
  dir: string
  /** Layers below this one, nearest first, without the base tree. */
  below: string[]
}

/** Mounts the host's file tree at DIR/root: the base tree, then the layers, then a directory of its own. */
export async function mountRoot(dir: string, tree: string, layer?: Layer): Promise<void> {
  for (const name of ['root', 'upper', 'work', 'docker', 'containerd']) await mkdir(join(dir, name), { recursive: true })
  const lower = [...(layer ? [join(layer.dir, 'upper'), ...layer.below] : []), tree].map((path) => relative(dir, path)).join(':')
  await must(['mount', '-t', 'overlay', 'overlay', '-o', `lowerdir=${lower},upperdir=upper,workdir=work`, 'root'], { cwd: dir })
}

export interface Identity {
  hostname: string
  address: string
  /** The authorized_keys line of root and of the three users. */
  publicKey: string
  resolvers: string[]
  /** Where its Docker looks for images of Docker Hub first. */
  registry?: string | undefined
}

/**
 * Settings for Debian's docker.service, written before Docker is there. They stay out of /etc, and out of daemon.json, which
 * belong to whoever sets up the host.
 */
const dockerSettings = (registry: string): string => `[Service]\nEnvironment="DOCKER_OPTS=--registry-mirror=${registry}"\n`

/** Makes a host out of a copy: its name, new SSH host keys, an empty machine id. Returns its ed25519 key, `ssh-ed25519 AAAA…`. */
export async function writeIdentity(root: string, { hostname, address, publicKey, resolvers, registry }: Identity): Promise<string> {
  const write = (path: string, text: string, mode = 0o644) => writeFile(join(root, path), text, { mode })
  await write('etc/hostname', `${hostname}\n`)
  await write('etc/hosts', `127.0.0.1\tlocalhost\n127.0.1.1\t${hostname}\n${address}\t${hostname}.lab\n`)
  await rm(join(root, 'etc/resolv.conf'), { force: true })
  await write('etc/resolv.conf', resolvers.map((resolver) => `nameserver ${resolver}\n`).join(''))
  await write('etc/machine-id', '')
  if (registry !== undefined) {
    const settings = 'usr/lib/systemd/system/docker.service.d'
    await mkdir(join(root, settings), { recursive: true })
    await write(`${settings}/lab-registry.conf`, dockerSettings(registry))
  }
  for (const type of ['ed25519', 'ecdsa']) {
    const file = join(root, `etc/ssh/ssh_host_${type}_key`)
    await rm(file, { force: true })
    await must(['ssh-keygen', '-q', '-t', type, '-N', '', '-C', `root@${hostname}`, '-f', file])
  }
  for (const [home, id] of [['root', 0], ...users.map((user, i) => [`home/${user}`, 1000 + i])] as [string, number][]) {
    await mkdir(join(root, home, '.ssh'), { recursive: true, mode: 0o700 })
    await write(`${home}/.ssh/authorized_keys`, publicKey, 0o600)
    await chown(join(root, home, '.ssh'), id, id)
    await chown(join(root, home, '.ssh/authorized_keys'), id, id)
  }
  const key = await readFile(join(root, 'etc/ssh/ssh_host_ed25519_key.pub'), 'utf8')
  return key.split(' ').slice(0, 2).join(' ')
}
