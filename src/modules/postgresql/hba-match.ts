import { bitsOf, type HbaRule, type HbaWord } from './hba-file.ts'

/** Whether one thing holds all of another: not, perhaps, all that is of one family of addresses, surely. From the weakest on. */
const COVERS = ['no', 'perhaps', 'family', 'yes'] as const
type Covers = (typeof COVERS)[number]

const sure = (yes: boolean, perhaps = false): Covers => (yes ? 'yes' : perhaps ? 'perhaps' : 'no')

const isKeyword = (word: HbaWord, name: string): boolean => !word.quoted && word.text === name

const DATABASE_KEYWORDS = /^(all|sameuser|samerole|samegroup|replication)$|^[@/]/
const USER_KEYWORDS = /^all$|^[@/+]/

/** Whether a word is more than a name. A regular expression is one in quotes, too (PostgreSQL 16). */
const isMore = (word: HbaWord, keywords: RegExp): boolean => keywords.test(word.text) && (!word.quoted || word.text.startsWith('/'))

const same = (one: HbaWord, other: HbaWord, keywords: RegExp): boolean =>
  one.text === other.text && isMore(one, keywords) === isMore(other, keywords)

/** Members, lists and patterns hold some names and never all. */
const mayCover = (by: HbaWord, word: HbaWord, keywords: RegExp): boolean => isMore(by, keywords) && !isKeyword(word, 'all')

function coversDatabase(by: HbaWord, word: HbaWord): Covers {
  // replication connections are of no database: `all` does not mean them
  if (isKeyword(word, 'replication') || isKeyword(by, 'replication'))
    return sure(isKeyword(word, 'replication') && isKeyword(by, 'replication'))
  if (isKeyword(by, 'all') || same(by, word, DATABASE_KEYWORDS)) return 'yes'
  return sure(false, mayCover(by, word, DATABASE_KEYWORDS))
}

function coversUser(by: HbaWord, word: HbaWord): Covers {
  if (isKeyword(by, 'all') || same(by, word, USER_KEYWORDS)) return 'yes'
  return sure(false, mayCover(by, word, USER_KEYWORDS))
}

function coversAddress(by: string | undefined, address: string | undefined): Covers {
  if (by === address || by === 'all') return 'yes'
  if (by === undefined || address === undefined) return 'no'
  if (by === 'samenet' && address === 'samehost') return 'yes'
  const [net, host] = [networkOf(by), networkOf(address)]
  if (!net) return nameCovers(by, address, host)
  if (!host) return net.length > 0 ? 'no' : address === 'all' ? 'perhaps' : 'family'
  return sure(net.of === host.of && net.length <= host.length && host.bits.startsWith(net.bits.slice(0, net.length)))
}

const isDomain = (address: string): boolean => address.startsWith('.')
const isName = (address: string): boolean => !/^(all|samehost|samenet)$/.test(address) && !networkOf(address)

/** The same of samehost, samenet, a host name or a domain. Who is meant is known only there, but one host is no network. */
function nameCovers(by: string, address: string, net: Network | undefined): Covers {
  if (address === 'all') return 'no'
  if (isDomain(by) && isName(address)) return sure(address.endsWith(by))
  if (isDomain(by) || by === 'samenet') return 'perhaps'
  if (net) return sure(false, net.length === net.of)
  return sure(false, !(isName(by) && isName(address)) && address !== 'samenet')
}

/** Whether someone may come from both. */
function addressesMeet(one: string | undefined, other: string | undefined): boolean {
  if (one === other || one === 'all' || other === 'all') return true
  if (one === undefined || other === undefined) return false
  const both = isName(one) && isName(other)
  return both || (networkOf(one) && networkOf(other)) ? coversAddress(one, other) === 'yes' || coversAddress(other, one) === 'yes' : true
}

interface Network {
  readonly bits: string
  readonly length: number
  readonly of: number
}

function networkOf(address: string): Network | undefined {
  const [ip = '', length] = address.split('/')
  const bits = bitsOf(ip)
  return bits === undefined || length === undefined ? undefined : { bits, length: Number(length), of: bits.length }
}

