import { aptArchives } from '../../facts/apt-archives.ts'
import { aptCache } from '../../facts/apt-cache.ts'
import { aptSimulation, type Simulation } from '../../facts/apt-simulation.ts'
import { debPackage, isInstalled, isPresent, type Package } from '../../facts/package.ts'
import type { Change, Plan } from '../../module/define.ts'
import type { Prediction } from '../../module/fact.ts'
import { raw, type Sh, sh } from '../../module/shell.ts'
import { planDebs } from './deb.ts'
import { type AptAnswers, isAlone, isDue, isWholeUpgrade, known, removing, simulated, toLookUp } from './facts.ts'
import { aptStep, options } from './script.ts'
import { accepts, type Spec } from './spec.ts'
import { compareVersions } from './version.ts'
import { updates, type Want } from './want.ts'

const nothing = (failure: string): Plan => ({ changes: [], failure })

export function planApt(want: Want, is: AptAnswers): Plan {
  if (want.name !== undefined && want.name.length === 0) return { changes: [] }
  if (isWholeUpgrade(want) && want.name !== undefined && want.name.length > 1)
    return nothing('unable to install additional packages when upgrading all installed packages')
  if (simulated(want)) return planSimulated(want, is)
  if (want.deb !== undefined) return planDebs(want, is)
  if (isAlone(want)) return planAlone(want, is)
  return want.state === 'absent' ? planRemoval(want, is) : planInstallation(want, is)
}

/** What goes before and after the command proper, in the same step. */
export const around = (want: Want, due: boolean, commands: readonly Sh[]): Sh[] => [
  ...(want.clean ? [raw('apt-get clean')] : []),
  ...(due ? [raw('update')] : []),
  ...commands,
  ...(want.autoclean ? [raw('apt_get autoclean')] : []),
]

export const updated = (due: boolean): Prediction[] => (due ? [aptCache().will((cache) => ({ ...cache, updated: cache.now }))] : [])

interface Need {
  readonly spec: Spec
  readonly is: Package
  /** What apt-get is told to install. */
  readonly word: string
  readonly version: string | undefined
}

function planInstallation(want: Want, is: AptAnswers): Plan {
  const due = isDue(want, is.cache)
  const lookedUp = toLookUp(want, is)
  const empty = (is.matches ?? []).findIndex((matches) => matches.length === 0)
  if (empty >= 0 && !updates(want))
    return nothing(`No package matching '${want.name?.filter((name) => /[*?[]/.test(name))[empty]}' is available`)
  const needs: Need[] = []
  for (const [i, one] of lookedUp.entries()) {
    if (want.only_upgrade && !isPresent(one.is)) continue
    const need = needed(want, one, is.candidates[i], due)
    if (typeof need === 'string') return nothing(need)
    if (need) needs.push(need)
  }
  const manual = known(want, is).filter((one) => isInstalled(one.is) && one.is.auto && !one.spec.glob)
  const neverFetched = due && is.cache.updated === 0
  // with fresh lists something newer may turn up; which, only they can tell
  const open =
    due && want.state === 'latest' ? lookedUp.filter((one) => !needs.some((need) => need.spec === one.spec) && isPresent(one.is)) : []
  const words = [...needs.map((need) => need.word), ...open.map((one) => one.spec.name)]
  const marking = manual.length > 0 ? [sh`apt-mark manual ${manual.map((one) => one.spec.name)}`] : []
  const marked = manual.map((one) => debPackage(one.spec.name).will((before) => ({ ...before, auto: false })))
  if (words.length === 0) {
    if (neverFetched) return { changes: [updating(want, around(want, due, marking), marked)] }
    if (manual.length === 0) return { changes: [] }
    const summary = `mark as wanted for itself: ${manual.map((one) => one.spec.name).join(', ')}`
    return { changes: [{ summary, steps: [aptStep(want, marking)], makes: marked, reads: true }] }
  }
  const install = sh`apt_get ${options(want)} install -- ${words}`
  return {
    changes: [
      {
        summary: `${due ? 'update the package lists, ' : ''}${describe(needs, open)}`,
        steps: [aptStep(want, around(want, due, [install, ...needs.flatMap(atLeast), ...marking]))],
        makes: [...updated(due), ...marked, ...needs.map(installed)],
        ...(needs.length > 0 && { diff: difference(needs) }),
        opaque: true,
      },
    ],
  }
}

