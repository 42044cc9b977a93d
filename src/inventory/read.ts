import type { SourceFile } from '../diagnostic.ts'
import { didYouMean, nearest } from '../did-you-mean.ts'
import { type Entry, entry, parseYaml, type Value } from '../yaml.ts'
import { type Draft, type DraftGroup, draftGroup, draftHost, fault, type Member, type Setting, warn } from './draft.ts'
import { isIni, refuseForeign } from './foreign.ts'
import { readHostKey } from './range.ts'

const SECTIONS = ['children', 'hosts', 'vars']

/**
 * Reads one YAML inventory file into the draft (Ansible: "How to build your inventory" and the yaml inventory plugin). In a group
 * children come before hosts, as there: where one host's variable is set twice, the group's own `hosts:` wins.
 */
export function readInventoryFile(draft: Draft, file: SourceFile): void {
  if (isIni(file.text) || file.text.startsWith('#!')) {
    refuseForeign(draft, file)
    return
  }
  const parsed = parseYaml(file)
  if (!parsed.ok) draft.problems.push(...parsed.problems)
  else if (parsed.value === undefined || isNull(parsed.value)) {
    const hint = 'the least one is:\nall:\n  hosts:\n    HOST:'
    fault(draft, 'missing-key', 'the inventory is empty', { file, start: 0, end: 0 }, hint)
  } else if (parsed.value.kind !== 'map') {
    const head = parsed.value.kind === 'list' ? parsed.value.items[0] : undefined
    const hint = head?.kind === 'map' && entry(head, 'hosts') ? 'this looks like a playbook' : 'begin with "all:" and its "hosts:"'
    fault(draft, 'invalid-value', 'an inventory is a mapping of groups', first(parsed.value), hint)
  } else if (entry(parsed.value, '_meta') || isSet(entry(parsed.value, 'plugin'))) refuseForeign(draft, file)
  else
    for (const { key, keyAt, value } of parsed.value.entries)
      if (SECTIONS.includes(key))
        fault(draft, 'unknown-key', `"${key}" stands outside of any group`, keyAt, 'put it below a group, such as "all:"')
      else readGroup(draft, key, keyAt, value)
}

function readGroup(draft: Draft, name: string, at: Entry['keyAt'], body: Value): void {
  const group = draftGroup(draft, name, at)
  if (/[\s:,&!*?~[\]]/.test(name))
    warn(draft, 'invalid-value', `no pattern can name the group "${name}"`, at, 'use letters, digits and underscores')
  if (isNull(body)) return
  if (body.kind !== 'map') {
    const hint = 'with "hosts:", "children:" or "vars:" below it'
    fault(draft, 'invalid-value', `the group "${name}" must be a mapping`, first(body), hint)
    return
  }
  for (const one of body.entries) if (!SECTIONS.includes(one.key)) unknownKey(draft, group, one)
  const members: Member[] = []
  for (const section of SECTIONS) {
    const found = entry(body, section)
    if (!found || isNull(found.value)) continue
    for (const one of entriesOf(draft, found)) {
      if (section === 'vars') setGroupVariable(draft, group, one)
      else members.push(...(section === 'hosts' ? readHost(draft, one) : readChild(draft, name, one)))
    }
  }
  group.members.push(...members.sort((a, b) => a.at.start - b.at.start))
}

function readChild(draft: Draft, parent: string, { key, keyAt, value }: Entry): Member[] {
  if (key === 'all') fault(draft, 'invalid-value', '"all" holds every group and cannot be a child of one', keyAt)
  else if (parent === 'ungrouped' || (key === 'ungrouped' && parent !== 'all'))
    fault(
      draft,
      'invalid-value',
      '"ungrouped" holds the hosts that are in no group: it has no children, and "all" is its only parent',
      keyAt,
    )
  else {
    readGroup(draft, key, keyAt, value)
    return [{ kind: 'group', name: key, at: keyAt }]
  }
  return []
}

