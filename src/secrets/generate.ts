import { randomInt } from 'node:crypto'

const ALPHANUMERIC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** Sets of characters by name. All are safe in YAML, in URLs and in a shell's words. */
export const ALPHABETS: Readonly<Record<string, string>> = {
  alphanumeric: ALPHANUMERIC,
  hex: '0123456789abcdef',
  digits: '0123456789',
  base64url: `${ALPHANUMERIC}-_`,
}

/** Fewer bits than this can be guessed. */
export const FEWEST_BITS = 64

/** Bits of a random text of so many characters. */
export const bits = (length: number, alphabet: string): number => Math.floor(length * Math.log2(new Set(alphabet).size))

/** A random text, each character as likely as any other (node:crypto's randomInt, a CSPRNG without modulo bias). */
export const generate = (length: number, alphabet: string): string => {
  const characters = [...new Set(alphabet)]
  return Array.from({ length }, () => characters[randomInt(characters.length)]).join('')
}
