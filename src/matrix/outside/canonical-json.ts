/**
 * Canonical JSON (Matrix specification, appendices, "Canonical JSON"): no blanks, keys sorted by code point, numbers whole and within ±(2⁵³ − 1).
 * undefined: the value has no such form.
 */
export function canonicalJson(value: unknown): string | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : undefined
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value)
  if (typeof value !== 'object') return undefined
  const parts: string[] = []
  if (Array.isArray(value)) {
    for (const item of value) {
      const text = canonicalJson(item)
      if (text === undefined) return undefined
      parts.push(text)
    }
    return `[${parts.join(',')}]`
  }
  for (const [key, item] of Object.entries(value).sort(([a], [b]) => byCodePoint(a, b))) {
    const text = canonicalJson(item)
    if (text === undefined) return undefined
    parts.push(`${JSON.stringify(key)}:${text}`)
  }
  return `{${parts.join(',')}}`
}

/** UTF-8 keeps the order of code points; UTF-16, by which JavaScript compares, does not. */
const byCodePoint = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))
