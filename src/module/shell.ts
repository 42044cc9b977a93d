/** A piece of POSIX shell, safe by construction: everything put into it was quoted, or was such a piece itself. */
export class Sh {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  toString(): string {
    return this.text
  }
}

/** What may stand in an `sh` template: words are quoted, lists become several words, shell pieces are put in as they are. */
export type Word = string | number | Sh | readonly (string | number | Sh)[]

/**
 * One shell word that stands for exactly this text (POSIX 2.2.2, single quotes).
 * A NUL cannot be in a word: parameters that hold one are refused long before, so meeting one here is a bug.
 */
export function quote(text: string): string {
  if (text.includes('\0')) throw new Error('a NUL character cannot be passed to a shell')
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

const word = (value: string | number | Sh): string => (value instanceof Sh ? value.text : quote(String(value)))

/** Builds shell text: sh`rm -f -- ${path}`. Secrets are not accepted: they travel on a step's stdin. */
export function sh(strings: TemplateStringsArray, ...values: Word[]): Sh {
  let text = strings[0] ?? ''
  values.forEach((value, i) => {
    text += (Array.isArray(value) ? value.map(word).join(' ') : word(value as string | number | Sh)) + (strings[i + 1] ?? '')
  })
  return new Sh(text)
}

/** The shell text as it is, for text that is a program already: the user's own `shell:` line, a constant script. */
export const raw = (text: string): Sh => new Sh(text)

/** Pieces joined by an operator or newline, e.g. `join(parts, ' && ')`. */
export const join = (parts: readonly Sh[], separator: string): Sh => new Sh(parts.map((part) => part.text).join(separator))
