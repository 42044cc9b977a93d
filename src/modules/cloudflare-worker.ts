import { createHash } from 'node:crypto'
import { z } from 'zod'
import { apiOf, known, path } from '../facts/cloudflare/api.ts'
import { type Worker, cloudflareWorker as workerFact } from '../facts/cloudflare/worker.ts'
import { type Change, defineModule, type Plan } from '../module/define.ts'
import type { LocalFile } from '../module/local-file.ts'
import { bool, text } from '../module/params.ts'
import { accountParams, apiParams, MARK, refuse, unseen } from './cloudflare/params.ts'
import { send } from './cloudflare/send.ts'

const params = z
  .strictObject({
    name: text()
      .refine((name) => /^[a-z0-9][a-z0-9_-]{0,62}$/.test(name), { error: 'expected lower-case letters, digits, - and _, at most 63' })
      .describe('Name of the Worker.'),
    script: text().optional().describe('Its source: an ES module with a default export.'),
    src: text().optional().describe('A template on the controller that gives the source, instead of `script`.'),
    compatibility_date: text()
      .refine((date) => /^\d{4}-\d\d-\d\d$/.test(date), { error: 'expected a date such as "2026-01-01", in quotes' })
      .default('2026-01-01')
      .describe('The runtime of that day is what the Worker runs in.'),
    state: z.enum(['present', 'absent']).default('present').describe('Whether the Worker is there.'),
    adopt: bool().default(false).describe('Replace or remove also a Worker that was not made here.'),
    ...accountParams,
    ...apiParams,
  })
  .refine((want) => want.state === 'absent' || (want.script === undefined) !== (want.src === undefined), {
    error: 'exactly one of script and src is needed',
    path: ['script'],
  })

type Want = z.output<typeof params>
type Files = Readonly<Record<string, readonly LocalFile[] | undefined>>

const fact = (want: Want) => workerFact({ api: apiOf(want), account: want.account_id, zone: want.zone, name: want.name })

const MAIN = 'worker.js'
const HEAD = `// ${MARK}\n`

const sourceOf = (want: Want, files: Files): string => want.script ?? files.src?.[0]?.bytes?.toString() ?? ''

const isOurs = (modules: Readonly<Record<string, string>>): boolean => Object.values(modules).some((one) => one.startsWith(HEAD))
const only = (modules: Readonly<Record<string, string>>): string | undefined =>
  Object.keys(modules).length === 1 ? Object.values(modules)[0] : undefined

/** Workers: scripts that answer requests at Cloudflare's edge. */
export const cloudflareWorker = defineModule({
  name: 'cloudflare_worker',
  summary: 'Keep a Worker, a script that answers at Cloudflare’s edge.',
  notes: [
    'Works from the controller: nothing is asked of the host, and the API token never reaches it.',
    'The token takes Account → Workers Scripts: Edit, and Zone → Zone: Read when the account is found by `zone`.',
    `A Worker made here begins with the line "${HEAD.trim()}". Another one of the name is left alone and the task fails, unless \`adopt\` or its script is the wanted one.`,
    'An upload replaces the Worker whole: bindings and variables that were set by hand are gone.',
    'A Worker answers nothing before it has a route (cloudflare_worker_route).',
  ],
  params,
  examples: [
    {
      title: 'The answers to .well-known/matrix',
      params: { name: 'matrix-well-known', src: 'well-known-worker.js.ejs', zone: 'example.com', api_token: '<%= cloudflare_api_token %>' },
    },
    { title: 'A Worker is gone', params: { name: 'old', state: 'absent', zone: 'example.com', api_token: '<%= cloudflare_api_token %>' } },
  ],
  returns: {
    account_id: 'The account it belongs to.',
    sha256: 'Of the script, without the line that marks it.',
    compatibility_date: 'As it is.',
  },
  controller: true,
  inputs: (want) => ({ src: want.src === undefined ? undefined : { path: want.src, as: 'template' as const } }),
  facts: (want) => ({ worker: fact(want) }),
  plan: (want, { worker }, files): Plan | Change[] => {
    if (!worker.ok) return refuse(worker.why)
    const { is } = worker.value
    if (want.state === 'present') return upload(want, worker.value, sourceOf(want, files))
    if (!is) return []
    return isOurs(is.modules) || want.adopt ? [removal(want, worker.value)] : foreign(want, 'remove')
  },
  result: (want, { worker }, _outputs, files) => {
    if (!worker.ok) return unseen(worker.why)
    const about = { name: want.name, state: want.state, account_id: worker.value.account }
    if (want.state === 'absent') return about
    const sha256 = createHash('sha256').update(sourceOf(want, files)).digest('hex')
    return { ...about, sha256, compatibility_date: want.compatibility_date }
  },
})

const foreign = (want: Want, what: string): Plan =>
  refuse(`there is a Worker "${want.name}" that was not made here: choose another name, or set adopt: true to ${what} it`)

function upload(want: Want, { account, is }: Worker, source: string): Plan | Change[] {
  if (!/\bexport\s+default\b|\bexport\s*\{[^}]*\bdefault\b/.test(source))
    return refuse('the script is no ES module with a default export (export default { fetch(request) { … } })')
  const wanted = HEAD + source
  const there = is && only(is.modules)
  const sameScript = there === wanted || there === source
  if (is && !sameScript && !isOurs(is.modules) && !want.adopt) return foreign(want, 'replace')
  if (sameScript && is?.compatibilityDate === want.compatibility_date) return []
  const metadata = { main_module: MAIN, compatibility_date: want.compatibility_date }
  const what = sameScript
    ? `compatibility_date ${is?.compatibilityDate ?? 'none'} → ${want.compatibility_date}`
    : is
      ? 'another script'
      : 'a new script'
  return [
    {
      summary: `${is ? 'replace' : 'create'} Worker ${want.name}: ${what}`,
      steps: [
        send(want, 'PUT', path`/accounts/${account}/workers/scripts/${want.name}`, {
          parts: [
            { name: 'metadata', type: 'application/json', text: JSON.stringify(metadata), filename: 'metadata.json' },
            { name: MAIN, type: 'application/javascript+module', text: wanted, filename: MAIN },
          ],
        }),
      ],
      makes: [fact(want).will(known({ account, is: { modules: { [MAIN]: wanted }, compatibilityDate: want.compatibility_date } }))],
      diff: { before: there ?? '', after: wanted },
    },
  ]
}

const removal = (want: Want, { account, is }: Worker): Change => ({
  summary: `remove Worker ${want.name}`,
  steps: [send(want, 'DELETE', path`/accounts/${account}/workers/scripts/${want.name}`)],
  makes: [fact(want).will(known({ account }))],
  diff: { before: (is && only(is.modules)) ?? '', after: '' },
})
