const SGR = /\x1b\[[0-9;]*m/g
const ASCII = /^[\x20-\x7e]*$/
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** Characters of two columns: East Asian Wide and Fullwidth (Unicode Annex 11), and those shown as emoji. */
const WIDE =
  /^(?:\p{Emoji_Presentation}|\p{Regional_Indicator}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6]|[\u{20000}-\u{3fffd}])|\ufe0f/u

const columnsOf = (grapheme: string): number => (WIDE.test(grapheme) ? 2 : /^\p{Mn}/u.test(grapheme) ? 0 : 1)

/** Columns that text takes on a terminal; colours (SGR sequences) take none. The text must be printable otherwise. */
export function widthOf(text: string): number {
  const bare = text.includes('\x1b') ? text.replace(SGR, '') : text
  if (ASCII.test(bare)) return bare.length
  let width = 0
  for (const { segment } of graphemes.segment(bare)) width += columnsOf(segment)
  return width
}

/** Text that fits `columns`: cut with the ellipsis where it does not, its colours ended. */
export function clip(text: string, columns: number, ellipsis = '…'): string {
  if (widthOf(text) <= columns) return text
  const room = columns - widthOf(ellipsis)
  if (room < 0) return ''
  let out = ''
  let used = 0
  let coloured = false
  for (const part of text.split(/(\x1b\[[0-9;]*m)/)) {
    if (part.startsWith('\x1b')) {
      out += part
      coloured = true
      continue
    }
    for (const { segment } of graphemes.segment(part)) {
      used += columnsOf(segment)
      if (used > room) return `${out}${ellipsis}${coloured ? '\x1b[0m' : ''}`
      out += segment
    }
  }
  return out
}

/** Padded with blanks to `columns`; a longer text stays as it is. */
export const pad = (text: string, columns: number): string => text + ' '.repeat(Math.max(columns - widthOf(text), 0))

/** The same with the blanks in front, for numbers. */
export const padStart = (text: string, columns: number): string => ' '.repeat(Math.max(columns - widthOf(text), 0)) + text

/** Uncoloured text broken between words into lines of at most `columns`; a longer word is cut. */
export function fold(text: string, columns: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/(?<= )/)) {
    if (widthOf(line + word.trimEnd()) > columns && line !== '') {
      lines.push(line.trimEnd())
      line = ''
    }
    line += word
    while (widthOf(line.trimEnd()) > columns) {
      const head = clip(line, columns, '')
      if (head === '') break
      lines.push(head)
      line = line.slice(head.length)
    }
  }
  if (line.trim() !== '' || lines.length === 0) lines.push(line.trimEnd())
  return lines
}