/** Whether a network is one that PostgreSQL reads. */
export function addressProblem(address: string): string | undefined {
  const [ip = '', length] = address.split('/')
  const bits = bitsOf(ip)
  if (length === undefined) return undefined
  if (bits === undefined || !/^\d+$/.test(length) || Number(length) > bits.length) return `${address} is no network`
  if (bits.slice(Number(length)).includes('1')) return `${address} has bits set beyond its prefix length: PostgreSQL refuses that`
  return undefined
}

const EXCLUSIVE = [
  ['hostssl', 'hostnossl'],
  ['hostgssenc', 'hostnogssenc'],
  ['hostssl', 'hostgssenc'],
]

function coversType(by: string, type: string): Covers {
  if (by === type) return 'yes'
  if (by === 'local' || type === 'local') return 'no'
  if (by === 'host') return 'yes'
  return sure(false, !EXCLUSIVE.some((pair) => pair.includes(by) && pair.includes(type)))
}

/** The weakest of several. */
const all = (...found: Covers[]): Covers => COVERS.find((one) => found.includes(one)) ?? 'yes'
const best = (found: Covers[]): Covers => COVERS.findLast((one) => found.includes(one)) ?? 'no'

/** Every connection of the rule would be the other's, if that came first. */
export const hides = (by: HbaRule, rule: HbaRule): boolean =>
  all(
    coversType(by.type, rule.type),
    coversAddress(by.address, rule.address),
    ...rule.databases.map((word) => best(by.databases.map((other) => coversDatabase(other, word)))),
    ...rule.users.map((word) => best(by.users.map((other) => coversUser(other, word)))),
  ) === 'yes'

const wins = (by: HbaRule, rule: HbaRule): Covers =>
  all(
    coversType(by.type, rule.type),
    coversAddress(by.address, rule.address),
    best(rule.databases.flatMap((word) => by.databases.map((other) => coversDatabase(other, word)))),
    best(rule.users.flatMap((word) => by.users.map((other) => coversUser(other, word)))),
  )

/** Some database and user of the rule are, or may be, wholly the other's, if that came first. */
export const winsOver = (by: HbaRule, rule: HbaRule): boolean => wins(by, rule) !== 'no'

/** The same without a doubt: the rule is an exception to the other. */
export const surelyWinsOver = (by: HbaRule, rule: HbaRule): boolean => ['yes', 'family'].includes(wins(by, rule))

/** Whether some connection may be of both. */
export function meets(one: HbaRule, other: HbaRule): boolean {
  const some = <T>(covers: (by: T, word: T) => Covers, these: readonly T[], those: readonly T[]) =>
    these.some((a) => those.some((b) => covers(a, b) !== 'no' || covers(b, a) !== 'no'))
  return (
    some(coversType, [one.type], [other.type]) &&
    addressesMeet(one.address, other.address) &&
    some(coversDatabase, one.databases, other.databases) &&
    some(coversUser, one.users, other.users)
  )
}

/** The words in any order; `all` takes in every other one but `replication`. */
function set(words: readonly HbaWord[], keywords: RegExp): string {
  const every = words.some((word) => isKeyword(word, 'all'))
  const kept = every ? words.filter((word) => isKeyword(word, 'all') || isKeyword(word, 'replication')) : words
  return [...new Set(kept.map((word) => `${keywords.test(word.text) && !isMore(word, keywords) ? '"' : ''}${word.text}`))].sort().join('\0')
}

/** What tells one rule from another: the connections it is for, not what it does with them. */
export const keyOf = (rule: HbaRule): string => {
  const net = rule.address === undefined ? undefined : networkOf(rule.address)
  const address = net ? `${net.bits}/${net.length}` : (rule.address ?? '')
  return JSON.stringify([rule.type, set(rule.databases, DATABASE_KEYWORDS), set(rule.users, USER_KEYWORDS), address])
}

/** Two that do the same with the same connections. */
export const isSame = (one: HbaRule, other: HbaRule): boolean =>
  keyOf(one) === keyOf(other) && one.method === other.method && [...one.options].sort().join('\0') === [...other.options].sort().join('\0')
