import { z } from 'zod'
import { bool, int, list, number, path, text } from '../../module/params.ts'

const HASH_SAFE = /^[^:\n\r\0]*$/

export const params = z
  .strictObject({
    name: text()
      .refine((name) => /^[^\s:/,-][^\s:/,]*$/.test(name), { error: 'expected the name of an account' })
      .meta({ aliases: ['user'] })
      .describe('Name of the account.'),
    state: z.enum(['present', 'absent']).default('present').describe('Whether the account is there.'),
    uid: int().optional().describe('Number of the account. Unset: kept, or the next free one.'),
    comment: text().optional().describe('Full name or description (the GECOS field).'),
    group: text().optional().describe('Primary group, by name or number. Unset: kept, or a new group of the same name.'),
    groups: list().optional().describe('Supplementary groups, by name or number; an empty list leaves all. Unset: kept.'),
    append: bool().default(false).describe('Only add to `groups`, leave no group.'),
    shell: path().optional().describe('Login shell.'),
    home: path().optional().describe('Home directory.'),
    create_home: bool()
      .meta({ aliases: ['createhome'] })
      .default(true)
      .describe('Make the home directory when it is missing.'),
    move_home: bool().default(false).describe('With `home`: move the old home directory there, unless something is there already.'),
    skeleton: path().optional().describe('Directory whose contents a new home directory begins with, instead of /etc/skel.'),
    umask: text()
      .refine((value) => /^[0-7]{1,4}$/.test(value), { error: 'expected an octal mask in quotes, such as "0027"' })
      .optional()
      .describe('Mask for the mode of a new home directory.'),
    system: bool().default(false).describe('A new account gets a number of the range for system accounts.'),
    non_unique: bool().default(false).describe('With `uid`: allow a number that another account has.'),
    uid_min: int().optional().describe('Lowest number for a new account, instead of the one in /etc/login.defs.'),
    uid_max: int().optional().describe('Highest number for a new account, instead of the one in /etc/login.defs.'),
    seuser: text().optional().describe('SELinux user of a new account.'),
    local: bool().default(false).describe('Look only at /etc/passwd and /etc/group, not at a directory service.'),
    password: text()
      .refine((hash) => HASH_SAFE.test(hash), { error: 'a password hash has neither a colon nor a line break' })
      .optional()
      .describe('The hash of the password, as crypt(5) has it; "*" or "!" for none. Travels on standard input only.'),
    update_password: z.enum(['always', 'on_create']).default('always').describe('Whether an existing account gets the password too.'),
    password_lock: bool().optional().describe('Lock (true) or unlock (false) the password. Unset: kept.'),
    password_expire_max: int().optional().describe('Days after which the password must be changed.'),
    password_expire_min: int().optional().describe('Days before the password may be changed again.'),
    password_expire_warn: int().optional().describe('Days of warning before the password must be changed.'),
    password_expire_account_disable: int().optional().describe('Days after that until the account is disabled.'),
    expires: number().optional().describe('When the account expires, in seconds since the epoch; negative for never.'),
    remove: bool().default(false).describe('With state absent: remove the home directory and the mail spool too.'),
    force: bool()
      .default(false)
      .describe('With state absent: even while the account is in use. With generate_ssh_key: replace the key each time.'),
    generate_ssh_key: bool().default(false).describe('Make an SSH key pair for the account, if it has none.'),
    ssh_key_type: z.enum(['rsa', 'ed25519', 'ecdsa', 'dsa']).default('rsa').describe('Kind of the key.'),
    ssh_key_bits: int().optional().describe('Length of the key. Unset: what ssh-keygen takes.'),
    ssh_key_file: path().optional().describe('Private key file, absolute or below the home directory. Unset: .ssh/id_TYPE.'),
    ssh_key_comment: text().optional().describe('Comment of the key. Unset: "mhprov-generated on HOSTNAME".'),
    ssh_key_passphrase: text()
      .refine((value) => /^[^\n\r\0]*$/.test(value), { error: 'a passphrase has no line break' })
      .optional()
      .describe('Passphrase of a new key. Travels on standard input only.'),
  })
  .refine((want) => !want.local || (want.umask === undefined && want.uid_min === undefined && want.uid_max === undefined), {
    error: "'umask', 'uid_min' and 'uid_max' can not be used with 'local'",
    path: ['local'],
  })

export type Want = z.output<typeof params>

/** Lengths of what follows the last `$`, by method (crypt(5)). */
const DIGEST: Record<string, number> = { '1': 22, '5': 43, '6': 86, y: 43 }

/** Whether a password is what crypt(5) would produce, or one of the words that stand for "none". */
export function looksHashed(password: string): boolean {
  if (/^(!|\*+)$/.test(password)) return true
  const [before, method, ...rest] = password.split('$')
  const digest = rest.at(-1)
  if (before !== '' || method === undefined || digest === undefined || !/^[A-Za-z0-9./=]+$/.test(digest)) return false
  return DIGEST[method] === undefined || DIGEST[method] === digest.length
}

export function warnings(want: Want): string[] {
  return [
    ...(want.password !== undefined && want.password !== '' && !looksHashed(want.password)
      ? ['The password does not look like a hash; it is stored as it is, and then nobody can log in with it. Hash it first (mkpasswd(1)).']
      : []),
    ...(want.append && want.groups === undefined ? ["'append' is set, but no 'groups' are specified. Use 'groups' to say which."] : []),
  ]
}