/** Undefined when it is as wanted, the reason when it cannot be. */
function needed(
  want: Want,
  { spec, is }: { spec: Spec; is: Package },
  found: Pick<AptAnswers['candidates'][number], 'known' | 'version' | 'versions'> | undefined,
  due: boolean,
): Need | string | undefined {
  const known = found?.known === true
  const suitable = found?.versions
    .filter((version) => accepts(spec, version))
    .sort(compareVersions)
    .at(-1)
  if (want.state === 'latest' && isPresent(is)) {
    if (!isInstalled(is)) return undefined
    const best = spec.version ? suitable : found?.version
    if (best === undefined || is.version === undefined || compareVersions(best, is.version) <= 0) {
      if (is.version === undefined || accepts(spec, is.version))
        return is.version === undefined && !due ? { spec, is, word: spec.name, version: best } : undefined
    } else return { spec, is, word: spec.version ? `${spec.name}=${best}` : word(spec), version: best }
  }
  if (due) return { spec, is, word: spec.version?.at === '=' ? spec.text : word(spec), version: suitable ?? found?.version }
  if (!known) return `No package matching '${spec.name}' is available`
  if (spec.version === undefined) return { spec, is, word: word(spec), version: found?.version }
  if (suitable === undefined) return `no available installation candidate for ${spec.text}`
  return { spec, is, word: `${spec.name}=${suitable}`, version: suitable }
}

const word = (spec: Spec): string => (spec.release === undefined ? spec.name : `${spec.name}/${spec.release}`)

/** With lists that were not there yet when this was planned, only afterwards can a lowest version be checked. */
const atLeast = ({ spec, word }: Need): Sh[] =>
  spec.version?.at === '>=' && !word.includes('=')
    ? [
        sh`{ dpkg --compare-versions "$(dpkg-query -W -f=${'${Version}'} -- ${spec.name})" ge ${spec.version.pattern} || { echo ${`E: no available installation candidate for ${spec.text}`} >&2; false; }; }`,
      ]
    : []

const installed = ({ spec, version }: Need): Prediction =>
  debPackage(spec.name).will((before) => ({ ...before, state: 'installed', auto: false, ...(version !== undefined && { version }) }))

function describe(needs: readonly Need[], open: readonly { spec: Spec }[]): string {
  const list = (some: readonly string[]) => some.join(', ')
  const fresh = needs
    .filter((need) => !isPresent(need.is))
    .map((need) => `${need.spec.name}${need.version === undefined ? '' : ` ${need.version}`}`)
  const other = needs
    .filter((need) => isPresent(need.is))
    .map((need) => `${need.spec.name} ${need.is.version ?? ''} → ${need.version ?? 'another version'}`)
  return [
    ...(fresh.length > 0 ? [`install ${list(fresh)}`] : []),
    ...(other.length > 0 ? [`change ${list(other)}`] : []),
    ...(open.length > 0 ? [`upgrade if there is a newer one: ${list(open.map((one) => one.spec.name))}`] : []),
  ].join(', ')
}

const difference = (needs: readonly Need[]) => ({
  before: needs.map((need) => (isInstalled(need.is) ? `${need.spec.name} ${need.is.version ?? ''}`.trimEnd() + '\n' : '')).join(''),
  after: needs.map((need) => `${need.spec.name} ${need.version ?? ''}`.trimEnd() + '\n').join(''),
})

