import { z } from 'zod'
import type { Login } from '../../facts/psql.ts'
import { hasNul } from '../../facts/sql-text.ts'
import { int, text } from '../../module/params.ts'

/** Text that PostgreSQL can hold. */
export const sqlText = () => text().refine((value) => !hasNul(value), { error: 'PostgreSQL has no NUL character in text' })

/** The name of a role, database or other thing: any characters, at most 63 bytes (PostgreSQL cuts off the rest without a word). */
export const sqlName = () =>
  sqlText()
    .refine((name) => name !== '', { error: 'a name cannot be empty' })
    .refine((name) => Buffer.byteLength(name) <= 63, { error: 'a name of PostgreSQL has at most 63 bytes' })

/** Parameters of every module that logs in to a server. */
export const loginParams = {
  login_user: sqlName()
    .default('postgres')
    .meta({ aliases: ['login'] })
    .describe('The role to log in as.'),
  login_host: sqlText()
    .optional()
    .meta({ aliases: ['host'] })
    .describe('Where the server is, by TCP. Unset: by the Unix socket.'),
  login_unix_socket: sqlText()
    .optional()
    .meta({ aliases: ['unix_socket'] })
    .describe('Directory of the Unix socket, when it is not where psql looks.'),
  login_port: int()
    .refine((port) => port > 0 && port < 65536, { error: 'a port is 1 to 65535' })
    .default(5432)
    .meta({ aliases: ['port'] })
    .describe('Port of the server; it names the socket, too.'),
  ssl_mode: z.enum(['allow', 'disable', 'prefer', 'require', 'verify-ca', 'verify-full']).optional().describe('TLS, when it is by TCP.'),
  login_password: z
    .never({
      error:
        'login_password is not supported: questions are asked without secrets. Log in as the system account (leave login_host out), or put the password into the ~/.pgpass of the user the task runs as',
    })
    .optional()
    .describe('Refused: use peer authentication or ~/.pgpass.'),
}

/** They as a plan reads them. */
export type LoginWant = z.output<z.ZodObject<typeof loginParams>>

export const loginNotes = [
  'Needs psql on the host (package postgresql-client), nothing else.',
  'Without `login_host` a task that runs as root becomes the system account named like `login_user`, if there is one: peer authentication, no password. Otherwise psql is run as the user of the task.',
  'Different from Ansible: there is no `login_password`; where one is needed, it belongs in the ~/.pgpass of the user the task runs as.',
]

export const loginOf = (want: LoginWant): Login => ({
  user: want.login_user,
  port: want.login_port,
  ...(want.login_host !== undefined && { host: want.login_host }),
  ...(want.login_unix_socket !== undefined && { socket: want.login_unix_socket }),
  ...(want.ssl_mode !== undefined && { sslmode: want.ssl_mode }),
})
