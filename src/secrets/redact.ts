import { MASK } from './secret.ts'

// Shorter ones would be found inside ordinary words everywhere.
const SHORTEST = 4

/** Replaces secrets in everything that is shown, also as they look inside JSON, a URL, base64 or a shell's quotes. Data in, data of the same shape out. */
export function redactor(secrets: readonly string[]): <T>(value: T) => T {
  const forms = [...new Set(secrets.filter((secret) => secret.length >= SHORTEST).flatMap(formsOf))].sort((a, b) => b.length - a.length)
  if (forms.length === 0) return (value) => value
  const mask = (text: string) => forms.reduce((masked, form) => masked.replaceAll(form, MASK), text)
  const walk = (value: unknown): unknown => {
    if (typeof value === 'string') return mask(value)
    if (Array.isArray(value)) return value.map(walk)
    if (value !== null && typeof value === 'object')
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [mask(key), walk(item)]))
    return value
  }
  return <T>(value: T) => walk(value) as T
}

function formsOf(secret: string): string[] {
  const base64 = Buffer.from(secret).toString('base64')
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    base64,
    base64.replace(/=+$/, ''),
    secret.replaceAll("'", "'\\''"),
  ]
}
