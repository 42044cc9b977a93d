import { z } from 'zod'
import { text } from '../../module/params.ts'
import type { HbaWant } from './hba-edit.ts'
import { bitsOf, CONTYPES, fieldsOf, type HbaWord, network, optionsOf } from './hba-file.ts'
import { addressProblem, isSame, keyOf } from './hba-match.ts'

const METHODS = [
  ...(['scram-sha-256', 'peer', 'ident', 'cert', 'trust', 'reject', 'md5', 'password'] as const),
  ...(['gss', 'sspi', 'ldap', 'radius', 'pam', 'bsd', 'oauth'] as const),
]

const oneLine = () => text().refine((value) => !/[\0\n\r]/.test(value), { error: 'expected one line' })

/** The end of a line. A backslash there would make the next rule a part of this one. */
const ending = () =>
  oneLine().refine((value) => !value.trimEnd().endsWith('\\'), { error: 'a backslash at the end would swallow the next line' })

/** Names, or a text of them with commas. One in double quotes is a name even when it reads like a keyword. */
const names = () =>
  z
    .union([z.array(oneLine()), oneLine()], { error: 'expected names' })
    .transform((value): HbaWord[] => (Array.isArray(value) ? value : (value.match(/(?:"(?:[^"]|"")*"|[^,"])+/g) ?? [])).map(wordOf))
    .refine((words) => words.length > 0 && words.every(({ text }) => text !== ''), { error: 'expected names' })

const wordOf = (item: string): HbaWord => {
  const text = item.trim()
  return /^[+@]?"(?:[^"]|"")*"$/.test(text) ? (fieldsOf(text).fields[0]?.[0] ?? { text: '', quoted: true }) : { text, quoted: false }
}

/** Parameters of one rule. They have no defaults of their own: what is not given may come from beside `rules`. */
export const ruleParams = {
  contype: z.enum(CONTYPES).optional().describe('By what the connection comes: local is the Unix socket, host is TCP with or without TLS.'),
  databases: names().optional().describe('Its databases, with commas; all, unless given.'),
  users: names().optional().describe('Its roles, with commas; all, unless given. +role means its members.'),
  address: oneLine()
    .meta({ aliases: ['source', 'src'] })
    .optional()
    .describe('Where it comes from: an address, a network, a name, all, samehost or samenet; samehost, unless given. Not for local.'),
  netmask: oneLine()
    .refine((mask) => /^1*0*$/.test(bitsOf(mask) ?? 'x'), { error: 'expected a mask such as 255.255.255.0' })
    .optional()
    .describe('The mask of the address, when it has no prefix length.'),
  method: z.enum(METHODS).optional().describe('How the role proves who it is; scram-sha-256, unless given.'),
  options: ending()
    .refine((value) => fieldsOf(value).comment === undefined, { error: 'a # outside quotes begins a comment: use the parameter comment' })
    .optional()
    .describe('Options of the method, such as map=synapse.'),
  comment: ending().optional().describe('A comment behind the rule.'),
  state: z.enum(['present', 'absent']).optional().describe('Whether the rule is there; present, unless given.'),
}

type RuleWant = z.output<z.ZodObject<typeof ruleParams>>
interface Wants extends RuleWant {
  readonly rules?: readonly RuleWant[] | undefined
}

export const RULE_KEYS = Object.keys(ruleParams) as (keyof typeof ruleParams)[]

/** Each rule with what it does not say taken from beside `rules`. */
function merged(want: Wants): RuleWant[] {
  if (want.rules === undefined) return want.contype === undefined ? [] : [want]
  return want.rules.map((rule) => Object.fromEntries(RULE_KEYS.map((key) => [key, rule[key] ?? want[key]])) as RuleWant)
}

const ALL: readonly HbaWord[] = [{ text: 'all', quoted: false }]

const addressOf = ({ contype, address = 'samehost', netmask }: RuleWant): string | undefined =>
  contype === 'local' ? undefined : network(address, netmask)

/** Why each rule cannot be written. */
export const ruleProblems = (want: Wants): (string | undefined)[] =>
  merged(want).map((rule) => {
    if (rule.contype === undefined) return 'contype is required for a rule'
    if (rule.contype !== 'local' && rule.method === 'peer')
      return 'the method peer is for contype local: only the socket tells who is there'
    if (rule.netmask !== undefined && (rule.address?.includes('/') || bitsOf(rule.address ?? '') === undefined))
      return 'netmask goes with an address that has no prefix length'
    const address = addressOf(rule)
    if (address !== undefined && /[\s,#"]/.test(address)) return `${address} is no address`
    return address === undefined ? undefined : addressProblem(address)
  })

/** What cannot be true of all rules together. Two for the same connections would replace each other in every run. */
export function rulesProblem(want: Wants & { readonly overwrite: boolean }): { at: 'rules' | 'overwrite'; message: string } | undefined {
  const wants = hbaWants(want)
  if (want.overwrite && !wants.some(({ state }) => state === 'present'))
    return {
      at: 'overwrite',
      message: 'overwrite without a rule that is present would leave none, and nobody could log in: give the rules',
    }
  const agree = (one: HbaWant, other: HbaWant) =>
    one.state === other.state && (one.state === 'absent' || (isSame(one.rule, other.rule) && one.comment === other.comment))
  const seen = new Map<string, number>()
  for (const [i, one] of wants.entries()) {
    const first = seen.get(keyOf(one.rule))
    if (first === undefined) seen.set(keyOf(one.rule), i)
    else if (!agree(wants[first]!, one))
      return { at: 'rules', message: `rules ${first + 1} and ${i + 1} are for the same connections and say different things` }
  }
  return undefined
}

const commentOf = (text = ''): string | undefined => {
  const words = text.trim().replace(/^#\s*/, '')
  return words === '' ? undefined : `# ${words}`
}

/** The rules that are wanted, in their order. */
export const hbaWants = (want: Wants): HbaWant[] =>
  merged(want).map((rule) => ({
    rule: {
      type: rule.contype!,
      databases: rule.databases ?? ALL,
      users: rule.users ?? ALL,
      address: addressOf(rule),
      method: rule.method ?? 'scram-sha-256',
      options: optionsOf(rule.options ?? ''),
    },
    comment: commentOf(rule.comment),
    state: rule.state ?? 'present',
  }))
