import { fingerprint, hostName, isAbout, type KnownHost, keyType, shortType } from './known-hosts.ts'
import { HostLost, type Target } from './transport.ts'

/** By what the key of a host is judged. */
export interface Trust {
  /** For messages. */
  readonly name: string
  readonly host: string
  readonly port: number
  readonly checking: Target['hostKeyChecking']
  /** Pinned keys or fingerprints; with one, `known` is not looked at. */
  readonly pins: readonly string[]
  readonly known: readonly KnownHost[]
}

/** A pin is a public key (`ssh-ed25519 AAAA…`) or a fingerprint (`SHA256:…`). */
const PIN = /^(?:(\S+) ([A-Za-z0-9+/]+=*)(?: .*)?|(SHA256:[A-Za-z0-9+/]{43})=?)$/

/** What to do with a key that a host showed: it is trusted, to be remembered (accept-new), or refused. */
export function judgeHostKey(key: Buffer, trust: Trust): 'known' | 'new' | HostLost {
  if (trust.pins.length > 0) return judgeByPins(key, trust)
  const { name, host, port } = trust
  const shown = describe(key)
  const lines = linesAbout(trust)
  const revoked = lines.find((line) => line.marker === 'revoked' && line.key.equals(key))
  if (revoked) return refuse(`the host key of ${name} is marked as revoked at ${place(revoked)}: ${shown}`)
  const usable = lines.filter((line) => line.marker === '')
  if (usable.some((line) => line.key.equals(key))) return 'known'
  const known = usable.find((line) => line.type === keyType(key)) ?? usable[0]
  if (known)
    return refuse(
      `the host key of ${name} has changed: it shows ${shown}, and ${place(known)} has ${describe(known.key)}`,
      `either it was installed anew, or someone is in between; if you know why: ssh-keygen -R '${hostName(host, port)}' -f ${known.file}`,
    )
  const plain = trust.known.filter((line) => line.marker === '' && port !== 22 && isAbout(line, hostName(host, 22)))
  if (plain.some((line) => line.key.equals(key))) return 'known'
  if (trust.checking === 'accept-new') return 'new'
  const authority = lines.find((line) => line.marker === 'cert-authority')
  return refuse(
    `the host key of ${name} is not known: ${shown}${authority ? `; host certificates (${place(authority)}) cannot be used` : ''}`,
    `if that is its fingerprint: ssh ${port === 22 ? '' : `-p ${port} `}${host} once and say yes, set ansible_host_key_checking: accept-new, or pin it with ansible_ssh_host_key: ${fingerprint(key)}`,
  )
}

function judgeByPins(key: Buffer, { name, pins }: Trust): 'known' | HostLost {
  for (const pin of pins) {
    const [whole, type, base64, print] = PIN.exec(pin.trim()) ?? []
    if (whole === undefined || (base64 && keyType(Buffer.from(base64, 'base64')) !== type))
      return refuse(
        `ansible_ssh_host_key of ${name} is neither a public key nor a fingerprint: ${pin}`,
        'write ssh-ed25519 AAAA… or SHA256:…',
      )
    if (base64 ? Buffer.from(base64, 'base64').equals(key) : print === fingerprint(key)) return 'known'
  }
  const expected = pins.map((pin) => describePin(pin.trim())).join(' or ')
  return refuse(`the host key of ${name} is not the pinned one: it shows ${describe(key)}, and ansible_ssh_host_key has ${expected}`)
}

/** Types of host key to ask for, known ones first, so that a host is not taken for changed because it prefers another type. */
export function preferredTypes(trust: Trust): string[] {
  const types =
    trust.pins.length > 0 ? trust.pins.map((pin) => PIN.exec(pin.trim())?.[1] ?? '') : linesAbout(trust).map((line) => line.type)
  const known = ALGORITHMS.filter((algorithm) => types.includes(algorithm.startsWith('rsa-') ? 'ssh-rsa' : algorithm))
  return [...new Set([...known, ...ALGORITHMS])]
}

/** What ssh2 can verify, best first; ssh-rsa with SHA-1 is left out, as in OpenSSH since 8.8. */
const ALGORITHMS = ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521', 'rsa-sha2-512', 'rsa-sha2-256']

const linesAbout = ({ known, host, port }: Trust) => known.filter((line) => isAbout(line, hostName(host, port)))
const describe = (key: Buffer) => `${shortType(keyType(key))} ${fingerprint(key)}`
const describePin = (pin: string) => (pin.startsWith('SHA256:') ? pin : describe(Buffer.from(pin.split(' ')[1] ?? '', 'base64')))
const place = (line: KnownHost) => `${line.file}:${line.line}`
const refuse = (message: string, hint?: string) => new HostLost('host-key', message, hint)
