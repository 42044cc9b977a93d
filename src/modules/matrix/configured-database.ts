import type { Content } from '../../facts/content.ts'
import { entry, parseYaml } from '../../yaml.ts'

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
