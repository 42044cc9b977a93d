import { aptArchives } from '../../facts/apt-archives.ts'
import { aptSimulation, type Simulation } from '../../facts/apt-simulation.ts'
import { debPackage } from '../../facts/package.ts'
import type { Change, Plan } from '../../module/define.ts'
import { raw, sh } from '../../module/shell.ts'
import { planDebs } from './deb.ts'
import { type AptAnswers, isAlone, isDue, isWholeUpgrade, known, removing, simulated } from './facts.ts'
import { planInstallation } from './install.ts'
import { aptStep, around, errors, options, updated, updating } from './script.ts'
import { accepts } from './spec.ts'
import type { Want } from './want.ts'

const nothing = (failure: string): Plan => ({ changes: [], failure })

export function planApt(want: Want, is: AptAnswers): Plan {
  if (isWholeUpgrade(want) && want.name !== undefined && want.name.length > 1)
    return nothing('unable to install additional packages when upgrading all installed packages')
  if (simulated(want)) return planSimulated(want, is)
  if (want.deb !== undefined) return planDebs(want, is)
  if (isAlone(want)) return planAlone(want, is)
  return want.state === 'absent' ? planRemoval(want, is) : planInstallation(want, is)
}

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
        diff: { before: gone.map(({ spec, is: one }) => `${[spec.name, one.version].filter(Boolean).join(' ')}\n`).join(''), after: '' },
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
      steps: [aptStep(want, [raw('apt_get clean')])],
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

const SHOWN = 8

const said = ({ install, remove }: Simulation): string => {
  const all = [
    ...install.map((one) => `${one.name} ${one.from ? `${one.from} → ` : ''}${one.version}`),
    ...remove.map((name) => `−${name}`),
  ]
  return all.length <= SHOWN ? all.join(', ') : `${all.slice(0, SHOWN).join(', ')} and ${all.length - SHOWN} more`
}
