import { appendFile, mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { consoleEnd } from './boot.ts'
import { clear, hostClearing } from './clear.ts'
import { type Ended, must } from './command.ts'
import { type Layer, mountRoot, writeIdentity } from './files.ts'
import { allowMirrors, type Reach, wireHost } from './network.ts'
import { makePower } from './power.ts'
import { awaitSsh, runOverSsh } from './ssh.ts'

/** A disposable machine with an address of its own, systemd as PID 1 and an SSH server. */
export interface LabHost {
  name: string
  address: string
  port: number
  /** Logs in with the key, as do mint (sudo asks for `mint-password`), deploy (sudo asks nothing) and plain (no sudo). */
  user: 'root'
  privateKeyFile: string
  /** `ssh-ed25519 AAAA…` */
  hostKey: string
  knownHostsFile: string
  /** The file tree seen from outside; without what is mounted inside (/run, /tmp, Docker's directories). */
  root: string
  /** Runs a script with `sh` through the OpenSSH client, as root unless told; 255 is ssh's own failure. */
  run(script: string, options?: { stdin?: string; user?: string; timeout?: number }): Promise<Ended>
  /** Shuts down in good order, and after half a minute without. Its address answers nothing afterwards. */
  powerOff(): Promise<void>
  /** Boots the same file tree again. Throws an Error with the end of its console when SSH does not come up (unplugged: does not wait). */
  start(): Promise<void>
  /** Has the host reboot itself, and waits for it. */
  reboot(): Promise<void>
  /** Pulls the network cable: packets get no answer, connections hang. */
  unplug(): Promise<void>
  plug(): Promise<void>
  /** Powers off and keeps the files for clones: `lab.host(name, { from })`. This host is gone afterwards. */
  snapshot(): Promise<Layer>
  destroy(): Promise<void>
}

export interface HostOptions {
  /** Its hostname. */
  name: string
  /** Its name for the machine below: namespace, cgroups, network link; at most 11 characters. */
  id: string
  bridge: string
  address: string
  dir: string
  tree: string
  layer?: Layer | undefined
  reach: Reach
  registry?: string | undefined
  privateKeyFile: string
  publicKey: string
  knownHostsFile: string
  signal: AbortSignal
}

/** A host that is still to be booted, and the way to have its lab cleared away from under it. */
export interface Made {
  host: LabHost
  retire(): Promise<void>
}

/** Makes a host's files and network name; `host.start()` boots it. */
export async function makeHost(options: HostOptions): Promise<Made> {
  const { name, id, bridge, address, dir, layer, reach, privateKeyFile, knownHostsFile, signal } = options
  const root = join(dir, 'root')
  const port = 22
  let plugged = true
  const link = async (state: 'up' | 'down') => void (await must(['ip', 'link', 'set', id, state]))
  const run: LabHost['run'] = (script, { stdin, user = 'root', timeout } = {}) =>
    runOverSsh({ user, address, port, privateKeyFile, knownHostsFile }, script, stdin, timeout)

  const wire = async () => {
    await allowMirrors(bridge, reach.mirrors)
    await wireHost(id, bridge, address)
    if (!plugged) await link('down')
  }
  const power = makePower({ id, dir, wire, signal })

  const awaitUp = async () => {
    const greeted = await awaitSsh(address, port, () => signal.aborted || !power.isOn())
    // Until systemd has reached the login stage, users beside root are turned away.
    const up = greeted && (await run('systemctl is-system-running --wait', { timeout: 180_000 })).code !== 255
    signal.throwIfAborted()
    if (!up) throw new Error(`the lab host ${name} did not come up; its console ends with:\n${consoleEnd(dir)}`)
  }

  const start = async () => {
    await power.on()
    if (plugged) await awaitUp()
  }

  const reboot = async () => {
    const before = power.boots()
    await run('systemctl reboot')
    for (let tries = 0; tries < 1200 && power.isOn() && power.boots() === before; tries++) await sleep(50)
    if (power.boots() === before) throw new Error(`the lab host ${name} did not reboot`)
    await awaitUp()
  }

  const destroy = async () => {
    await power.retire()
    await clear(hostClearing(id, dir))
  }

  const snapshot = async (): Promise<Layer> => {
    await power.off()
    await must(['umount', 'root'], { cwd: dir })
    const kept = `${dir}.layer`
    await mkdir(kept)
    for (const part of ['upper', 'docker', 'containerd']) await rename(join(dir, part), join(kept, part))
    await destroy()
    return { dir: kept, below: layer ? [join(layer.dir, 'upper'), ...layer.below] : [] }
  }

  const unplug = async () => {
    plugged = false
    await link('down')
  }
  const plug = async () => {
    plugged = true
    await link('up')
  }

  await mkdir(dir, { recursive: true })
  await mountRoot(dir, options.tree, layer)
  // Docker's directories hold its own overlays, which cannot lie on one: they are copied, not mounted.
  const parts = layer && [join(layer.dir, 'docker'), join(layer.dir, 'containerd')]
  if (parts) await must(['cp', '-a', '--reflink=auto', ...parts, dir], { signal, timeout: 300_000 })
  const { publicKey, registry } = options
  const hostKey = await writeIdentity(root, { hostname: name, address, publicKey, resolvers: reach.resolvers, registry })
  await appendFile(knownHostsFile, `${address} ${hostKey}\n`)
  const facts = { name, address, port, user: 'root', privateKeyFile, hostKey, knownHostsFile, root } as const
  const host = { ...facts, run, powerOff: power.off, start, reboot, unplug, plug, snapshot, destroy }
  return { host, retire: power.retire }
}
