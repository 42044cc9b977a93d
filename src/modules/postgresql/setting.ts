import { psqlFunction } from '../../facts/psql.ts'
import { rowsAs, type SqlAnswer, sql } from '../../facts/sql.ts'
import { identifier, literal, literals } from '../../facts/sql-text.ts'
import { type Plan, run } from '../../module/define.ts'
import { sh } from '../../module/shell.ts'
import { telling } from './execute.ts'
import { whyNot } from './exists.ts'
import { type LoginWant, loginOf } from './login.ts'
import { isList, namesOf, type SettingKind, sameValue, valueProblem } from './setting-value.ts'

/** What postgresql_alter_system wants of a parameter. */
export interface SettingWant extends LoginWant {
  readonly param: string
  readonly value: string
  readonly login_db: string
}

/** The value that takes a parameter out of postgresql.auto.conf. */
export const RESET = '_RESET'

/** A parameter as pg_settings has it, and what postgresql.auto.conf says of it. */
export interface Setting extends SettingKind {
  readonly setting: string
  readonly context: string
  readonly min_val: string | null
  readonly max_val: string | null
  readonly boot_val: string | null
  readonly enumvals: readonly string[] | null
  readonly source: string
  readonly pending_restart: boolean
  readonly in_auto_conf: boolean
  /** Whether what is in force is from there. */
  readonly from_auto_conf: boolean
  readonly auto_conf: string | null
}

export const settingFacts = (want: SettingWant) => ({
  setting: sql({
    login: loginOf(want),
    database: want.login_db,
    query: `SELECT s.name, setting, unit, context, vartype, min_val, max_val, boot_val, enumvals, source, pending_restart,
coalesce(s.sourcefile LIKE '%/postgresql.auto.conf', false) AS from_auto_conf, a.seqno IS NOT NULL AS in_auto_conf, a.value AS auto_conf
FROM pg_settings s LEFT JOIN (SELECT seqno, setting AS value FROM pg_file_settings
WHERE sourcefile LIKE '%/postgresql.auto.conf' AND lower(name) = lower(${literal(want.param)}) ORDER BY seqno DESC LIMIT 1) a ON true
WHERE lower(s.name) = lower(${literal(want.param)})`,
  }),
})

export const settingOf = (answer: SqlAnswer): Setting | undefined => rowsAs<Setting>(answer)?.[0]

export function planSetting(want: SettingWant, { setting: answer }: { setting: SqlAnswer }): Plan {
  const is = settingOf(answer)
  const failure = whyNot(answer, `parameter ${want.param}`) ?? refusal(want, is)
  if (failure !== undefined) return { changes: [], failure }
  const query = alterSystem(want, is!)
  // one that is out of the file and still in force was cut off before the server read it anew
  const left = is!.in_auto_conf || (is!.from_auto_conf && !is!.pending_restart)
  if (want.value === RESET) return { changes: left ? [change(want, is!, `reset ${is!.name}`, query)] : [] }
  // a value that waits for a restart is in the file and not in force: there is nothing more to do
  const kept = is!.in_auto_conf && is!.auto_conf !== null && sameValue(is!.auto_conf, want.value, is!)
  const inForce = sameValue(is!.setting, want.value, is!)
  const fromFiles = is!.source === 'default' || is!.source === 'configuration file'
  const settled = is!.in_auto_conf ? kept && (inForce || is!.pending_restart || !fromFiles) : inForce && fromFiles
  if (settled) return { changes: [] }
  const before = (is!.in_auto_conf ? is!.auto_conf : is!.setting) ?? ''
  return { changes: [change(want, is!, `${is!.name}: ${shown(before, is!.unit)} → ${shown(want.value, null)}`, query)] }
}

/** A value with the unit it is counted in: 4096kB, 16384 × 8kB. */
const shown = (value: string, unit: string | null): string =>
  value === '' ? "''" : unit === null || !/\d$/.test(value) ? value : /^\d/.test(unit) ? `${value} × ${unit}` : `${value}${unit}`

function refusal(want: SettingWant, is: Setting | undefined): string | undefined {
  if (!is) return `there is no parameter ${want.param}: it may need its extension to be loaded first`
  if (is.context === 'internal') return `parameter ${is.name} cannot be changed: it is fixed when PostgreSQL is built or the cluster made`
  if (want.value === RESET) return undefined
  const problem = valueProblem(want.value, is)
  if (problem !== undefined) return `parameter ${is.name} cannot be "${want.value}": ${problem}`
  if (isList(is.name) && want.value.trim() === '')
    return `parameter ${is.name} cannot be set to nothing: PostgreSQL would look for a thing without a name. Use _RESET`
  return undefined
}

/** The statement, for people and the result too. */
export const alterSystem = (want: SettingWant, is: SettingKind): string => {
  const name = is.name.split('.').map(identifier).join('.')
  if (want.value === RESET) return `ALTER SYSTEM RESET ${name}`
  return `ALTER SYSTEM SET ${name} = ${isList(is.name) ? literals(namesOf(want.value)) : literal(want.value)}`
}

/**
 * The postmaster reads its files anew some time after pg_reload_conf() came back, and only sessions begun after that have the new
 * values: so the step waits for one that has.
 */
const change = (want: SettingWant, is: Setting, summary: string, query: string) => ({
  summary: `${summary}${is.context === 'postmaster' ? ' (in force after a restart)' : ''}`,
  steps: [
    run(
      sh`(
${psqlFunction(loginOf(want), want.login_db, ['-q', '-v', 'ON_ERROR_STOP=1'])}
t=$(p -c 'SELECT extract(epoch FROM pg_conf_load_time())' </dev/null) || exit
${telling(sh`p -f - >/dev/null`)}
n=0
until [ "$(p -c 'SELECT extract(epoch FROM pg_conf_load_time())' </dev/null)" != "$t" ]; do
n=$((n + 1))
[ "$n" -lt 100 ] || { echo 'the server did not read its configuration anew within 10 s' >&2; exit 1; }
sleep 0.1
done
printf '%s\\0' ${query}
)`,
      { stdin: `${query};\nSELECT pg_reload_conf();\n` },
    ),
  ],
  makes: [
    settingFacts(want).setting.will((before) => {
      const row = settingOf(before)
      if (!row) return before
      const reset = want.value === RESET
      const value = reset ? (row.boot_val ?? '') : want.value
      const waits = row.context === 'postmaster'
      return {
        rows: [
          {
            ...row,
            in_auto_conf: !reset,
            from_auto_conf: !reset,
            auto_conf: reset ? null : want.value,
            pending_restart: waits && !sameValue(row.setting, value, row),
            ...(!waits && { setting: value }),
          },
        ],
      }
    }),
  ],
  diff: { before: `${is.name} = ${is.auto_conf ?? is.setting}\n`, after: want.value === RESET ? '' : `${is.name} = ${want.value}\n` },
})
