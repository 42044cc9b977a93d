import { z } from 'zod'
import { defineModule } from '../module/define.ts'
import { bool } from '../module/params.ts'
import { changedLines } from './files/changed-lines.ts'
import { type Edit, editFacts, editMore, editParams, editResult, planEdit, readText } from './files/text-edit.ts'
import type { KeyPath } from './yaml/document.ts'
import { attempt, editYaml, pathText, type YamlEdit } from './yaml/edit.ts'
import type { Data } from './yaml/same.ts'

const segment = z.union([z.string().min(1), z.int().nonnegative()], { error: 'expected a name, or a position in a list from 0' })

/** `a.b.0` is a name in a name's first item; in a list every name stands for itself, dots and digits too. */
const key = () =>
  z
    .union([z.array(segment).min(1), z.int().nonnegative(), z.string()], { error: 'expected a key, as a.b.c or as a list of names' })
    .transform((given, context): KeyPath => {
      if (Array.isArray(given)) return given
      const parts = String(given).split('.')
      if (parts.includes('')) context.addIssue({ code: 'custom', message: 'a name is empty: give a list of names where one holds a dot' })
      return parts.map((part) => (/^(?:0|[1-9]\d*)$/.test(part) ? Number(part) : part))
    })
    .meta({ json: { anyOf: [{ type: 'string' }, { type: 'integer' }, { type: 'array', items: { type: ['string', 'integer'] } }] } })

const data: z.ZodType<Data> = z.lazy(() =>
  z.union(
    [
      z.string(),
      z.boolean(),
      z.null(),
      z.number().refine((value) => Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value)), {
        error: 'a number this large is not exact: put it in quotes',
      }),
      z.array(data),
      z.record(z.string(), data),
    ],
    { error: 'expected what YAML can hold: text, numbers, true, false, null, lists, mappings' },
  ),
)

const params = z
  .strictObject({
    ...editParams,
    key: key().describe(
      'Which value: `database.args.host`, `listeners.0.port` (positions count from 0), or a list of names for those with dots: `[limits, example.org]`.',
    ),
    value: data.optional().meta({ json: {} }).describe('What it is to be: text, a number, true, false, null, a list or a mapping.'),
    state: z
      .enum(['present', 'merged', 'absent'])
      .default('present')
      .describe(
        '`present`: the value is this and nothing else. `merged`: mappings hold at least this, deeply; lists are replaced. `absent`: the key is not there.',
      ),
    create: bool().default(false).describe('Make the file, and the directories it is in, when it is missing. Otherwise that is a failure.'),
    yaml_version: z
      .union([z.enum(['1.1', '1.2']), z.literal(1.1), z.literal(1.2)], { error: 'expected "1.1" or "1.2"' })
      .transform((version) => (String(version) === '1.2' ? '1.2' : '1.1'))
      .default('1.1')
      .meta({ json: { enum: ['1.1', '1.2', 1.1, 1.2] } })
      .describe('How the program that owns the file reads it: in 1.1 (PyYAML, Ruby) `yes` is true and 0644 is octal, in 1.2 neither is.'),
  })
  .superRefine((want, context) => {
    const issue = (message: string) => context.addIssue({ code: 'custom', path: ['value'], message })
    if (want.state === 'absent') return want.value === undefined ? undefined : issue('value has no meaning with state=absent')
    if (want.value === undefined) return issue(`value is required with state=${want.state} (null is one)`)
    if (want.state === 'merged' && (typeof want.value !== 'object' || want.value === null || Array.isArray(want.value)))
      issue('with state=merged the value is a mapping')
  })

type Want = z.output<typeof params>

const yamlEdit = ({ state, key, value }: Want): YamlEdit =>
  state === 'absent' ? { state, path: key } : { state, path: key, value: value as Data }

const DONE = { present: 'set', merged: 'merged', absent: 'removed' }

/** Values of YAML files on the host. Ansible has none. */
export const yamlFile = defineModule({
  name: 'yaml_file',
  summary: 'Set, merge or remove a value in a YAML file, keeping every other byte.',
  notes: [
    'Comments, spacing, quotes, anchors, line endings and the order of keys stay as they are; only a value that is replaced goes with the comments inside it. A value that is the same already is left as it is written.',
    'The new text is read again before it is written: unless it holds the old data with just this change, the task fails and the file stays.',
    'Text is put in quotes wherever a reader of YAML 1.1 or 1.2 could take it for something else. Keys are text; they are found by how the file writes them.',
    'Refused, with the place: files of several documents, keys that stand twice on the way, values behind an alias or a merge (`<<`), and removing an anchor that is still needed.',
    'The diff shows the changed lines only. Ansible has no module of the name.',
  ],
  params,
  examples: [
    {
      title: 'The database of a Synapse, in its volume',
      params: {
        path: '/var/lib/docker/volumes/synapse-data/_data/homeserver.yaml',
        key: 'database',
        value: {
          name: 'psycopg2',
          args: {
            user: 'synapse',
            password: '<%= postgres_password %>',
            dbname: 'synapse',
            host: '/var/run/postgresql',
            cp_min: 5,
            cp_max: 10,
          },
        },
        backup: true,
      },
    },
    {
      title: 'Some keys, others of the mapping kept',
      params: {
        path: '/etc/netplan/01-lan.yaml',
        key: 'network.ethernets.eth0',
        state: 'merged',
        value: { dhcp4: false, mtu: 1400 },
        mode: '0600',
      },
    },
    { title: 'A name with dots', params: { path: '/etc/app.yaml', key: ['limits', 'example.org'], value: 10 } },
    { title: 'A key removed', params: { path: '/etc/app.yaml', key: 'debug', state: 'absent' } },
  ],
  returns: { msg: 'What was done: "database set", "… merged", "… removed".', backup: 'Path of the old file; empty when none was kept.' },
  facts: editFacts,
  more: editMore,
  plan: (want, is) => {
    const read = readText(want, is)
    if ('failure' in read) return { changes: [], failure: read.failure }
    if (read.text === undefined) {
      if (want.state === 'absent') return { changes: [], message: 'file not present' }
      if (!want.create) return { changes: [], failure: `Path ${want.path} does not exist !` }
    }
    const before = read.text ?? ''
    const edited = attempt(want.path, () => editYaml(before, yamlEdit(want), want.yaml_version))
    if ('failure' in edited) return { changes: [], failure: edited.failure }
    const name = pathText(want.key)
    const edit: Edit = { text: edited.text, msg: `${name} ${DONE[want.state]}`, part: changedLines(before, edited.text) }
    const header = `${want.path} (${name})`
    return planEdit(want, is, read.text, edit, { before: header, after: header })
  },
  result: (want, is, outputs) => editResult(want, is, outputs),
})
