import { type Login, psqlFunction } from '../../facts/psql.ts'
import type { Output, Step } from '../../module/define.ts'
import { run } from '../../module/define.ts'
import { type Sh, sh } from '../../module/shell.ts'

/**
 * Shell that runs `command` (which calls `p`) and, when that fails, says why in one line on stderr: the message with its detail and
 * hint, without the piece of the statement that PostgreSQL points at.
 */
export const telling = (command: Sh): Sh => sh`exec 3>&1
e=$({ ${command}; } 2>&1 >&3) || {
c=$?
printf '%s\\n' "$e" | sed -e '/^LINE [0-9]*:/,/^ *^/d' -e '/NOTICE: /d' -e '/WARNING: /,/ERROR: /{/ERROR: /!d;}' -e 's/^psql:<stdin>:[0-9]*: //' -e 's/^ERROR:  //' | tr -s '\\n ' ' ' >&2
exit "$c"
}`

/** One statement, and how it is shown where it holds what must not be. */
export interface Statement {
  readonly sql: string
  readonly shown?: string
}

/** Runs statements one after another until one fails. They go down psql's stdin; `shown` is what the result has as queries. */
export const execute = (login: Login, database: string, statements: readonly Statement[]): Step =>
  run(
    sh`(
${psqlFunction(login, database, ['-q', '-v', 'ON_ERROR_STOP=1'])}
${telling(sh`p -f - >/dev/null`)}
printf '%s\\0' ${statements.map(({ sql, shown }) => shown ?? sql)}
)`,
    { stdin: statements.map(({ sql }) => `${sql};\n`).join('') },
  )

/** The statements that were run, as they may be shown. */
export const executed = (outputs: readonly Output[]): string[] =>
  outputs.flatMap(({ stdout }) =>
    stdout
      .toString()
      .split('\0')
      .filter((one) => one !== ''),
  )
