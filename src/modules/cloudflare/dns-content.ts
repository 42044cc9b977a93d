// A TXT record's text travels in quotes, in pieces of at most 255 bytes (RFC 1035, 3.3.14); the API gives it back that way.
const PIECE = 255

function quoteText(text: string): string {
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

/** A record's content as it is compared: a name without its case and last dot, an address in its shortest form, a text without quotes. */
export function plainContent(type: string, content: string): string {
  if (type === 'TXT') return unquoteText(content)
  // the URL standard writes an IPv6 address as RFC 5952 wants it, and so does the API
  if (type === 'AAAA' && URL.canParse(`http://[${content}]`)) return new URL(`http://[${content}]`).hostname.slice(1, -1)
  return content.toLowerCase().replace(/\.$/, '')
}

/** The same as it is sent. */
export const sentContent = (type: string, content: string): string => (type === 'TXT' ? quoteText(content) : plainContent(type, content))
