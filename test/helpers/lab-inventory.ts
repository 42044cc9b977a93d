import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LabHost } from '../../src/lab/lab.ts'

/** Writes an inventory in which the lab's host is `laptop`, in group matrix_servers, with further variables; its path. */
export function labInventory(dir: string, host: LabHost, vars: Record<string, unknown> = {}): string {
  const own = {
    ansible_host: host.address,
    ansible_port: host.port,
    ansible_user: 'root',
    ansible_ssh_private_key_file: host.privateKeyFile,
    ansible_ssh_host_key: host.hostKey,
    server_name: 'example.com',
    ...vars,
  }
  const path = join(dir, 'inventory.yaml')
  writeFileSync(path, JSON.stringify({ all: { hosts: { laptop: own }, children: { matrix_servers: { hosts: { laptop: null } } } } }))
  return path
}
