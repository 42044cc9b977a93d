import { isIPv6 } from 'node:net'
import { z } from 'zod'
import { bool, int, text } from '../module/params.ts'
import { Secret } from '../secrets/secret.ts'

/** One variable by which the inventory says how to reach a host. */
export interface ConnectionVariable {
  readonly name: string
  /** Other names that Ansible has or had for it. */
  readonly aliases: readonly string[]
  readonly description: string
  readonly schema: z.ZodType
}

const secret = () =>
  z
    .union([z.instanceof(Secret), z.string()], { error: 'expected text (put it in quotes)' })
    .transform((value) => (value instanceof Secret ? value : new Secret(value)))

const address = () =>
  text()
    .transform((value) => (isIPv6(value.replace(/^\[(.*)\]$/, '$1')) ? value.replace(/^\[(.*)\]$/, '$1') : value))
    .refine((value) => isIPv6(value) || /^[^\s:@/]+$/.test(value), {
      error: 'expected a host name or an address alone (the user goes into ansible_user, the port into ansible_port)',
    })

const hostKey = () =>
  z
    .string({ error: 'expected a host key such as "ssh-ed25519 AAAA…" or "SHA256:…"' })
    .regex(/^(SHA256:[\w+/]{43}=?|[\w@.-]+ AAAA[\w+/]+=*( .*)?)$/, {
      error: 'expected a host key such as "ssh-ed25519 AAAA…" or "SHA256:…" (for ssh-keyscan output: without the host name before it)',
    })

const REFUSED =
  'host keys are always checked, or anybody on the way could take the host\'s place (and the sudo password). Use "accept-new" to trust a host at first sight, or pin its key with ansible_ssh_host_key'

const variables = {
  ansible_host: {
    aliases: ['ansible_ssh_host'],
    description: 'Name or address to connect to, when it is not the name in the inventory. A Host of ~/.ssh/config works too.',
    schema: address(),
  },
  ansible_port: {
    aliases: ['ansible_ssh_port'],
    description: 'Port of the SSH server; 22 unless set.',
    schema: int().refine((port) => port >= 1 && port <= 65_535, { error: 'expected a port, 1 to 65535' }),
  },
  ansible_user: { aliases: ['ansible_ssh_user'], description: 'User to log in as; as for ssh unless set.', schema: text() },
  ansible_password: {
    aliases: ['ansible_ssh_pass', 'ansible_ssh_password'],
    description: 'Password to log in with. A key is better; never write a password into a file that is shared.',
    schema: secret(),
  },
  ansible_ssh_private_key_file: {
    aliases: ['ansible_private_key_file'],
    description:
      "Private key to log in with. `~` is the home directory; a relative path starts at the inventory's folder, or where mhprov runs if it is only there.",
    schema: z.string({ error: 'expected the path of a private key' }).min(1, { error: 'expected the path of a private key' }),
  },
  ansible_connection: {
    aliases: [],
    description: 'How to reach the host: `ssh`, or `local` for the machine that mhprov runs on. `ssh` unless set.',
    schema: z
      .enum(['ssh', 'local', 'ansible.builtin.ssh', 'ansible.builtin.local'], { error: 'expected ssh or local' })
      .transform((value) => value.replace('ansible.builtin.', '')),
  },
  ansible_become: { aliases: ['ansible_sudo'], description: 'Carry tasks out as another user, by sudo.', schema: bool() },
  ansible_become_user: {
    aliases: ['ansible_sudo_user'],
    description: 'The user that tasks are carried out as; root unless set.',
    schema: text(),
  },
  ansible_become_password: {
    aliases: ['ansible_become_pass', 'ansible_sudo_pass', 'ansible_sudo_password'],
    description:
      'Password that sudo asks for. Leave it out and let mhprov ask (-K), or keep it in a host_vars file that only you can read.',
    schema: secret(),
  },
  ansible_become_method: {
    aliases: [],
    description: 'Always `sudo`.',
    schema: z.enum(['sudo', 'ansible.builtin.sudo'], { error: 'expected sudo, the only method there is' }),
  },
  ansible_ssh_common_args: {
    aliases: ['ansible_ssh_args', 'ansible_ssh_extra_args'],
    description:
      'A host to go through: `-J user@host:port` or `-o ProxyJump=user@host:port`. Other arguments are refused; put them into ~/.ssh/config.',
    schema: z.string({ error: 'expected text such as "-J user@host"' }),
  },
  ansible_host_key_checking: {
    aliases: ['ansible_ssh_host_key_checking'],
    description:
      '`true`: the host key must be known already (the default); `accept-new`: an unknown one is stored at first sight, a changed one is refused.',
    schema: z
      .union([z.literal('accept-new'), bool()], { error: 'expected true or accept-new' })
      .refine((value) => value !== false, { error: REFUSED }),
  },
  ansible_ssh_host_key: {
    aliases: [],
    description: 'The host key, or a list of them: `ssh-ed25519 AAAA…` or `SHA256:…`. With one, known_hosts is not read.',
    schema: z
      .union([z.string(), z.array(z.string())], {
        error: 'expected a host key such as "ssh-ed25519 AAAA…" or "SHA256:…", or a list of them',
      })
      .transform((keys) => [keys].flat())
      .pipe(z.array(hostKey())),
  },
  ansible_timeout: {
    aliases: ['ansible_ssh_timeout'],
    description: 'Seconds that connecting may take; 10 unless set.',
    schema: int().refine((seconds) => seconds > 0, { error: 'expected seconds, more than 0' }),
  },
} as const

export type ConnectionVariableName = keyof typeof variables
export type ConnectionSettings = { readonly [K in ConnectionVariableName]?: z.output<(typeof variables)[K]['schema']> }

/** All variables by which the inventory says how to reach a host (Ansible: "Connecting to hosts: behavioral inventory parameters"), for docs and completion. */
export const connectionVariables: readonly (ConnectionVariable & { readonly name: ConnectionVariableName })[] = Object.entries(
  variables,
).map(([name, one]) => ({ ...one, name: name as ConnectionVariableName }))

/** Ansible's variables that mean nothing here, because mhprov needs no Python and no ssh program; they are left alone. */
export const unusedVariables: ReadonlySet<string> = new Set(
  `ansible_python_interpreter ansible_pipelining ansible_ssh_pipelining ansible_ssh_executable ansible_ssh_retries ansible_ssh_transfer_method
   ansible_sftp_extra_args ansible_scp_extra_args ansible_control_path ansible_control_path_dir ansible_shell_type ansible_shell_executable
   ansible_become_exe ansible_become_flags ansible_remote_tmp ansible_ssh_use_tty ansible_module_compression`.split(/\s+/),
)
