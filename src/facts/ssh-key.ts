import { factKind } from '../module/fact.ts'
import { join, sh } from '../module/shell.ts'

/** An SSH key pair on the host. */
export interface SshKey {
  /** Something is at the path of the private key, even a link that leads nowhere. */
  readonly exists: boolean
  /** Something is at the path of the public key. */
  readonly publicExists: boolean
  /** The line of the public key file; undefined when there is none, or it is a link. */
  readonly publicKey?: string
  /** As `ssh-keygen -l` prints it. */
  readonly fingerprint?: string
}

/** A key pair by the absolute path of its private key (ssh-keygen(1)). A link is not read: whoever owns the directory could point it anywhere. */
export const sshKey = factKind<string, SshKey>({
  name: 'ssh-key',
  script: (keys) =>
    join(
      keys.map(
        (path) => sh`f=${path}; { [ -e "$f" ] || [ -L "$f" ]; } && echo private; { [ -e "$f.pub" ] || [ -L "$f.pub" ]; } && echo public
printf '\\000'
if [ -f "$f.pub" ] && [ ! -L "$f.pub" ]; then cat -- "$f.pub"; printf '\\000'; ssh-keygen -l -f "$f.pub"; else printf '\\000'; fi
printf '\\000'`,
      ),
      '\n',
    ),
  parse: (stdout, keys) => {
    const parts = stdout.toString().split('\0')
    return keys.map((_, i) => {
      const [found = '', publicKey = '', fingerprint = ''] = parts.slice(3 * i, 3 * i + 3)
      return {
        exists: found.includes('private'),
        publicExists: found.includes('public'),
        ...(publicKey.trim() !== '' && { publicKey: publicKey.trim() }),
        ...(fingerprint.trim() !== '' && { fingerprint: fingerprint.trim() }),
      }
    })
  },
  isAbsent: (value) => !value.exists,
})
