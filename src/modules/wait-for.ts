import { z } from 'zod'
import { defineModule, type Output, run } from '../module/define.ts'
import { operand } from '../module/host-path.ts'
import { int, list, number, path, text } from '../module/params.ts'
import { raw, type Sh, sh } from '../module/shell.ts'
import { pythonRegex } from './files/python-regex.ts'
import { activeConnections, STATES } from './wait/socket-table.ts'
import { exists, listener, matcher, portProbe, waitOnly, waitUntil } from './wait/wait-script.ts'

const params = z.strictObject({
  host: text().default('127.0.0.1').describe('A name or address to connect to, as the host sees it.'),
  port: int().optional().describe('The TCP port to watch; not together with `path`.'),
  path: path().optional().describe('The file to watch; not together with `port`.'),
  search_regex: text()
    .optional()
    .describe('A regular expression (Python’s syntax, multiline) to be found in the file, or in what the port says.'),
  state: z
    .enum(['started', 'present', 'stopped', 'absent', 'drained'])
    .default('started')
    .describe(
      'started or present: the port is open, the file or text is there; stopped or absent: not there; drained: no active connections.',
    ),
  timeout: int().default(300).describe('Seconds to wait at most; with nothing to watch, the seconds to wait.'),
  delay: int().default(0).describe('Seconds before the first look.'),
  sleep: number().default(1).describe('Seconds between looks.'),
  connect_timeout: int().default(5).describe('Seconds one connection may take.'),
  msg: text().optional().describe('What to say instead of the timeout’s message.'),
  active_connection_states: list()
    .default(['ESTABLISHED', 'FIN_WAIT1', 'FIN_WAIT2', 'SYN_RECV', 'SYN_SENT', 'TIME_WAIT'])
    .describe('States that count as active, for drained.'),
  exclude_hosts: list().optional().describe('Hosts whose connections do not count, for drained.'),
})
type Want = z.output<typeof params>

const gone = (want: Want) => want.state === 'stopped' || want.state === 'absent'

function refusal(want: Want): string | undefined {
  if (want.port !== undefined && want.path !== undefined) return 'port and path parameter can not both be passed to wait_for'
  for (const state of ['stopped', 'drained'])
    if (want.path !== undefined && want.state === state)
      return `state=${state} should only be used for checking a port in the wait_for module`
  if (want.exclude_hosts !== undefined && want.state !== 'drained') return 'exclude_hosts should only be with state=drained'
  if (want.state === 'drained' && want.port === undefined) return 'state=drained needs a port'
  if (want.port !== undefined && (want.port < 1 || want.port > 65535)) return `${want.port} is not a port: they go from 1 to 65535`
  const odd = want.active_connection_states.filter((state) => !(state in STATES))
  if (odd.length > 0) return `unknown active_connection_states (${odd.join(', ')}), expected some of ${Object.keys(STATES).join(', ')}`
  const regex = want.search_regex === undefined ? undefined : pythonRegex(want.search_regex, { multiline: true })
  if (regex && !regex.regex) return `search_regex "${want.search_regex}" cannot be used: ${regex.why}`
  return undefined
}

// grep -P takes Perl's syntax: Python's, but for \Z; a newline would part two expressions.
const perl = (expression: string) =>
  `(?m)${expression.replace(/\\[\s\S]|\n/g, (part) => (part === '\\Z' ? '\\z' : part === '\n' ? '\\n' : part))}`

function script(want: Want): Sh {
  const { host, port, path, search_regex: regex } = want
  if (port !== undefined && want.state === 'drained') {
    const excluded = want.exclude_hosts ?? []
    return waitUntil(want, activeConnections({ host, port, states: want.active_connection_states, excluded }), raw('! active'))
  }
  if (port !== undefined && gone(want)) return waitUntil(want, portProbe(host, port, want.connect_timeout), raw('! open'))
  if (port !== undefined && regex !== undefined)
    return waitUntil(want, sh`${matcher(perl(regex))}\n${listener(host, port, want.connect_timeout)}`, raw('heard'), raw('show "$d/said"'))
  if (port !== undefined) return waitUntil(want, portProbe(host, port, want.connect_timeout), raw('open'))
  if (path === undefined) return waitOnly(want.timeout + want.delay)
  if (gone(want)) return waitUntil(want, raw(':'), sh`! ${exists(path)}`)
  if (regex === undefined) return waitUntil(want, raw(':'), exists(path))
  const file = operand(path)
  return waitUntil(want, matcher(perl(regex)), sh`${exists(path)} && matches ${file}`, sh`show ${file}`)
}

