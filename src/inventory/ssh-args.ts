/** What the SSH arguments of an inventory come to: the hosts to go through, first to last, or why they cannot be honoured. */
export type SshArgs = { readonly jump: readonly string[] | undefined } | { readonly problem: string; readonly hint: string }

const SUPPORTED = 'supported are -J HOST and -o ProxyJump=HOST'

/** They tune the ssh program alone: mhprov keeps one connection per host anyway. */
const HARMLESS = /^(control(master|persist|path)|compression|serveralive(interval|countmax)|tcpkeepalive|loglevel)$/i

/** Where an option of ssh_config(5) has a variable of its own. */
const INSTEAD: Record<string, string> = {
  identityfile: 'use ansible_ssh_private_key_file instead',
  i: 'use ansible_ssh_private_key_file instead',
  user: 'use ansible_user instead',
  l: 'use ansible_user instead',
  port: 'use ansible_port instead',
  p: 'use ansible_port instead',
  connecttimeout: 'use ansible_timeout instead',
  stricthostkeychecking: 'use "ansible_host_key_checking: accept-new", or pin the key with ansible_ssh_host_key',
  userknownhostsfile: 'use "ansible_host_key_checking: accept-new", or pin the key with ansible_ssh_host_key',
}

/** Reads `ansible_ssh_common_args` and the like: arguments of ssh(1), of which those about jump hosts count. */
export function readSshArgs(text: string): SshArgs {
  const words = splitWords(text)
  if (!words) return { problem: 'a quote is not closed', hint: SUPPORTED }
  let jump: readonly string[] | undefined
  while (words.length > 0) {
    const word = words.shift() ?? ''
    const [, letter = '', rest = ''] = /^-([a-zA-Z])(.*)$/s.exec(word) ?? []
    if (letter === 'C' && rest === '') continue
    const value = rest !== '' ? rest : 'oJiplF'.includes(letter) && letter !== '' ? words.shift() : undefined
    const [, name = letter, setting = ''] =
      letter === 'o' ? (/^\s*(\w+)(?:\s*=\s*|\s+)(.*)$/s.exec(value ?? '') ?? []) : [undefined, letter, value]
    if (letter === 'o' && HARMLESS.test(name)) continue
    if (letter !== 'J' && name.toLowerCase() !== 'proxyjump')
      return { problem: `${word}${rest === '' && value ? ` ${value}` : ''} is not supported`, hint: wayOut(name, setting) }
    const hosts = jumpHosts(setting ?? '')
    if (!hosts)
      return { problem: `"${setting ?? ''}" is no list of jump hosts`, hint: 'write them as user@host:port, with commas between them' }
    jump = hosts
  }
  return { jump }
}

/** `a,user@b:22` to its hosts, in the order of going through them (ssh_config(5), ProxyJump); `none` is no host. Undefined when malformed. */
function jumpHosts(text: string): string[] | undefined {
  if (text.toLowerCase() === 'none') return []
  const hosts = text.split(',').map((one) =>
    one
      .trim()
      .replace(/^ssh:\/\//, '')
      .replace(/\/$/, ''),
  )
  return hosts.every((one) => /^(?:[^@\s]+@)?(?:\[[^\]\s]+\]|[^:@\s/]+)(?::\d+)?$/.test(one)) ? hosts : undefined
}

function wayOut(name: string, setting: string): string {
  const instead = INSTEAD[name.toLowerCase()]
  if (instead) return instead
  const through = name.toLowerCase() === 'proxycommand' ? jumpOf(setting) : undefined
  return through ? `write -J ${through} instead` : `${SUPPORTED}; other settings belong in ~/.ssh/config`
}

/** The jump host in a ProxyCommand of the form `ssh -W %h:%p [-q] [-p PORT] HOST`. */
function jumpOf(command: string): string | undefined {
  const found = /^ssh\s+(.*)$/s.exec(command.trim())?.[1]
  if (!found || !/-W\s*\[?%h\]?:%p/.test(found)) return undefined
  const port = /-p\s*(\d+)/.exec(found)?.[1]
  const rest = found.replace(/-W\s*\[?%h\]?:%p|-p\s*\d+|-q\b/g, '').trim()
  return /^[^\s-]\S*$/.test(rest) ? `${rest}${port ? `:${port}` : ''}` : undefined
}

/** Words as a shell would see them, quotes taken off; undefined when a quote is not closed. */
function splitWords(text: string): string[] | undefined {
  const words = text.match(/(?:[^\s"']|"[^"]*"|'[^']*')+/g) ?? []
  const whole = words.join('').length === text.replace(/\s+(?=(?:[^"']|"[^"]*"|'[^']*')*$)/g, '').length
  return whole ? words.map((word) => word.replace(/"([^"]*)"|'([^']*)'/g, '$1$2')) : undefined
}
