import { z } from 'zod'
import { Secret } from '../secrets/secret.ts'

// Building blocks of module parameters. They accept what Ansible accepts for the same types, and name the way out of what they refuse.
// Convention: `.describe()` last; `.meta({ aliases: [...] })` for further names.

/** Text. Whole numbers are taken as their digits; a fraction is refused, because YAML has already lost how it was written (1.10). */
export const text = () => z.union([z.string(), z.int()], { error: 'expected text (put it in quotes)' }).transform(String)

/** A path on the host; a leading `~/` is the home directory of the user the task runs as. */
export const path = () =>
  z
    .union([z.string().min(1), z.int()], { error: 'expected a path on the host' })
    .transform(String)
    .meta({ hostPath: true })

/** A password, token or key. The module gets a Secret: it is masked wherever it is shown, and may leave only on a step's stdin. */
export const secret = () =>
  z
    .union([z.instanceof(Secret), z.string(), z.int()], { error: 'expected text (put it in quotes)' })
    .transform((value) => (value instanceof Secret ? value : new Secret(String(value))))
    .meta({ secret: true, json: { type: 'string' } })

const TRUE = ['yes', 'true', 'on', 'y', 't', '1']
const FALSE = ['no', 'false', 'off', 'n', 'f', '0']

/** A boolean; Ansible's other spellings (`yes`, `no`, `on`, `off`), which YAML 1.2 reads as text, are understood. */
export const bool = () =>
  z
    .union([z.boolean(), z.string(), z.int()], { error: 'expected true or false' })
    .transform((value, context) => {
      if (typeof value === 'boolean') return value
      const word = String(value).toLowerCase()
      if (TRUE.includes(word)) return true
      if (!FALSE.includes(word)) context.addIssue({ code: 'custom', message: `expected true or false, not "${value}"` })
      return false
    })
    .meta({ json: { type: 'boolean' } })

/** A whole number, or its digits as text. */
export const int = () =>
  z
    .union([z.int(), z.string().regex(/^-?\d+$/)], { error: 'expected a whole number' })
    .transform(Number)
    .meta({ json: { type: 'integer' } })

/** Any number, or text of one; seconds may have a fraction. */
export const number = () =>
  z
    .union([z.number(), z.string().regex(/^-?\d+(\.\d+)?$/)], { error: 'expected a number' })
    .transform(Number)
    .meta({ json: { type: 'number' } })

/** A list of texts; a single text is a list split at its commas, as Ansible does. */
export const list = () =>
  z
    .union([z.array(text()), text()], { error: 'expected a list of texts' })
    .transform((value) => (Array.isArray(value) ? value : value.split(',').map((item) => item.trim())).filter((item) => item !== ''))

const SYMBOLIC = /^([ugoa]*[-+=]([rwxXst]*|[ugo]))+(,([ugoa]*[-+=]([rwxXst]*|[ugo]))+)*$/

/** File permissions: octal digits in quotes, or symbolic as for chmod(1). A bare number is refused: YAML 1.2 reads 0644 as six hundred and forty-four. */
export const mode = () =>
  z
    .string({
      error: (issue) => {
        if (typeof issue.input !== 'number') return 'expected a mode such as "0644" or "u=rw,go=r"'
        const digits = String(issue.input)
        return `a mode must be quoted: write "${/^[0-7]{3}$/.test(digits) ? `0${digits}` : digits}"`
      },
    })
    .refine((value) => value === 'preserve' || /^[0-7]{1,5}$/.test(value) || SYMBOLIC.test(value), {
      error: 'expected a mode such as "0644" or "u=rw,go=r"',
    })

/** Ansible's common file parameters; spread into the schema of a module that makes files. Unset leaves what is there. */
export const fileParams = {
  mode: mode()
    .optional()
    .describe('Permissions: octal in quotes ("0644") or symbolic ("u=rwX,go=rX"). Unset: kept, or the umask for a new file.'),
  owner: text().optional().describe('Name or numeric id of the owner.'),
  group: text().optional().describe('Name or numeric id of the group.'),
}

/** What zod holds about one field, seen through optional, default and transform. */
export function fieldMeta(schema: z.ZodType): {
  description?: string
  aliases?: string[]
  hostPath?: boolean
  expression?: 'js' | 'cel'
  secret?: boolean
  json?: unknown
} {
  const found: Record<string, unknown> = {}
  let at: unknown = schema
  while (at instanceof z.ZodType) {
    for (const [key, value] of Object.entries(at.meta() ?? {})) found[key] ??= value
    const def = at.def as { innerType?: unknown; in?: unknown }
    at = def.innerType ?? def.in
  }
  return found
}

/** The fields of a module's parameters by name. */
export const fields = (params: z.ZodType): Record<string, z.ZodType> =>
  params instanceof z.ZodObject ? (params.shape as Record<string, z.ZodType>) : 'in' in params.def ? fields(params.def.in as z.ZodType) : {}

/** Every accepted name of every parameter, to the parameter it means. */
export function parameterNames(params: z.ZodType): Map<string, string> {
  const names = new Map<string, string>()
  for (const [name, schema] of Object.entries(fields(params))) {
    names.set(name, name)
    for (const alias of fieldMeta(schema).aliases ?? []) names.set(alias, name)
  }
  return names
}

/** Whether only the named parameters are allowed; set_fact takes any. */
export const isStrict = (params: z.ZodType): boolean => {
  const def = params.def as { catchall?: z.ZodType; in?: z.ZodType }
  return def.in ? isStrict(def.in) : def.catchall?.def.type === 'never'
}
