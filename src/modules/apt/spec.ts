import { fnmatch } from '../../facts/fnmatch.ts'
import { compareVersions } from './version.ts'

/** One item of `name`: `foo`, `foo:i386`, `foo=1.2`, `foo=1.2*`, `foo>=1.2`, `foo/bookworm-backports`, `lib*`. */
export interface Spec {
  readonly text: string
  /** With its `:architecture`, if given. */
  readonly name: string
  readonly glob: boolean
  readonly version?: { readonly at: '=' | '>='; readonly pattern: string }
  readonly release?: string
}

const FORM =
  /^(?<name>[A-Za-z0-9*?[][A-Za-z0-9*?[\]!^.+_-]*(?::[a-z0-9-]+)?)(?:(?<at>>?=)(?<pattern>[A-Za-z0-9.+~:*?[\]_-]+)|\/(?<release>[A-Za-z0-9._-]+))?$/

/** Undefined for what is none. apt-get takes a trailing `-` for "remove", which no name of `name` may mean. */
export function parseSpec(text: string): Spec | undefined {
  const found = FORM.exec(text)?.groups
  const name = found?.name
  if (!found || name === undefined || name.endsWith('-')) return undefined
  const { at, pattern, release } = found
  return {
    text,
    name,
    glob: /[*?[]/.test(name),
    ...(at !== undefined && pattern !== undefined && { version: { at: at as '=' | '>=', pattern } }),
    ...(release !== undefined && { release }),
  }
}

/** Whether a version is one the item asks for; any is, when it names none. */
export function accepts({ version }: Spec, installed: string): boolean {
  if (version === undefined) return true
  return version.at === '>=' ? compareVersions(installed, version.pattern) >= 0 : fnmatch(version.pattern).test(installed)
}
