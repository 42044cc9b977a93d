import { aptArchives } from '../../facts/apt-archives.ts'
import { type AptCache, aptCache } from '../../facts/apt-cache.ts'
import { aptSimulation, type Simulation } from '../../facts/apt-simulation.ts'
import { type DebFile, debFile } from '../../facts/deb-file.ts'
import { debPackage, isPresent, type Package } from '../../facts/package.ts'
import { type Candidate, candidate } from '../../facts/package-candidate.ts'
import { type Match, packagesMatching } from '../../facts/package-glob.ts'
import { choosing } from './script.ts'
import { accepts, parseSpec, type Spec } from './spec.ts'
import { updates, type Want } from './want.ts'

export interface FirstAnswers {
  readonly cache: AptCache
  /** One per plain name, in order. */
  readonly packages: readonly Package[]
  /** One per pattern, in order. */
  readonly matches: readonly Match[][]
  /** One per .deb on the host, in order. */
  readonly files: readonly (DebFile | undefined)[]
  /** The installed package that each URL's file name names, in order. */
  readonly named: readonly Package[]
  readonly archives: readonly string[] | undefined
}

export interface AptAnswers extends FirstAnswers {
  /** One per name of `candidateNames`, in order. */
  readonly candidates: readonly Candidate[]
  /** What is installed of each .deb's package, in order of `files` that are there. */
  readonly debs: readonly Package[]
  readonly simulation: Simulation | undefined
  readonly unused: Simulation | undefined
  readonly outdated: Simulation | undefined
}

export const specsOf = (want: Want): Spec[] => (want.name ?? []).map((text) => parseSpec(text)!)

/** `name: "*"` with `state: latest` is a whole upgrade. */
export const isWholeUpgrade = (want: Want): boolean =>
  want.upgrade !== 'no' || (want.state === 'latest' && want.name?.includes('*') === true)

const chosenByName = (want: Want): boolean => want.state === 'present' || want.state === 'latest' || want.state === 'absent'

const plain = (want: Want): Spec[] => (chosenByName(want) ? specsOf(want).filter((spec) => !spec.glob) : [])
const globs = (want: Want): Spec[] => (chosenByName(want) && !isWholeUpgrade(want) ? specsOf(want).filter((spec) => spec.glob) : [])

export const isUrl = (deb: string): boolean => deb.includes('://')

/** Name and version as the file name of a package has them: name_version_architecture.deb (dpkg-name(1)). */
export function fromUrl(url: string): { name: string; version: string } | undefined {
  const found = /\/([a-z0-9][a-z0-9+.-]+)_([^_/]+)_[a-z0-9-]+\.deb$/.exec(url.split(/[?#]/)[0]!)
  return found ? { name: found[1]!, version: found[2]!.replaceAll('%2B', '+').replaceAll('%3a', ':').replaceAll('%7E', '~') } : undefined
}

/** Whether the lists are older than they may be. */
export const isDue = (want: Want, cache: AptCache): boolean => updates(want) && cache.updated + want.cache_valid_time <= cache.now

export const aptFacts = (want: Want) => ({
  cache: aptCache(),
  packages: plain(want).map((spec) => debPackage(spec.name)),
  matches: globs(want).map((spec) => packagesMatching(spec.name)),
  files: (want.deb ?? []).filter((deb) => !isUrl(deb)).map((deb) => debFile(deb)),
  named: (want.deb ?? []).filter(isUrl).flatMap((deb) => {
    const one = fromUrl(deb)
    return one ? [debPackage(one.name)] : []
  }),
  archives: want.clean && isAlone(want) ? aptArchives() : undefined,
})

/** The items with what is known of each; a pattern stands for every package it matches. */
export function known(want: Want, is: FirstAnswers): { spec: Spec; is: Package }[] {
  const matches = globs(want).flatMap((spec, i) =>
    (is.matches[i] ?? []).map((match) => ({
      spec: { ...spec, name: match.name, glob: false },
      is: {
        state: match.installed ? ('installed' as const) : match.configured ? ('config-files' as const) : ('not-installed' as const),
        ...(match.version !== undefined && { version: match.version }),
        held: false,
        auto: false,
        providers: [],
      },
    })),
  )
  return [...plain(want).map((spec, i) => ({ spec, is: is.packages[i]! })), ...matches]
}

/** The first pattern that matches nothing at all. */
export const emptyGlob = (want: Want, is: FirstAnswers): string | undefined => globs(want).find((_, i) => is.matches[i]?.length === 0)?.name

/** What must be looked up in the lists: only what could lead to an installation. */
export const toLookUp = (want: Want, is: FirstAnswers): { spec: Spec; is: Package }[] =>
  want.state === 'absent' || isWholeUpgrade(want)
    ? []
    : known(want, is).filter((one) =>
        want.state === 'latest' || one.spec.version !== undefined
          ? want.state === 'latest' || one.is.version === undefined || !accepts(one.spec, one.is.version)
          : !isPresent(one.is),
      )

export const aptMore = (want: Want, is: FirstAnswers) => ({
  candidates: toLookUp(want, is).map(({ spec }) => {
    const release = spec.release ?? want.default_release
    return candidate({ name: spec.name, ...(release !== undefined && { release }) })
  }),
  debs: is.files.flatMap((file) =>
    file ? [debPackage(file.architecture === 'all' ? file.name : `${file.name}:${file.architecture}`)] : [],
  ),
  simulation: simulated(want)?.length ? aptSimulation(simulated(want)!) : undefined,
  unused: isAlone(want) && want.autoremove ? aptSimulation(removing(want)) : undefined,
  outdated: isAlone(want) && want.autoclean ? aptSimulation(['autoclean']) : undefined,
})

/** No packages are named: cleaning up is the task itself and not a part of another. */
export const isAlone = (want: Want): boolean =>
  !want.name?.length && want.deb === undefined && want.upgrade === 'no' && want.state !== 'fixed'

export const removing = (want: Want): string[] => ['autoremove', ...(want.purge ? ['--purge'] : [])]

/** The command whose effect only apt-get itself can foretell. */
export function simulated(want: Want): string[] | undefined {
  if (isWholeUpgrade(want))
    return [...choosing(want), ...(want.upgrade === 'full' || want.upgrade === 'dist' ? ['dist-upgrade'] : ['upgrade', '--with-new-pkgs'])]
  if (want.state === 'build-dep' && want.name?.length) return [...choosing(want), 'build-dep', ...want.name]
  return want.state === 'fixed' ? [...choosing(want), '-f', 'install', ...(want.name ?? [])] : undefined
}
