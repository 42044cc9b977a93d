import { bitsOf, type HbaRule, type HbaWord } from './hba-file.ts'

/** Whether one thing holds all of another: surely, perhaps, or not. */
type Covers = 'yes' | 'perhaps' | 'no'

const sure = (yes: boolean, perhaps = false): Covers => (yes ? 'yes' : perhaps ? 'perhaps' : 'no')

const isKeyword = (word: HbaWord, name: string): boolean => !word.quoted && word.text === name

const same = (one: HbaWord, other: HbaWord, keywords: RegExp): boolean =>
  one.text === other.text && (one.quoted === other.quoted || !keywords.test(one.text))

const DATABASE_KEYWORDS = /^(all|sameuser|samerole|samegroup|replication)$|^[@/]/
const USER_KEYWORDS = /^all$|^[@/+]/

function coversDatabase(by: HbaWord, word: HbaWord): Covers {
  // replication connections are of no database: `all` does not mean them
  if (isKeyword(word, 'replication') || isKeyword(by, 'replication'))
    return sure(isKeyword(word, 'replication') && isKeyword(by, 'replication'))
  if (isKeyword(by, 'all') || same(by, word, DATABASE_KEYWORDS)) return 'yes'
  return sure(false, !by.quoted && DATABASE_KEYWORDS.test(by.text))
}

function coversUser(by: HbaWord, word: HbaWord): Covers {
  if (isKeyword(by, 'all') || same(by, word, USER_KEYWORDS)) return 'yes'
  return sure(false, !by.quoted && USER_KEYWORDS.test(by.text))
}

function coversAddress(by: string | undefined, address: string | undefined): Covers {
  if (by === address || by === 'all') return 'yes'
  if (by === undefined || address === undefined) return 'no'
  if (by === 'samenet' && address === 'samehost') return 'yes'
  const [net, host] = [networkOf(by), networkOf(address)]
  // who is meant by a keyword or a name is known only there
  if (!net) return 'perhaps'
  if (!host) return sure(false, net.length === 0)
  return sure(net.of === host.of && net.length <= host.length && host.bits.startsWith(net.bits.slice(0, net.length)))
}

function networkOf(address: string): { bits: string; length: number; of: number } | undefined {
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
const all = (...found: Covers[]): Covers => (found.includes('no') ? 'no' : found.includes('perhaps') ? 'perhaps' : 'yes')
const best = (found: Covers[]): Covers => (found.includes('yes') ? 'yes' : found.includes('perhaps') ? 'perhaps' : 'no')

/** Every connection of the rule would be the other's, if that came first. */
export const hides = (by: HbaRule, rule: HbaRule): boolean =>
  all(
    coversType(by.type, rule.type),
    coversAddress(by.address, rule.address),
    ...rule.databases.map((word) => best(by.databases.map((other) => coversDatabase(other, word)))),
    ...rule.users.map((word) => best(by.users.map((other) => coversUser(other, word)))),
  ) === 'yes'

/** Some database and user of the rule are, or may be, wholly the other's, if that came first. */
export const winsOver = (by: HbaRule, rule: HbaRule): boolean =>
  all(
    coversType(by.type, rule.type),
    coversAddress(by.address, rule.address),
    best(rule.databases.flatMap((word) => by.databases.map((other) => coversDatabase(other, word)))),
    best(rule.users.flatMap((word) => by.users.map((other) => coversUser(other, word)))),
  ) !== 'no'

/** The words in any order; `all` takes in every other one but `replication`. */
function set(words: readonly HbaWord[], keywords: RegExp): string {
  const every = words.some((word) => isKeyword(word, 'all'))
  const kept = every ? words.filter((word) => isKeyword(word, 'all') || isKeyword(word, 'replication')) : words
  return [...new Set(kept.map(({ text, quoted }) => `${quoted && keywords.test(text) ? '"' : ''}${text}`))].sort().join('\0')
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
