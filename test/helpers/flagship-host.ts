import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { otherTag } from '../../src/lab/image.ts'
import type { Lab, LabHost } from '../../src/lab/lab.ts'
import { labInventory } from './lab-inventory.ts'
import { endsOf, folder, mhprov, type Ran } from './mhprov.ts'

/** The flagship against a lab host, as a person runs it who logs in as mint and must give sudo a password. */
export interface MatrixHost {
  readonly host: LabHost
  readonly dir: string
  readonly env: Record<string, string>
  /** The tag of the lab's Synapse image. */
  readonly version: string
  /** The digest of another image of the same Synapse. */
  readonly otherDigest: string
  /** Runs a command with the inventory and JSON events. */
  readonly run: (...args: string[]) => Promise<Ran>
  readonly apply: (...args: string[]) => Promise<{ ran: Ran; changed: string[]; ends: ReturnType<typeof endsOf> }>
  /** On the host, as root; throws when it does not end with 0. */
  readonly on: (script: string) => Promise<string>
}

export function matrixHost(lab: Lab, host: LabHost, vars: Record<string, unknown> = {}, dir = folder({})): MatrixHost {
  mkdirSync(join(dir, 'key'), { recursive: true })
  const { tags } = lab.registry!.images.find(({ name }) => name === 'matrixdotorg/synapse')!
  const version = Object.keys(tags).find((tag) => tag !== 'latest' && tags[tag] === tags.latest)!
  const inventory = labInventory(dir, host, {
    ansible_user: 'mint',
    ansible_become_password: 'mint-password',
    server_name: 'example.com',
    synapse_version: version,
    matrix_users: [{ name: 'alice', admin: true }, { name: 'bob' }],
    ...vars,
  })
  const env = { MHPROV_AGE_KEY_FILE: join(dir, 'key', 'age.key') }
  const run = (...args: string[]) => mhprov([...args, '-i', inventory, '--output', 'json'], { env })
  return {
    host,
    dir,
    env,
    version,
    otherDigest: tags[otherTag]!,
    run,
    apply: async (...args) => {
      const ran = await run('apply', ...args)
      const ends = endsOf(ran)
      return { ran, ends, changed: ends.filter((end) => end.status === 'changed').map((end) => end.task.name) }
    },
    on: async (script) => {
      const { code, stdout, stderr } = await host.run(script)
      if (code !== 0) throw new Error(`${script} ended with ${code}: ${stderr}${stdout}`)
      return stdout.trim()
    },
  }
}

/** What stands where the run ended, for a message. */
export const trouble = ({ ran, ends }: { ran: Ran; ends: ReturnType<typeof endsOf> }): string =>
  [ran.stderr, ...ends.filter((end) => end.status === 'failed').map((end) => `${end.task.name}: ${JSON.stringify(end.failure)}`)].join('\n')
