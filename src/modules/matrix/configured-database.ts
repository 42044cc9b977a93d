import type { Content } from '../../facts/content.ts'
import { rowsAs, type SqlAnswer, sql } from '../../facts/sql.ts'
import { literal } from '../../facts/sql-text.ts'
import type { LiveDatabase } from '../../matrix/programs.ts'
import { entry, parseYaml, type Value } from '../../yaml.ts'

type Found = { readonly name: string } | { readonly why: string }

/**
 * `database.name` of Synapse's configuration. Its files are merged key by key at the top, the last to name `database` wins
 * (Synapse's documentation, "Using multiple configuration files").
 */
export function configuredDatabase(files: readonly { readonly path: string; readonly content: Content }[]): Found {
  let found: Found = { why: 'no database is named in it' }
  for (const { path, content } of files) {
    if (!content.bytes)
      return {
        why: {
          'no file': `there is no ${path}`,
          denied: `${path} may not be read: the task needs become`,
          'too large': `${path} is too large`,
        }[content.why],
      }
    const parsed = parseYaml({ path, text: content.bytes.toString() })
    if (!parsed.ok) return { why: `${path} is not YAML: ${parsed.problems[0]?.message ?? ''}` }
    const database = parsed.value?.kind === 'map' ? entry(parsed.value, 'database')?.value : undefined
    const name = database?.kind === 'map' ? entry(database, 'name')?.value : undefined
    if (name?.kind === 'scalar') found = { name: String(name.value) }
    else if (database) found = { why: `the database block of ${path} has no name` }
  }
  return found
}

/** Where Synapse can mean this host's own server: its socket, or its address as a container has it. */
const HERE = /^(\/.*|localhost|127\.0\.0\.1|::1|host\.docker\.internal)?$/

interface Args {
  readonly dbname: string
  readonly user: string
}

/** Which database of this host's server homeserver.yaml names; undefined when it names another server's, or none. */
function argsOf(content: Content): Args | undefined {
  const parsed = content.bytes ? parseYaml({ path: '', text: content.bytes.toString() }) : undefined
  const args = parsed?.ok ? within(within(parsed.value, 'database'), 'args') : undefined
  const text = (key: string): string | undefined => {
    const value = within(args, key)
    return value?.kind === 'scalar' ? String(value.value) : undefined
  }
  const [dbname, user] = [text('dbname') ?? text('database'), text('user')]
  return dbname && user && HERE.test(text('host') ?? '') && (text('port') ?? '5432') === '5432' ? { dbname, user } : undefined
}

const within = (value: Value | undefined, key: string): Value | undefined => (value?.kind === 'map' ? entry(value, key)?.value : undefined)

/** Asks that database for Synapse's tables (one row in schema_version) and connections. */
export function liveDatabaseFact(homeserver: Content) {
  const args = argsOf(homeserver)
  if (!args) return undefined
  const query = `SELECT version AS schema, (SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database() AND usename = ${literal(args.user)}) AS connections FROM schema_version`
  return sql({ login: { user: 'postgres', port: 5432 }, database: args.dbname, query })
}

export function liveDatabase(homeserver: Content, answer: SqlAnswer | undefined): LiveDatabase | undefined {
  const args = argsOf(homeserver)
  if (!args || !answer) return undefined
  const [row] = rowsAs<{ schema: number; connections: number }>(answer) ?? []
  if (row) return row
  if (answer.rows === undefined && answer.why === 'no psql') return undefined
  if (answer.rows === undefined && answer.why === 'no connection')
    return { why: `PostgreSQL cannot be asked for database ${args.dbname}: ${answer.error}` }
  return { why: `the database ${args.dbname} holds no tables of Synapse` }
}
