/** A name as SQL has it, whatever is in it: "My ""db""" (PostgreSQL manual, 4.1.1). */
export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`

/**
 * Text as an SQL literal. One with a backslash is written E'…', which reads the same whatever `standard_conforming_strings` is
 * (PostgreSQL manual, 4.1.2.2).
 */
export const literal = (text: string): string => {
  const quoted = text.replaceAll("'", "''")
  return quoted.includes('\\') ? `E'${quoted.replaceAll('\\', '\\\\')}'` : `'${quoted}'`
}

/** Literals in a row: 'a', 'b'. */
export const literals = (texts: readonly string[]): string => texts.map(literal).join(', ')

/** What no name, value or query may hold: PostgreSQL has no NUL in text. */
export const hasNul = (text: string): boolean => text.includes('\0')
