import type { Content } from '../../facts/content.ts'
import type { Creator } from '../../facts/creator.ts'
import { type Stat, stat } from '../../facts/stat.ts'
import { type Change, run } from '../../module/define.ts'
import { ancestors } from '../../module/host-path.ts'
import { sh } from '../../module/shell.ts'
import { missingDirectories } from '../files/make-directory.ts'
import { differences, withAttributes } from '../files/ownership.ts'
import { changeAttributes, placeFile } from '../files/place-file.ts'
import { willBeAbsent } from '../files/will-be.ts'
import { byHandHook, cloudflareHook, deployHook } from './hook.ts'
import { environmentOf, type LetsencryptWant, pathsOf } from './params.ts'

/** A file that belongs to a certificate; without a text there is to be none. */
export interface OwnFile {
  readonly path: string
  readonly what: string
  readonly mode: string
  readonly text: string | undefined
}

/** What is at its path. */
export interface Found {
  readonly is: Stat
  readonly content: Content
}

/** All files that a certificate may have besides certbot's own. */
export function ownFiles(want: LetsencryptWant, dig: boolean): OwnFile[] {
  const paths = pathsOf(want)
  const present = want.state === 'present'
  const by = (challenge: LetsencryptWant['challenge']) => present && want.challenge === challenge
  const environment = environmentOf(want)
  const token = want.api_token?.reveal() ?? ''
  const file = (path: string, what: string, mode: string, wanted: boolean, text: () => string): OwnFile => ({
    ...{ path, what, mode },
    text: wanted ? text() : undefined,
  })
  return [
    file(paths.token, 'API token', '0600', by('dns-hook'), () => `header = "Authorization: Bearer ${token}"\n`),
    file(paths.ini, 'API token', '0600', by('dns-cloudflare'), () => `dns_cloudflare_api_token = ${token}\n`),
    file(paths.hook, 'DNS hook', '0700', by('dns-hook'), () => cloudflareHook(want)),
    file(paths.byHand, 'DNS hook', '0700', by('manual'), () => byHandHook(want, dig)),
    file(paths.deploy, 'deploy hook', '0700', present && want.deploy_hook !== '', () => deployHook(want)),
    file(paths.dropIn, 'environment of renewals', '0644', present && environment.length > 0, () =>
      ['[Service]', ...environment.map(([name, value]) => `Environment="${name}=${value.replaceAll('%', '%%')}"`), ''].join('\n'),
    ),
  ]
}

/** Directories that may have to be made, nearest first. */
export const directoriesOf = (want: LetsencryptWant): string[] => [
  ...new Set(ownFiles({ ...want, state: 'absent' }, false).flatMap(({ path }) => ancestors(path))),
]

// What is under it is for root alone: tokens, and scripts that root runs.
const PRIVATE = { mode: '0700', owner: 'root', group: 'root' }
const OPEN = { mode: '0755', owner: 'root', group: 'root' }

/** Writes what is missing or differs, with the directory it is in. */
export function writes(
  files: readonly OwnFile[],
  found: readonly Found[],
  directories: ReadonlyMap<string, Stat>,
  own: string,
  creator: Creator,
): Change[] {
  return files.flatMap((file, i): Change[] => {
    const { is, content } = found[i]!
    if (file.text === undefined) return []
    const bytes = Buffer.from(file.text)
    const known = ancestors(file.path).map((path) => [path, directories.get(path) ?? is] as const)
    const inside = file.path.startsWith(`${own}/`)
    return placeFile({
      path: file.path,
      is,
      want: { mode: file.mode, owner: 'root', group: 'root' },
      creator,
      same: content.bytes?.equals(bytes) ?? false,
      from: { bytes, size: bytes.length },
      size: bytes.length,
      bytes,
      directories: missingDirectories(known, inside ? PRIVATE : OPEN, creator),
      summary: `${file.what} ${is.exists ? 'changed' : 'added'}: ${file.path}`,
      diff: undefined,
    }).changes.map((change) => (change.summary.includes(file.path) ? change : { ...change, summary: `${file.path}: ${change.summary}` }))
  })
}

/** Those that are there and not wanted any more. */
export const obsolete = (files: readonly OwnFile[], found: readonly Found[]): OwnFile[] =>
  files.filter((file, i) => file.text === undefined && found[i]!.is.exists)

/** Removal of a file; without a step where something else does it on the way. */
export const removal = (file: OwnFile, step = true): Change => ({
  summary: `remove the ${file.what} ${file.path}`,
  steps: step ? [run(sh`rm -f -- ${file.path}`)] : [],
  makes: willBeAbsent(file.path),
})

/** The directory of tokens and hooks is nobody else's. */
export function privateDirectory(path: string, is: Stat, creator: Creator): Change[] {
  if (!is.exists || is.type !== 'directory') return []
  const set = differences(PRIVATE, is, { type: 'directory', umask: creator.umask })
  if (!set) return []
  const change = changeAttributes(path, is, set, withAttributes(set, is))
  return [{ ...change, summary: `${path}: ${change.summary}` }]
}

export const directoryFacts = (want: LetsencryptWant) => directoriesOf(want).map((path) => stat(path))
