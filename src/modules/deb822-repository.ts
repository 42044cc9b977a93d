import { z } from 'zod'
import { stat } from '../facts/stat.ts'
import { type Change, defineModule, run } from '../module/define.ts'
import { bool, int, list, mode, text } from '../module/params.ts'
import { sh } from '../module/shell.ts'
import { fetchKey } from './deb822/fetch-key.ts'
import { signer, slug, stanza } from './deb822/source.ts'
import { made } from './files/ownership.ts'
import { editFacts, editMore, planEdit, readText } from './files/text-edit.ts'
import { willBe, willBeAbsent } from './files/will-be.ts'

const words = () => list().refine((items) => items.every((item) => !/[\r\n]/.test(item)), { error: 'expected words on one line each' })
const optional = (what: string) => bool().optional().describe(what)

const params = z
  .strictObject({
    name: text()
      .refine((name) => slug(name) !== '' && !/[\r\n]/.test(name), { error: 'a name needs letters or digits, on one line' })
      .describe('Name of the repository, and of its files: /etc/apt/sources.list.d/NAME.sources.'),
    types: words()
      .refine((types) => types.length > 0 && types.every((type) => type === 'deb' || type === 'deb-src'), {
        error: 'types are deb and deb-src',
      })
      .default(['deb'])
      .describe('deb for packages, deb-src for their sources.'),
    uris: words()
      .refine((uris) => uris.every((uri) => /^[a-z][a-z0-9+-]*:\S+$/i.test(uri)), {
        error: 'expected addresses such as https://mirror.example.com/debian',
      })
      .optional()
      .describe('Where the repository is.'),
    suites: words().optional().describe('Suites, such as bookworm; or paths ending in `/` where there are no components.'),
    components: words().optional().describe('Components, such as main.'),
    architectures: words().optional().describe('Architectures to fetch. Unset: all that dpkg knows on the host.'),
    signed_by: text()
      .optional()
      .describe(
        'Its key: a path on the host, a fingerprint, the key itself (-----BEGIN PGP …), or a URL, which the host fetches into /etc/apt/keyrings/NAME.gpg.',
      ),
    enabled: optional('Whether apt uses it.'),
    trusted: optional('Take it for authenticated (true) or not (false), whatever its signature says.'),
    allow_insecure: optional('Use it though it is not signed.'),
    allow_weak: optional('Use it though it is signed by a weak algorithm.'),
    allow_downgrade_to_insecure: optional('Use it though it is not signed any more.'),
    by_hash: optional('Fetch lists by their hash.'),
    check_date: optional('Heed dates in the future.'),
    check_valid_until: optional('Heed the date until which its lists are valid.'),
    date_max_future: int().optional().describe('Seconds its date may be ahead.'),
    exclude: words().optional().describe('Packages not to take from it (apt 3.1 and newer).'),
    include: words().optional().describe('The only packages to take from it (apt 3.1 and newer).'),
    inrelease_path: text()
      .refine((path) => !/[\r\n]/.test(path), { error: 'expected a path on one line' })
      .optional()
      .describe('Where its InRelease file is, relative to the suite.'),
    languages: words().optional().describe('Languages of descriptions to fetch.'),
    pdiffs: optional('Fetch differences of lists instead of whole ones.'),
    targets: words().optional().describe('Kinds of lists to fetch.'),
    mode: mode().default('0644').describe('Permissions of the .sources file.'),
    state: z.enum(['present', 'absent']).default('present').describe('Whether the repository is there.'),
  })
  .superRefine((want, context) => {
    const issue = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message })
    if (want.include && want.exclude) issue('include', 'parameters are mutually exclusive: exclude|include')
    if (want.signed_by !== undefined) {
      const who = signer(want.signed_by)
      if ('why' in who) issue('signed_by', who.why)
    }
    if (want.state === 'absent') return
    if (!want.uris?.length) issue('uris', 'uris is required with state=present')
    if (!want.suites?.length) return issue('suites', 'suites is required with state=present')
    const exact = want.suites.filter((suite) => suite.endsWith('/'))
    if (exact.length > 0 && exact.length < want.suites.length) issue('suites', 'suites with and without a / at their end cannot be mixed')
    else if (exact.length > 0 && want.components?.length) issue('components', 'a suite that ends in / has no components')
    else if (exact.length === 0 && !want.components?.length) issue('components', 'components is required, unless the suite ends in /')
  })
