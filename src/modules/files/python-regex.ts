// Python's `re` syntax (docs.python.org, library/re) rewritten for JavaScript's `v` flag. Everything that means something
// else there is spelled out, so `^`, `$`, `.`, `\w`, `\d`, `\s`, `\b`, `\A` and `\Z` match what they match in Python.

/** An expression that can be used, or why it cannot. */
export type PythonRegex = { readonly regex: RegExp } | { readonly regex?: undefined; readonly why: string }

class Untranslatable extends Error {}

interface Flags {
  i: boolean
  m: boolean
  s: boolean
  x: boolean
  a: boolean
}

const UNICODE = {
  w: '\\p{L}\\p{N}_',
  d: '\\p{Nd}',
  s: '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000',
}
const ASCII = { w: 'A-Za-z0-9_', d: '0-9', s: '\\t-\\r\\x20' }
const CONTROL: Record<string, string> = { a: '\\x07', f: '\\f', n: '\\n', r: '\\r', t: '\\t', v: '\\v' }
// not [^]: with the v flag, V8 11.3 of Node.js 20 lets `a[^]*` match no more than `a`
const ANY = '[\\s\\S]'
const BEGINNING = `(?<!${ANY})`
const END = `(?!${ANY})`
const QUANTIFIER = /^(?:[*+?]|\{(\d*)(,?)(\d*)\})/

/** A regular expression in Python's syntax, with the `d` and `g` flags set; `why` says what is wrong with it or cannot be had. */
export function pythonRegex(source: string, defaults: { multiline?: boolean; dotAll?: boolean } = {}): PythonRegex {
  try {
    const { text, flags } = translate(source, { i: false, m: !!defaults.multiline, s: !!defaults.dotAll, x: false, a: false })
    return { regex: new RegExp(text, `dgv${flags.i ? 'i' : ''}`) }
  } catch (error) {
    if (error instanceof Untranslatable) return { why: error.message }
    if (error instanceof SyntaxError) return { why: error.message.replace(/^Invalid regular expression: .*\/[a-z]*: /s, '').toLowerCase() }
    throw error
  }
}

