import { z } from 'zod'
import { pythonRegex } from './python-regex.ts'
import { pythonTemplate } from './python-template.ts'

/** A regular expression in Python's syntax; what cannot be read, or has no counterpart here, is refused where it stands. */
export const pattern = (flags: Parameters<typeof pythonRegex>[1] = {}) =>
  z.union([z.string(), z.int()], { error: 'expected a regular expression' }).transform((value, context) => {
    const source = String(value)
    const read = pythonRegex(source, flags)
    if (!read.regex) context.addIssue({ code: 'custom', message: `not a regular expression that can be used: ${read.why}` })
    return source
  })

/** What is wrong with a replacement text for the groups of an expression; undefined when nothing is. */
export function templateProblem(text: string, source: string, flags: Parameters<typeof pythonRegex>[1] = {}): string | undefined {
  const read = pythonRegex(source, flags)
  if (!read.regex) return undefined
  const template = pythonTemplate(text, read.regex)
  return template.expand ? undefined : template.why
}
