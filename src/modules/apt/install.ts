import { debPackage, isInstalled, isPresent, type Package } from '../../facts/package.ts'
import type { Candidate } from '../../facts/package-candidate.ts'
import type { Plan } from '../../module/define.ts'
import type { Prediction } from '../../module/fact.ts'
import { type Sh, sh } from '../../module/shell.ts'
import { type AptAnswers, emptyGlob, isDue, known, toLookUp } from './facts.ts'
import { aptStep, around, options, updated, updating } from './script.ts'
import { accepts, type Spec } from './spec.ts'
import { compareVersions } from './version.ts'
import { updates, type Want } from './want.ts'

interface Named {
  readonly spec: Spec
  readonly is: Package
}

interface Need extends Named {
  /** What apt-get is told to install. */
  readonly word: string
  /** What that will be, as far as the lists tell. */
  readonly version: string | undefined
}

/** state present and latest. */
export function planInstallation(want: Want, is: AptAnswers): Plan {
  const due = isDue(want, is.cache)
  const missing = emptyGlob(want, is)
  if (missing !== undefined && !updates(want)) return { changes: [], failure: `No package matching '${missing}' is available` }
  const needs: Need[] = []
  const open: Named[] = []
  for (const [i, one] of toLookUp(want, is).entries()) {
    if (want.only_upgrade && !isPresent(one.is)) continue
    const need = needed(want, one, is.candidates[i]!, due)
    if (typeof need === 'string') return { changes: [], failure: need }
    if (need) needs.push(need)
    // with fresh lists something newer may turn up; which, only they can tell
    else if (due && want.state === 'latest') open.push(one)
  }
  const manual = known(want, is).filter((one) => isInstalled(one.is) && one.is.auto)
  const marking = manual.length > 0 ? [sh`apt-mark manual ${manual.map((one) => one.spec.name)}`] : []
  const marked = manual.map((one) => debPackage(one.spec.name).will((before) => ({ ...before, auto: false })))
  const words = [...needs.map((need) => need.word), ...open.map((one) => untold(one.spec))]
  if (words.length > 0)
    return {
      changes: [
        {
          summary: `${due ? 'update the package lists, ' : ''}${describe(needs, open)}`,
          steps: [
            aptStep(want, around(want, due, [sh`apt_get ${options(want)} install -- ${words}`, ...needs.flatMap(atLeast), ...marking])),
          ],
          makes: [...updated(due), ...marked, ...needs.map(installed)],
          ...(needs.length > 0 && {
            diff: {
              before: table(
                needs.filter((need) => isInstalled(need.is)),
                (need) => need.is.version,
              ),
              after: table(needs, (need) => need.version),
            },
          }),
          opaque: true,
        },
      ],
    }
  if (due && is.cache.updated === 0) return { changes: [updating(want, around(want, due, marking), marked)] }
  if (manual.length === 0) return { changes: [] }
  const summary = `mark as wanted for itself: ${manual.map((one) => one.spec.name).join(', ')}`
  return { changes: [{ summary, steps: [aptStep(want, marking)], makes: marked, reads: true }] }
}

/** What must be installed for one item; undefined when it is as wanted, the reason when it cannot be. */
function needed(want: Want, { spec, is }: Named, found: Candidate, due: boolean): Need | string | undefined {
  const suitable = found.versions
    .filter((version) => accepts(spec, version))
    .sort(compareVersions)
    .at(-1)
  const best = spec.version ? suitable : found.version
  if (isInstalled(is) && is.version !== undefined && accepts(spec, is.version)) {
    if (want.state !== 'latest' || best === undefined || compareVersions(best, is.version) <= 0) return undefined
    return { spec, is, word: spec.version ? `${spec.name}=${best}` : plain(spec), version: best }
  }
  if (!isInstalled(is) && isPresent(is) && !spec.version) return undefined
  if (due) return { spec, is, word: untold(spec), version: best }
  if (!found.known) return `No package matching '${spec.name}' is available`
  if (found.version === undefined && found.versions.length === 0 && found.providers.length > 1)
    return `'${spec.name}' is provided by several packages, name one of them: ${found.providers.join(', ')}`
  if (spec.version && best === undefined) return `no available installation candidate for ${spec.text}`
  return { spec, is, word: spec.version ? `${spec.name}=${best}` : plain(spec), version: best }
}

const plain = (spec: Spec): string => (spec.release === undefined ? spec.name : `${spec.name}/${spec.release}`)

/** What apt-get is told while the lists that decide are still to be fetched; it knows `=1.2*`, but not `>=`. */
const untold = (spec: Spec): string => (spec.version?.at === '=' ? spec.text : plain(spec))

/** With lists that were not there yet when this was planned, only afterwards can a lowest version be checked. */
const atLeast = ({ spec, word }: Need): Sh[] =>
  spec.version?.at === '>=' && word === spec.name
    ? [
        sh`{ dpkg --compare-versions "$(dpkg-query -W -f=${'${Version}'} -- ${spec.name})" ge ${spec.version.pattern} ||
{ echo ${`E: no available installation candidate for ${spec.text}`} >&2; false; }; }`,
      ]
    : []

const installed = ({ spec, version }: Need): Prediction =>
  debPackage(spec.name).will((before) => ({ ...before, state: 'installed', auto: false, ...(version !== undefined && { version }) }))

function describe(needs: readonly Need[], open: readonly Named[]): string {
  const fresh = needs.filter((need) => !isInstalled(need.is))
  const other = needs.filter((need) => isInstalled(need.is))
  return [
    ...(fresh.length > 0 ? [`install ${fresh.map((need) => [need.spec.name, need.version].filter(Boolean).join(' ')).join(', ')}`] : []),
    ...other.map((need) => `${need.spec.name} ${need.is.version} → ${need.version ?? need.spec.text}`),
    ...(open.length > 0 ? [`upgrade if there is a newer one: ${open.map((one) => one.spec.name).join(', ')}`] : []),
  ].join(', ')
}

const table = (needs: readonly Need[], version: (need: Need) => string | undefined): string =>
  needs.map((need) => `${[need.spec.name, version(need)].filter(Boolean).join(' ')}\n`).join('')