function readHost(draft: Draft, { key, keyAt, value }: Entry): Member[] {
  const read = readHostKey(key)
  if (typeof read === 'string') {
    fault(draft, 'invalid-value', `"${key}" is no host name: ${read}`, keyAt)
    return []
  }
  if (value.kind !== 'map' && !isNull(value))
    fault(draft, 'invalid-value', `the variables of host "${key}" must be a mapping`, first(value), 'such as "ansible_host: 192.0.2.10"')
  const settings = value.kind === 'map' ? value.entries : []
  const nested = settings.find((one) => SECTIONS.includes(one.key) && one.value.kind === 'map')
  if (nested)
    warn(
      draft,
      'unknown-key',
      `"${nested.key}" is read as a variable of host "${key}"`,
      nested.keyAt,
      'variables of a host stand directly below its name',
    )
  return read.names.map((name) => {
    const host = draftHost(draft, name, keyAt)
    if (read.port !== undefined && !host.vars.has('ansible_port'))
      host.vars.set('ansible_port', { value: { kind: 'scalar', value: read.port, at: keyAt }, keyAt })
    for (const one of settings) host.vars.set(one.key, { value: one.value, keyAt: one.keyAt })
    return { kind: 'host', name, at: keyAt }
  })
}

function setGroupVariable(draft: Draft, group: DraftGroup, one: Entry): void {
  const setting: Setting = { value: one.value, keyAt: one.keyAt }
  if (one.key !== 'ansible_group_priority') {
    group.vars.set(one.key, setting)
    return
  }
  const value = one.value.kind === 'scalar' ? one.value.value : undefined
  if ((typeof value === 'number' && Number.isInteger(value)) || (typeof value === 'string' && /^-?\d+$/.test(value)))
    group.priority = Number(value)
  else
    fault(
      draft,
      'invalid-value',
      'ansible_group_priority must be a whole number',
      one.value.at,
      'groups of one level merge in its order; the greatest wins',
    )
}

/** The entries of `hosts:`, `children:` or `vars:`. A single name stands for a mapping with that key, as in Ansible. */
function entriesOf(draft: Draft, { key, value }: Entry): readonly Entry[] {
  if (value.kind === 'map') return value.entries
  if (value.kind === 'scalar' && typeof value.value === 'string' && key !== 'vars')
    return [{ key: value.value, keyAt: value.at, value: { kind: 'scalar', value: null, at: value.at } }]
  const item = value.kind === 'list' ? value.items[0] : undefined
  const name = item?.kind === 'scalar' ? String(item.value) : 'NAME'
  const hint = value.kind === 'list' && key !== 'vars' ? `write "${name}:" instead of "- ${name}"` : 'write "NAME:" on lines of their own'
  fault(draft, 'invalid-value', `"${key}" must be a mapping`, first(value), hint)
  return []
}

function unknownKey(draft: Draft, group: DraftGroup, { key, keyAt, value }: Entry): void {
  let hint = didYouMean(key, SECTIONS)
  if (!nearest(key, SECTIONS)) {
    if (key.startsWith('ansible_') || (value.kind === 'scalar' && value.value !== null))
      hint = 'variables of a group stand below its "vars:"'
    else hint = 'groups in a group stand below its "children:", hosts below its "hosts:"'
  }
  fault(draft, 'unknown-key', `unknown key "${key}" in the group "${group.name}"`, keyAt, hint)
}

/** Whether a key holds a single value. */
const isSet = (one: Entry | undefined): boolean => one?.value.kind === 'scalar' && one.value.value !== null

const isNull = (value: Value): boolean => value.kind === 'scalar' && value.value === null

/** Where a value begins, so that a long one is not underlined whole. */
const first = (value: Value): Value['at'] => (value.kind === 'scalar' ? value.at : { ...value.at, end: value.at.start + 1 })
