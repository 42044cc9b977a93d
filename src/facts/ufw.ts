import { factKind } from '../module/fact.ts'
import { raw } from '../module/shell.ts'

/** The connection this shell came by, as sshd tells it (sshd(8), SSH_CONNECTION), and the interface that has the server's address. */
export interface SshConnection {
  readonly client: string
  readonly server: string
  readonly port: number
  /** Empty when it is not known. */
  readonly interface: string
}

export type Policy = 'allow' | 'deny' | 'reject'

/** The firewall of ufw(8), as its files have it. */
export interface Ufw {
  readonly installed: boolean
  /** Its rules can be read: by root only. */
  readonly readable: boolean
  /** Starts with the host. */
  readonly atBoot: boolean
  /** Its rules are in the kernel now. */
  readonly running: boolean
  readonly ipv6: boolean
  /** off, low, medium, high or full. */
  readonly logging: string
  readonly policies: { readonly incoming: Policy; readonly outgoing: Policy; readonly routed: Policy }
  /** The user's rules in their order, each as ufw keeps it: `allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in`. */
  readonly rules: readonly string[]
  readonly rules6: readonly string[]
  /** Application profiles by name, with their ports: `80,443/tcp|443/udp`. */
  readonly profiles: Readonly<Record<string, string>>
  readonly ssh?: SshConnection
}

// Under sudo the variable is gone from the environment, but not from that of the login's own process further up.
const SCRIPT = raw(`part() { printf '\\0%s\\0' "$1"; }
command -v ufw >/dev/null && { part installed; echo yes; }
[ -r /etc/ufw/user.rules ] && { part readable; echo yes; }
part conf; cat /etc/ufw/ufw.conf
part defaults; cat /etc/default/ufw
part rules; grep '^### tuple ### ' /etc/ufw/user.rules
part rules6; grep '^### tuple ### ' /etc/ufw/user6.rules
part profiles; sed -n -e '/^\\[.*]/p' -e '/^ports[ =]/p' /etc/ufw/applications.d/*
iptables -w -n -L ufw-user-input >/dev/null && { part running; echo yes; }
c=\${SSH_CONNECTION-} p=$$
while [ -z "$c" ] && [ "\${p:-1}" -gt 1 ]; do
c=$(tr '\\0' '\\n' <"/proc/$p/environ" | sed -n 's/^SSH_CONNECTION=//p')
p=$(sed -n 's/.*) [^ ]* \\([0-9]*\\) .*/\\1/p' "/proc/$p/stat")
done
[ -z "$c" ] || { part ssh; printf '%s\\n' "$c"; set -- $c; ip -o addr show to "$3" | sed -n 's/^[0-9]*: *\\([^ @]*\\).*/\\1/p'; }`)

const POLICY: Record<string, Policy> = { ACCEPT: 'allow', DROP: 'deny', REJECT: 'reject' }

const kind = factKind<'', Ufw>({
  name: 'ufw',
  script: () => SCRIPT,
  parse: (stdout, keys) => {
    const pieces = stdout.toString().split('\0').slice(1)
    const parts = new Map(pieces.flatMap((name, i) => (i % 2 === 0 ? [[name, pieces[i + 1] ?? ''] as const] : [])))
    const lines = (name: string) => (parts.get(name) ?? '').split('\n').filter((line) => line !== '')
    const setting = (part: string, name: string) =>
      lines(part)
        .findLast((line) => line.startsWith(`${name}=`))
        ?.slice(name.length + 1)
        .replace(/^(["'])(.*)\1\s*$/, '$2')
    const policy = (name: string, otherwise: Policy) => POLICY[setting('defaults', `DEFAULT_${name}_POLICY`) ?? ''] ?? otherwise
    const rules = (name: string) => lines(name).map((line) => line.replace('### tuple ### ', '').trimEnd())
    const profiles: Record<string, string> = {}
    let profile = ''
    for (const line of lines('profiles')) {
      if (line.startsWith('[')) profile = line.slice(1, line.lastIndexOf(']'))
      else profiles[profile] = line.slice(line.indexOf('=') + 1).trim()
    }
    const [connection, device = ''] = lines('ssh')
    const [client, , server, port] = (connection ?? '').split(' ')
    const answer: Ufw = {
      installed: parts.has('installed'),
      readable: parts.has('readable'),
      atBoot: setting('conf', 'ENABLED')?.toLowerCase() === 'yes',
      running: parts.has('running'),
      ipv6: setting('defaults', 'IPV6')?.toLowerCase() === 'yes',
      logging: setting('conf', 'LOGLEVEL')?.toLowerCase() ?? 'low',
      policies: { incoming: policy('INPUT', 'deny'), outgoing: policy('OUTPUT', 'allow'), routed: policy('FORWARD', 'deny') },
      rules: rules('rules'),
      rules6: rules('rules6'),
      profiles,
      ...(client && server && port && { ssh: { client, server, port: Number(port), interface: device } }),
    }
    return keys.map(() => answer)
  },
  isAbsent: (value) => !value.installed,
})

export const ufw = () => kind('')
