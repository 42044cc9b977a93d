import type { ModuleResult, Output } from '../../module/define.ts'
import { type AptAnswers, isAlone, isWholeUpgrade } from './facts.ts'
import { errors } from './script.ts'
import type { Want } from './want.ts'

const lines = (text: string): string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'))

/** The registered result. What a simulation said stands in for the output of a dry run. */
export function aptResult(want: Want, is: AptAnswers, outputs: readonly Output[]): ModuleResult {
  const stdout = outputs.map((output) => output.stdout.toString()).join('')
  const stderr = outputs.map((output) => output.stderr.toString()).join('')
  const foretold = [is.simulation, is.unused, is.outdated].flatMap((one) => (one ? [one.text] : [])).join('')
  const failed = outputs.find((output) => output.code !== 0)
  const shown = outputs.length > 0 ? { stdout, stderr } : foretold === '' ? undefined : { stdout: foretold, stderr: '' }
  const common = {
    ...(shown && { ...shown, stdout_lines: lines(shown.stdout), stderr_lines: lines(shown.stderr) }),
    cache_updated: /^package lists updated$/m.test(stderr),
    cache_update_time: is.cache.updated,
  }
  if (failed) return { ...common, failed: true, changed: DID_SOMETHING.test(stdout), msg: why(stdout, stderr), rc: failed.code }
  return { ...common, ...(outputs.length > 0 && !hasChanged(want, stdout) && { changed: false }) }
}

const DID_SOMETHING = /^(Unpacking|Setting up|Removing|Purging configuration files for) /m

/** Whether dpkg did anything. Updating the lists counts only where nothing else was asked for, as Ansible has it. */
const hasChanged = (want: Want, stdout: string): boolean => (isAlone(want) && !isWholeUpgrade(want)) || DID_SOMETHING.test(stdout)

function why(stdout: string, stderr: string): string {
  const said = errors(stderr) ?? stderr.trim().split('\n').at(-1) ?? ''
  if (/^Failed to update apt cache$/m.test(stderr)) return `Failed to update apt cache: ${said}`
  const unknown = /^E: Unable to locate package (\S+)$/m.exec(stderr)?.[1]
  if (unknown !== undefined) return `No package matching '${unknown}' is available`
  const dpkg = [...`${stdout}\n${stderr}`.matchAll(/^dpkg: error.*(?:\n .*)*/gm)].map((match) => match[0].replace(/\s+/g, ' ')).slice(0, 3)
  const unmet = /^The following packages have unmet dependencies:\n((?: .*\n)*)/m.exec(stdout)?.[1]?.trim().replace(/\s+/g, ' ')
  const old = /^E: (Failed to fetch|Unable to fetch some archives)/m.test(stderr)
  return `apt-get failed: ${[...dpkg, ...(unmet ? [unmet] : []), said].join('; ')}${old ? ' (the package lists may be too old: "update_cache: true" fetches them)' : ''}`
}
