import { z } from 'zod'
import { type ApacheConfigtest, apacheConfigtest } from '../../facts/apache-configtest.ts'
import { type ApacheEnabled, apacheEnabled } from '../../facts/apache-enabled.ts'
import { type Content, content } from '../../facts/content.ts'
import { type Creator, creator } from '../../facts/creator.ts'
import { ABSENT, lstat, type Stat } from '../../facts/stat.ts'
import type { Change, Diff, ModuleResult, Output, Plan } from '../../module/define.ts'
import { type LocalFile, textFile } from '../../module/local-file.ts'
import { fileParams, text } from '../../module/params.ts'
import { join, type Sh, sh } from '../../module/shell.ts'
import { shown } from '../files/host-text.ts'
import { pathResult } from '../files/ownership.ts'
import { placeFile } from '../files/place-file.ts'
import { readReport } from '../files/write-file.ts'
import { asWantedButRefused, transaction } from './transaction.ts'

/** What is enabled by a link: a site, or a piece of configuration. */
export interface SnippetKind {
  /** For a person. */
  readonly noun: 'site' | 'configuration'
  readonly directory: 'sites' | 'conf'
  /** Of /var/lib/apache2, where the tools remember who enabled what. */
  readonly state: 'site' | 'conf'
  readonly enable: string
  readonly disable: string
}

export const SITE: SnippetKind = { noun: 'site', directory: 'sites', state: 'site', enable: 'a2ensite', disable: 'a2dissite' }
export const CONF: SnippetKind = { noun: 'configuration', directory: 'conf', state: 'conf', enable: 'a2enconf', disable: 'a2disconf' }

/** A name for a2enmod and its kin: they take wildcards, and Apache loads only what ends in .conf and is not hidden. */
export const apacheName = () =>
  text().refine((name) => /^[A-Za-z0-9_][A-Za-z0-9_.+@:~-]*$/.test(name), {
    error: 'expected a name of letters, digits, dots, dashes and underscores, without blanks or slashes',
  })

/** The parameters of apache2_site and apache2_conf. */
export const snippetParams = z
  .strictObject({
    name: apacheName()
      .transform((name) => name.replace(/\.conf$/, ''))
      .describe('Its name: that of the file, with or without `.conf`.'),
    state: z.enum(['present', 'absent']).default('present').describe('Whether it is enabled. What is disabled keeps its file.'),
    content: z.string().optional().describe('What the file in the directory of those available holds. Unset: the file is there already.'),
    src: text().optional().describe('A template of the controller that makes the content, instead of `content`.'),
    ...fileParams,
  })
  .refine((want) => want.content === undefined || want.src === undefined, {
    error: 'src and content are mutually exclusive',
    path: ['content'],
  })

/** They as a plan reads them. */
export type SnippetWant = z.output<typeof snippetParams>

/** Said of both modules. */
export const SNIPPET_NOTES = [
  'File and link are one change: `apache2ctl configtest` follows, and when Apache refuses, both are as before, byte for byte, and the task fails with its message and the line that is meant.',
  'Nothing is reloaded: notify a handler. What Apache reads only when it starts (whether a key fits its certificate) is not tested.',
  'Where the configuration was broken before by something else, nothing is changed. A repair is kept though Apache then stops at another file; `msg` tells.',
  '`state: absent` disables; the file among those available stays (remove it with `file`).',
  'No module of Ansible has this name; it is like apache2_module.',
]

/** What both return. */
export const SNIPPET_RETURNS = {
  name: 'Its name, without `.conf`.',
  state: 'present or absent.',
  path: 'The file among those available; with `mode`, `owner`, `group`, `uid`, `gid` and `size`.',
  msg: 'What Apache still refuses elsewhere, where it was broken before.',
}

const ETC = '/etc/apache2'
const available = ({ directory }: SnippetKind, name: string) => `${ETC}/${directory}-available/${name}.conf`
const enabled = ({ directory }: SnippetKind, name: string) => `${ETC}/${directory}-enabled/${name}.conf`

/** The template, rendered. */
export const snippetInputs = (want: SnippetWant) => ({
  src: want.src === undefined ? undefined : { path: want.src, as: 'template' as const },
})

/** What must be known. */
export const snippetFacts = (kind: SnippetKind) => (want: SnippetWant) => ({
  enabled: apacheEnabled({ directory: kind.directory, name: want.name }),
  file: lstat(available(kind, want.name)),
  content: content(available(kind, want.name)),
  creator: creator(''),
  test: apacheConfigtest(''),
})

interface Known {
  readonly enabled: ApacheEnabled
  readonly file: Stat
  readonly content: Content
  readonly creator: Creator
  readonly test: ApacheConfigtest
}

/** The wanted content; undefined when the task gives none. */
const wanted = (want: SnippetWant, input: readonly LocalFile[] | undefined): Buffer | undefined =>
  want.content !== undefined ? textFile(want.content).bytes : input?.[0]?.bytes

