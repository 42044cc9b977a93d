/** Values that YAML can hold. */
type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

/** Text as Python's json.dumps writes a value: a blank after commas and colons, all but ASCII escaped. */
export function pythonJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(', ')}]`
  if (value !== null && typeof value === 'object')
    return `{${Object.entries(value)
      .map(([key, one]) => `${pythonJson(key)}: ${pythonJson(one)}`)
      .join(', ')}}`
  return JSON.stringify(value).replace(/[\u007f-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** What `content` means: text as it is, a mapping or list as JSON, anything else as it is written. */
export const contentText = (value: unknown): string =>
  typeof value === 'string' ? value : typeof value === 'object' ? pythonJson(value as Json) : String(value)
