// A TXT record's text travels in quotes, in pieces of at most 255 bytes (RFC 1035, 3.3.14); the API gives it back that way.
const PIECE = 255

export function quoteText(text: string): string {
  const bytes = Buffer.from(text)
  const pieces: string[] = []
  for (let from = 0; from < bytes.length || pieces.length === 0; from += PIECE)
    pieces.push(`"${bytes.toString('latin1', from, from + PIECE).replace(/["\\]/g, '\\$&')}"`)
  return Buffer.from(pieces.join(' '), 'latin1').toString()
}

const unquoteText = (content: string): string =>
  content.startsWith('"')
    ? [...content.matchAll(/"((?:\\.|[^"\\])*)"/gs)].map(([, piece]) => piece!.replace(/\\(.)/gs, '$1')).join('')
    : content

/** A record's content as it is compared: a name without its case and last dot, an address without its case, a text without quotes. */
export function plainContent(type: string, content: string): string {
  if (type === 'TXT') return unquoteText(content)
  return content.toLowerCase().replace(/\.$/, '')
}
