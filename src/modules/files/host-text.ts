/** Character sets a host's text file can be edited in, by their names for Python and for Node.js. */
const ENCODINGS: Record<string, BufferEncoding> = {
  'utf-8': 'utf8',
  utf8: 'utf8',
  ascii: 'utf8',
  'us-ascii': 'utf8',
  'latin-1': 'latin1',
  latin1: 'latin1',
  'iso-8859-1': 'latin1',
  'iso8859-1': 'latin1',
  'utf-16-le': 'utf16le',
  'utf-16le': 'utf16le',
}

/** Whether a file can be edited in this character set. */
export const knownEncoding = (name: string): boolean => name.toLowerCase() in ENCODINGS

/**
 * A file's bytes as text. Bytes that are no UTF-8 become lone surrogates U+DC80 to U+DCFF, as Python's surrogateescape has it
 * (PEP 383), and come back as they were from `encodeText`.
 */
export function decodeText(bytes: Buffer, encoding = 'utf-8'): string {
  const node = ENCODINGS[encoding.toLowerCase()] ?? 'utf8'
  const text = bytes.toString(node)
  if (node !== 'utf8' || !text.includes('\ufffd') || Buffer.from(text).equals(bytes)) return text
  let escaped = ''
  for (let at = 0; at < bytes.length; ) {
    const length = sequence(bytes, at)
    escaped += length > 0 ? bytes.toString('utf8', at, at + length) : String.fromCharCode(0xdc00 + bytes[at]!)
    at += length || 1
  }
  return escaped
}

// with the u flag a surrogate matches only where it is not half of a pair
const LONE = /[\ud800-\udfff]/u

/** The bytes of a text that may hold what `decodeText` made of bytes that are no UTF-8. */
export function encodeText(text: string, encoding = 'utf-8'): Buffer {
  const node = ENCODINGS[encoding.toLowerCase()] ?? 'utf8'
  if (node !== 'utf8' || !LONE.test(text)) return Buffer.from(text, node)
  const parts = text.split(/([\udc80-\udcff])/)
  const pieces: Buffer[] = []
  let pending = ''
  for (const part of parts) {
    // a low surrogate after a high one is half of a character, not an escaped byte
    if (/^[\udc80-\udcff]$/.test(part) && !/[\ud800-\udbff]$/.test(pending)) {
      pieces.push(Buffer.from(pending), Buffer.from([part.charCodeAt(0) - 0xdc00]))
      pending = ''
    } else pending += part
  }
  return Buffer.concat([...pieces, Buffer.from(pending)])
}

/** Length of the well-formed UTF-8 sequence at an offset, 0 when there is none (RFC 3629). */
function sequence(bytes: Buffer, at: number): number {
  const lead = bytes[at]!
  const length = lead < 0x80 ? 1 : lead >= 0xc2 && lead < 0xe0 ? 2 : lead >= 0xe0 && lead < 0xf0 ? 3 : lead >= 0xf0 && lead < 0xf5 ? 4 : 0
  if (length < 2) return length
  const piece = bytes.subarray(at, at + length)
  return piece.length === length && Buffer.from(piece.toString()).equals(piece) ? length : 0
}

const SHOWN = 256 * 1024

/** A file's content for a diff; of what is no text, or too long to read, only its size. */
export function shown(bytes: Buffer | undefined): string {
  if (bytes === undefined) return ''
  if (bytes.length > SHOWN) return `(${bytes.length} bytes, too long to show)\n`
  const text = bytes.toString()
  return text.includes('\0') || text.includes('\ufffd') ? `(${bytes.length} bytes that are not text)\n` : text
}

/** Bytes up to which a content is worth fetching for a diff. */
export const SHOWN_BYTES = SHOWN
