/** The words of a command line, or why it cannot be split. */
export type CommandLine = { readonly words: string[] } | { readonly words?: undefined; readonly why: string }

/**
 * Splits a command line into words by quotes and backslashes alone, as Python's shlex does in its POSIX mode (docs.python.org,
 * library/shlex, "Parsing Rules"), which is what Ansible splits with: nothing is expanded, and between double quotes a
 * backslash escapes only `"` and `\`. A backslash at a line's end joins the lines, as in a shell.
 */
export function splitCommand(line: string): CommandLine {
  const words: string[] = []
  let word: string | undefined
  for (let at = 0; at < line.length; at++) {
    const char = line[at]!
    if (' \t\r\n'.includes(char)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else if (char === "'") {
      const end = line.indexOf("'", at + 1)
      if (end < 0) return { why: 'No closing quotation' }
      word = (word ?? '') + line.slice(at + 1, end)
      at = end
    } else if (char === '"') {
      word ??= ''
      for (at++; line[at] !== '"'; at++) {
        if (at >= line.length) return { why: 'No closing quotation' }
        if (line[at] === '\\' && '"\\'.includes(line[at + 1] ?? ' ')) at++
        word += line[at]
      }
    } else if (char !== '\\') word = (word ?? '') + char
    else if (at + 1 >= line.length) return { why: 'No escaped character' }
    else if (line[++at] !== '\n') word = (word ?? '') + line[at]
  }
  if (word !== undefined) words.push(word)
  return { words }
}