type Want = z.output<typeof params>

const dest = (want: Want) => `/etc/apt/sources.list.d/${slug(want.name)}.sources`
const keyring = (want: Want, extension = 'gpg') => `/etc/apt/keyrings/${slug(want.name)}.${extension}`
const fetched = (want: Want): string | undefined => {
  const who = want.signed_by === undefined ? undefined : signer(want.signed_by)
  return who && 'kind' in who && who.kind === 'url' ? who.url : undefined
}

function content(want: Want): string {
  const who = want.signed_by === undefined ? undefined : signer(want.signed_by)
  return stanza({ ...want, signed_by: who && 'value' in who ? who.value : who && keyring(want) })
}

/** The .sources file as a text to edit. */
const edited = (want: Want) =>
  ({
    path: dest(want),
    backup: false,
    encoding: 'utf-8',
    mode: want.mode,
    owner: undefined,
    group: undefined,
    unsafe_writes: false,
    validate: undefined,
  }) as const

export const deb822Repository = defineModule({
  name: 'deb822_repository',
  summary: 'Keep a package repository of apt.',
  notes: [
    'apt does not know of a changed repository until its lists are updated: notify a handler with `apt: {update_cache: true}`.',
    'Different from Ansible: needs nothing but curl or wget on the host, and these only for a key by URL. Such a key is fetched when /etc/apt/keyrings/NAME.gpg is not there, and is kept without its armour; remove the file for it to be fetched anew.',
    'The whole file is the one repository: other text in it goes. `state: absent` removes the keys named after it, too.',
  ],
  params,
  examples: [
    {
      title: "Docker's own packages",
      params: {
        name: 'docker',
        uris: 'https://download.docker.com/linux/debian',
        suites: '<%= ansible_facts.distribution_release %>',
        components: 'stable',
        architectures: 'amd64',
        signed_by: 'https://download.docker.com/linux/debian/gpg',
      },
    },
    {
      title: 'A flat repository on the host, with a key that is there',
      params: { name: 'local', uris: 'file:/srv/repo', suites: './', signed_by: '/etc/apt/keyrings/ours.asc' },
    },
    { title: 'A repository is gone', params: { name: 'docker', state: 'absent' } },
  ],
  returns: { repo: 'Text of the .sources file.', dest: 'Its path.', key_filename: 'Path of the fetched key; null when none is.' },
  facts: (want) => ({ ...editFacts(edited(want)), gpg: stat(keyring(want)), asc: stat(keyring(want, 'asc')) }),
  more: (want, is) => editMore(edited(want), is),
  plan: (want, is) => {
    if (want.state === 'absent') {
      const gone = [
        [dest(want), is.link.exists],
        [keyring(want), is.gpg.exists],
        [keyring(want, 'asc'), is.asc.exists],
      ] as const
      return gone
        .filter(([, exists]) => exists)
        .map(([path]) => ({
          summary: `remove ${path}`,
          steps: [run(sh`rm -f -- ${path}`)],
          makes: willBeAbsent(path),
        }))
    }
    const read = readText(edited(want), is)
    if ('failure' in read) return { changes: [], failure: read.failure }
    const url = fetched(want)
    const fetch: Change[] =
      url !== undefined && !is.gpg.exists
        ? [
            {
              summary: `fetch the key ${url} into ${keyring(want)}`,
              steps: [run(fetchKey(url, keyring(want)), { userEnvironment: true })],
              makes: willBe(keyring(want), made('file', 0o644, is.creator), is.creator),
            },
          ]
        : []
    const written = planEdit(edited(want), is, read.text, {
      text: content(want),
      msg: read.text === undefined ? 'repository added' : 'repository changed',
    })
    return { ...written, changes: [...fetch, ...written.changes] }
  },
  result: (want) => ({
    repo: want.state === 'present' ? content(want) : '',
    dest: dest(want),
    key_filename: fetched(want) === undefined || want.state === 'absent' ? null : keyring(want),
  }),
})