function timeoutMessage(want: Want): string {
  const where = want.port === undefined ? want.path : `${want.host}:${want.port}`
  if (want.state === 'drained') return `Timeout when waiting for ${where} to drain`
  if (gone(want))
    return want.port === undefined ? `Timeout when waiting for ${where} to be absent.` : `Timeout when waiting for ${where} to stop.`
  if (want.search_regex !== undefined) return `Timeout when waiting for search string ${want.search_regex} in ${where}`
  return `Timeout when waiting for ${want.port === undefined ? 'file ' : ''}${where}`
}

const waited = (want: Want): string => {
  const what = want.port === undefined ? want.path : `${want.host}:${want.port}`
  return what === undefined ? `${want.timeout} s` : `${what} to be ${want.state}`
}

function outcome(output: Output): { end: string; elapsed: number; rest: string } {
  const text = output.stdout.toString()
  const line = text.split('\n', 1)[0]!
  const [end = '', hundredths = '0'] = line.split(' ')
  return { end, elapsed: Math.floor(Number(hundredths) / 100), rest: text.slice(line.length + 1) }
}

export const waitFor = defineModule({
  name: 'wait_for',
  summary: 'Wait for a port, a file, a text in one of them, or a time.',
  notes: [
    'A dry run does not wait.',
    'A port is tried with bash, else curl, else nc, whichever the host has; a `search_regex` is searched with `grep -P`, and for a port needs bash.',
    'Bytes are searched, as by Ansible; a NUL byte ends a stretch.',
    'drained reads /proc/net/tcp; a name given as `host` or in `exclude_hosts` is looked up for IPv4.',
  ],
  params,
  examples: [
    { title: 'Until a service answers', params: { port: 8008, delay: 2, timeout: 60 } },
    { title: 'Until SSH says who it is', params: { port: 22, host: 'db1', search_regex: 'OpenSSH' } },
    { title: 'Until a lock is gone', params: { path: '/var/lock/file.lock', state: 'absent' } },
    { title: 'Until a log says so', params: { path: '/tmp/foo', search_regex: 'completed (?P<task>\\w+)' } },
    { title: 'Just five seconds', params: { timeout: 5 } },
  ],
  returns: {
    elapsed: 'Whole seconds it took.',
    match_groups: 'What the groups of `search_regex` matched, a list.',
    match_groupdict: 'What its named groups matched, by name.',
    state: 'The parameter of the name; so are port, path and search_regex.',
  },
  plan: (want) => {
    const failure = refusal(want)
    if (failure !== undefined) return { changes: [], failure }
    return [{ summary: `wait for ${waited(want)}`, steps: [run(script(want), { anyExit: true })], reads: true }]
  },
  result: (want, _is, outputs) => {
    const { state, port = null, path = null, search_regex = null } = want
    const common = { changed: false, state, port, path, search_regex, match_groups: [], match_groupdict: {} }
    const [output] = outputs
    if (!output) return { ...common, elapsed: 0 }
    const { end, elapsed, rest } = outcome(output)
    if (end === 'timeout') return { changed: false, failed: true, elapsed, msg: want.msg ?? timeoutMessage(want) }
    if (end !== 'found') {
      const why = rest.trim() || output.stderr.toString().trim() || `the script that waits ended with ${output.code}`
      return { changed: false, failed: true, elapsed, msg: why }
    }
    const match = search_regex === null ? null : pythonRegex(search_regex, { multiline: true }).regex?.exec(rest)
    if (!match) return { ...common, elapsed }
    const [, ...groups] = match
    return { ...common, elapsed, match_groups: groups.map((group) => group ?? null), match_groupdict: { ...match.groups } }
  },
})
