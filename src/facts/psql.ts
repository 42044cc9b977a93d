import { type Sh, sh } from '../module/shell.ts'

/** How to log in to a server. */
export interface Login {
  readonly user: string
  /** By TCP. Without it by the Unix socket: root then becomes the account of the user's name, if there is one (peer authentication). */
  readonly host?: string
  /** Directory of the Unix socket, instead of psql's own. */
  readonly socket?: string
  readonly port: number
  readonly sslmode?: string
}

/** One `keyword='value'` of a connection string (PostgreSQL manual, 34.1.1.1): also for names that hold `=` or quotes. */
const pair = (keyword: string, value: string): string => `${keyword}='${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

const connection = (login: Login, database: string): string =>
  [
    pair('dbname', database),
    pair('user', login.user),
    pair('port', String(login.port)),
    ...(login.host === undefined && login.socket === undefined ? [] : [pair('host', login.host ?? login.socket ?? '')]),
    ...(login.sslmode === undefined ? [] : [pair('sslmode', login.sslmode)]),
    pair('client_encoding', 'UTF8'),
    pair('connect_timeout', '10'),
    pair('application_name', 'mhprov'),
  ].join(' ')

/**
 * Shell that defines a function `p`: psql with this login and database, plain output, no prompts, no .psqlrc. Its messages are English,
 * so that they can be read by programs; what it is asked goes down its stdin, never onto its command line (psql(1)).
 */
export function psqlFunction(login: Login, database: string, flags: readonly string[] = []): Sh {
  const psql = sh`psql -X -A -t -w ${flags} -d ${connection(login, database)} "$@"`
  const direct = sh`LC_ALL=C ${psql}`
  if (login.host !== undefined) return sh`p() { ${direct}; }`
  return sh`p() {
if [ "$(id -u)" = 0 ] && id -u -- ${login.user} >/dev/null 2>&1; then
(cd / && LC_ALL=C exec runuser -u ${login.user} -- ${psql})
else ${direct}; fi
}`
}