function translate(source: string, flags: Flags): { text: string; flags: Flags } {
  let at = 0
  const refuse = (what: string): never => {
    throw new Untranslatable(what)
  }
  const opening = /^\(\?([aiLmsux]+)\)/.exec(source)
  if (opening) {
    for (const letter of opening[1]!) {
      if (letter === 'L') refuse('the flag (?L) is for bytes only')
      if (letter !== 'u') flags[letter as keyof Flags] = true
    }
    at = opening[0].length
  }
  const sets = () => (flags.a ? ASCII : UNICODE)

  const numeric = (digits: number): string => {
    const hex = source.slice(at, at + digits)
    if (hex.length < digits || !/^[0-9a-fA-F]+$/.test(hex)) refuse('incomplete escape')
    at += digits
    return `\\u{${hex}}`
  }

  /** What follows a backslash; `at` is on it. Sets are given back with `in`, for use inside brackets. */
  const escaped = (inSet: boolean): string => {
    const char = source[at] ?? refuse('bad escape (end of pattern)')
    at += 1
    if ('wds'.includes(char)) return inSet ? sets()[char as 'w'] : `[${sets()[char as 'w']}]`
    if ('WDS'.includes(char)) return `[^${sets()[char.toLowerCase() as 'w']}]`
    if (char in CONTROL) return CONTROL[char]!
    if (char === 'x') return numeric(2)
    if (char === 'u') return numeric(4)
    if (char === 'U') return numeric(8)
    const octal = /^(?:0[0-7]{0,2}|[0-3][0-7]{2})/.exec(source.slice(at - 1))?.[0]
    if (octal !== undefined || (inSet && /\d/.test(char))) {
      if (octal === undefined) return refuse(`bad escape \\${char}`)
      at += octal.length - 1
      return `\\u{${Number.parseInt(octal, 8).toString(16)}}`
    }
    if (inSet) {
      if (char === 'b') return '\\x08'
    } else {
      const word = `[${sets().w}]`
      if (char === 'A') return BEGINNING
      if (char === 'Z' || char === 'z') return END
      if (char === 'b') return `(?:(?<=${word})(?!${word})|(?<!${word})(?=${word}))`
      if (char === 'B') return `(?:(?<=${word})(?=${word})|(?<!${word})(?!${word}))`
      const group = /^[1-9]\d?/.exec(source.slice(at - 1))?.[0]
      if (group !== undefined) {
        at += group.length - 1
        return `(?:\\${group})`
      }
    }
    if (/[A-Za-z0-9]/.test(char)) refuse(`bad escape \\${char}`)
    return literal(char)
  }

  const member = (): { text: string; many: boolean } => {
    if (at >= source.length) refuse('unterminated character set')
    const char = codePoint(source, at)
    at += char.length
    return char === '\\' ? { many: /[wdsWDS]/.test(source[at] ?? ''), text: escaped(true) } : { text: literal(char), many: false }
  }

  const set = (): string => {
    let text = '['
    if (source[at] === '^') {
      text += '^'
      at += 1
    }
    for (let first = true; first || source[at] !== ']'; first = false) {
      const from = member()
      text += from.text
      if (source[at] !== '-' || at + 1 >= source.length || source[at + 1] === ']') continue
      at += 1
      const to = member()
      if (from.many || to.many) refuse('bad character range')
      text += `-${to.text}`
    }
    at += 1
    return `${text}]`
  }

  const group = (): string => {
    const rest = source.slice(at)
    const take = (match: RegExpExecArray, text: string) => {
      at += match[0].length
      return text
    }
    let match = /^\?P<([^>]*)>/.exec(rest)
    if (match) return take(match, `(?<${match[1]}>`)
    match = /^\?P=([^)]*)\)/.exec(rest)
    if (match) return take(match, `(?:\\k<${match[1]}>)`)
    match = /^\?#[^)]*\)/.exec(rest)
    if (match) return take(match, '')
    match = /^\?(?:[:=!]|<[=!])/.exec(rest)
    if (match) return take(match, `(${match[0]}`)
    if (rest.startsWith('?(')) refuse('a conditional group (?(…)…|…) has no counterpart here')
    if (rest.startsWith('?>')) refuse('an atomic group (?>…) has no counterpart here')
    if (/^\?[aiLmsux-]+:/.test(rest))
      refuse('flags for a part of the expression have no counterpart here: set them for all of it, at its start')
    if (/^\?[aiLmsux]+\)/.test(rest)) refuse('global flags not at the start of the expression')
    if (rest.startsWith('?')) refuse(`unknown extension ${rest.slice(0, 3)}`)
    return '('
  }

  const quantifier = (): string | undefined => {
    const match = QUANTIFIER.exec(source.slice(at))
    if (!match) return undefined
    let text = match[0]
    if (text.startsWith('{')) {
      if (text === '{}' || text === '{,}') return text === '{}' ? undefined : quantified(match, '*')
      text = match[2] ? `{${match[1] || 0},${match[3]}}` : `{${match[1]}}`
    }
    return quantified(match, text)
  }
  const quantified = (match: RegExpExecArray, text: string): string => {
    at += match[0].length
    if (source[at] === '+') refuse('a possessive quantifier has no counterpart here')
    if (source[at] !== '?') return text
    at += 1
    return `${text}?`
  }

  let text = ''
  while (at < source.length) {
    const times = quantifier()
    if (times !== undefined) {
      if (text === '') refuse('nothing to repeat')
      text += times
      continue
    }
    const char = codePoint(source, at)
    at += char.length
    if (flags.x && /\s/.test(char)) continue
    if (flags.x && char === '#') {
      const end = source.indexOf('\n', at)
      at = end < 0 ? source.length : end
    } else if (char === '\\') text += escaped(false)
    else if (char === '[') text += set()
    else if (char === '(') text += group()
    else if (char === ')' || char === '|') text += char
    else if (char === '.') text += flags.s ? ANY : '[^\\n]'
    else if (char === '^') text += flags.m ? `(?<=\\n|${BEGINNING})` : BEGINNING
    else if (char === '$') text += flags.m ? `(?=\\n|${END})` : `(?=\\n?${END})`
    else text += literal(char)
  }
  return { text, flags }
}

const codePoint = (text: string, at: number): string => String.fromCodePoint(text.codePointAt(at)!)

const literal = (char: string): string => (/^[A-Za-z0-9]$/.test(char) ? char : `\\u{${char.codePointAt(0)!.toString(16)}}`)