function planRemoval(want: Want, is: AptAnswers): Plan {
  const gone = known(want, is).filter(({ spec, is: one }) => {
    if (one.state === 'not-installed') return false
    if (one.state === 'config-files') return want.purge
    return one.version === undefined || accepts(spec, one.version)
  })
  if (gone.length === 0) return { changes: [] }
  const names = gone.map((one) => one.spec.name)
  const becomes = want.purge ? 'not-installed' : 'config-files'
  return {
    changes: [
      {
        summary: `${want.purge ? 'purge' : 'remove'} ${names.join(', ')}`,
        steps: [aptStep(want, around(want, false, [sh`apt_get ${options(want)} ${want.purge ? 'purge' : 'remove'} -- ${names}`]))],
        makes: names.map((name) => debPackage(name).will({ state: becomes, held: false, auto: false, providers: [] })),
        diff: { before: gone.map(({ spec, is: one }) => `${spec.name} ${one.version ?? ''}`.trimEnd() + '\n').join(''), after: '' },
        opaque: true,
      },
    ],
  }
}

function planAlone(want: Want, is: AptAnswers): Plan {
  const due = isDue(want, is.cache)
  const changes: Change[] = []
  const clean = is.archives ?? []
  if (clean.length > 0)
    changes.push({
      summary: `remove ${clean.length} files fetched or made by apt`,
      steps: [aptStep(want, [raw('apt-get clean')])],
      makes: [aptArchives().will([])],
    })
  if (due) changes.push(updating(want, [raw('update')]))
  const unused = is.unused?.remove ?? []
  if (unused.length > 0)
    changes.push({
      summary: `remove packages no longer needed: ${unused.join(', ')}`,
      steps: [aptStep(want, [sh`apt_get ${options({ ...want, autoremove: false })} ${removing(want)}`])],
      makes: [aptSimulation(removing(want)).will((before) => ({ ...before, remove: [] }))],
      diff: { before: unused.map((name) => `${name}\n`).join(''), after: '' },
      opaque: true,
    })
  if (/^Del /m.test(is.outdated?.text ?? ''))
    changes.push({
      summary: 'remove package files that can no longer be fetched',
      steps: [aptStep(want, [raw('apt_get autoclean')])],
      makes: [aptSimulation(['autoclean']).will((before) => ({ ...before, text: '' }))],
    })
  return { changes }
}

const updating = (want: Want, commands: readonly Sh[], makes: readonly Prediction[] = []): Change => ({
  summary: 'update the package lists',
  steps: [aptStep(want, commands)],
  makes: [...updated(true), ...makes],
  opaque: true,
})

function planSimulated(want: Want, is: AptAnswers): Plan {
  const due = isDue(want, is.cache)
  const args = simulated(want)!
  const foretold = is.simulation!
  if (foretold.code !== 0 && !due) return nothing(errors(foretold.text) ?? `apt-get ${args.join(' ')} would fail`)
  const count = foretold.install.length + foretold.remove.length
  if (count === 0 && !due) return { changes: [] }
  const what = isWholeUpgrade(want) ? 'upgrade' : want.state === 'fixed' ? 'repair' : `build dependencies of ${want.name!.join(', ')}`
  return {
    changes: [
      {
        summary: `${due ? 'update the package lists, ' : ''}${what}${count > 0 ? `: ${said(foretold)}` : ' if there is anything to do'}`,
        steps: [aptStep(want, around(want, due, [sh`apt_get ${options(want)} ${args}`]))],
        makes: [...updated(due), aptSimulation(args).will((before) => ({ ...before, install: [], remove: [] }))],
        ...(count > 0 && {
          diff: {
            before:
              foretold.install.flatMap((one) => (one.from ? [`${one.name} ${one.from}\n`] : [])).join('') +
              foretold.remove.map((name) => `${name}\n`).join(''),
            after: foretold.install.map((one) => `${one.name} ${one.version}\n`).join(''),
          },
        }),
        opaque: true,
      },
    ],
  }
}

const said = ({ install, remove }: Simulation): string =>
  [...install.map((one) => `${one.name} ${one.from ? `${one.from} → ` : ''}${one.version}`), ...remove.map((name) => `−${name}`)].join(', ')

/** The E: lines of apt-get, as one text. */
export const errors = (text: string): string | undefined =>
  [...text.matchAll(/^E: (.*)$/gm)].map((match) => match[1]).join('; ') || undefined