/** Decides: at most one change, so that file and link hold together or not at all. */
export const planSnippet =
  (kind: SnippetKind) =>
  (want: SnippetWant, is: Known, { src }: { src?: readonly LocalFile[] }): Plan => {
    const fails = (failure: string): Plan => ({ changes: [], failure })
    const [file, link] = [available(kind, want.name), enabled(kind, want.name)]
    const bytes = wanted(want, src)
    if (!is.enabled.installed) {
      if (want.state === 'absent' && bytes === undefined) return { changes: [], message: 'Apache is not installed' }
      return fails(`there is no ${kind.enable} on this host: Apache is not installed (package apache2)`)
    }
    if (is.enabled.file) return fails(`${link} is a file of its own, not a link: move it to ${file}`)
    if (is.file.exists && is.file.type !== 'file' && is.file.type !== 'link') return fails(`${file} is not a regular file`)
    if (bytes === undefined && !is.file.exists && want.state === 'present')
      return fails(`there is no ${kind.noun} ${want.name}: ${file} is missing, and the task has neither content nor src`)

    const written = placement(want, is, file, bytes)
    const switched = switching(kind, want, is, file, link)
    if (!written && !switched) {
      const broken = want.state === 'present' && !is.test.ok && [file, link].includes(is.test.file)
      return { changes: broken ? [asWantedButRefused(`${kind.noun} ${want.name}`)] : [] }
    }
    const diff = written?.diff ?? switched?.diff
    const write = written?.steps[0]?.do === 'run' ? written.steps[0] : undefined
    const act = [...(write ? [write.script] : []), ...(switched ? [switched.script] : [])]
    return {
      changes: [
        {
          summary: [written?.summary, switched?.summary].filter((part) => part).join(', '),
          steps: [
            transaction({
              act: join(act, ' || exit 1\n'),
              stdin: write?.stdin,
              alters: [`${ETC}/${kind.directory}-enabled`, `/var/lib/apache2/${kind.state}`, file],
              own: [file, link],
              before: is.test,
              keptIf: 'error left',
            }),
          ],
          makes: [
            ...(written?.makes ?? []),
            ...(switched ? [apacheEnabled({ directory: kind.directory, name: want.name }).will(switched.becomes)] : []),
          ],
          ...(diff && { diff }),
        },
      ],
    }
  }

function placement(want: SnippetWant, is: Known, path: string, bytes: Buffer | undefined): Change | undefined {
  // a link among those available gives way to a file, as with copy
  const here = is.file.exists && is.file.type === 'link' ? ABSENT : is.file
  const content = bytes ?? (here.exists ? is.content.bytes : undefined)
  if (!content) return undefined
  const old = is.content.bytes
  return placeFile({
    path,
    is: here,
    want,
    creator: is.creator,
    same: here.exists && old?.equals(content) === true,
    from: { bytes: content, size: content.length },
    size: content.length,
    bytes: content,
    summary: here.exists ? 'replace content' : is.file.exists ? 'replace link by a file' : 'create file',
    diff: { before: shown(old), after: shown(content), before_header: path, after_header: want.src ?? path },
  }).changes[0]
}

interface Switch {
  readonly summary: string
  readonly script: Sh
  readonly becomes: (before: ApacheEnabled) => ApacheEnabled
  readonly diff: Diff
}

function switching(kind: SnippetKind, want: SnippetWant, is: Known, file: string, link: string): Switch | undefined {
  const about = `${kind.noun} ${want.name}`
  const on = want.state === 'present'
  const to = is.enabled.link
  if (on ? to === file : to === undefined) return undefined
  const remove = to === undefined ? sh`:` : sh`rm -f -- ${link}`
  return {
    summary: on ? `enable ${about}${to === undefined ? '' : ` (the link led to ${to})`}` : `disable ${about}`,
    // a2ensite leaves alone a link that leads elsewhere; a2dissite knows only what is available, or a link that leads nowhere
    script: on
      ? sh`${remove} && ${kind.enable} -q ${want.name} </dev/null >&2`
      : is.file.exists || to === file
        ? sh`${kind.disable} -q ${want.name} </dev/null >&2`
        : remove,
    becomes: ({ link: _, ...before }) => ({ ...before, ...(on && { link: file }) }),
    diff: { before: `enabled: ${!on}\n`, after: `enabled: ${on}\n` },
  }
}

/** The result's keys. */
export const snippetResult =
  (kind: SnippetKind) =>
  (want: SnippetWant, is: Known, outputs: readonly Output[]): ModuleResult => ({
    name: want.name,
    state: want.state,
    path: available(kind, want.name),
    ...readReport(outputs),
    ...(is.file.exists && { ...pathResult(is.file), state: want.state }),
  })
