/** A rule as ufw keeps it in user.rules and user6.rules: one line for each family and each port list of a profile. */
export interface Rule {
  readonly route: boolean
  readonly action: string
  /** '', log or log-all. */
  readonly log: string
  readonly proto: string
  readonly dport: string
  readonly dst: string
  readonly sport: string
  readonly src: string
  /** Profiles of the destination and the source; '' for none. */
  readonly dapp: string
  readonly sapp: string
  /** `in`, `out_eth0`, `in_eth0!out_eth1`. */
  readonly way: string
  readonly comment: string
}

const profile = (word: string) => (word === '-' ? '' : word.replaceAll('%20', ' '))

/** Reads one; undefined for what is none. */
export function parseRule(line: string): Rule | undefined {
  const words = line.split(' ')
  const last = words.at(-1) ?? ''
  const comment = last.startsWith('comment=') ? Buffer.from(last.slice(8), 'hex').toString() : ''
  if (last.startsWith('comment=')) words.pop()
  if (words.length !== 7 && words.length !== 9) return undefined
  const [what, proto, dport, dst, sport, src] = words as [string, string, string, string, string, string]
  const [dapp, sapp] = words.length === 9 ? [profile(words[6]!), profile(words[7]!)] : ['', '']
  const route = what.startsWith('route:')
  const [action = '', log = ''] = what.replace('route:', '').split('_')
  return { route, action, log, proto, dport, dst, sport, src, dapp, sapp, way: words.at(-1)!, comment }
}

/** The line of one. */
export function ruleLine(rule: Rule): string {
  const what = `${rule.route ? 'route:' : ''}${rule.action}${rule.log && `_${rule.log}`}`
  const apps = rule.dapp || rule.sapp ? [rule.dapp, rule.sapp].map((app) => app.replaceAll(' ', '%20') || '-') : []
  const comment = rule.comment === '' ? [] : [`comment=${Buffer.from(rule.comment).toString('hex')}`]
  return [what, rule.proto, rule.dport, rule.dst, rule.sport, rule.src, ...apps, rule.way, ...comment].join(' ')
}

const TRAFFIC = ['route', 'proto', 'dport', 'dst', 'sport', 'src', 'dapp', 'sapp', 'way'] as const

/** Whether two are about the same traffic: ufw keeps only one such, and changes it in its place. */
export const sameTraffic = (a: Rule, b: Rule): boolean => TRAFFIC.every((field) => a[field] === b[field])

/** Whether a rule that is there is the wanted one; a comment counts only where one is wanted. */
export const isRule = (is: Rule, want: Rule): boolean =>
  sameTraffic(is, want) && is.action === want.action && is.log === want.log && (want.comment === '' || is.comment === want.comment)
