/** A command's words as a POSIX shell splits them (quotes and backslashes, nothing expanded); undefined when a quote is not closed. */
export function splitWords(command: string): string[] | undefined {
  const words: string[] = []
  let word: string | undefined
  for (let at = 0; at < command.length; at += 1) {
    const char = command[at]!
    if (/\s/.test(char)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else if (char === "'") {
      const end = command.indexOf("'", at + 1)
      if (end < 0) return undefined
      word = (word ?? '') + command.slice(at + 1, end)
      at = end
    } else if (char === '"') {
      word ??= ''
      for (at += 1; command[at] !== '"'; at += 1) {
        if (at >= command.length) return undefined
        if (command[at] === '\\' && /["\\$`]/.test(command[at + 1] ?? '')) at += 1
        word += command[at]
      }
    } else if (char === '\\') {
      if (at + 1 >= command.length) return undefined
      at += 1
      word = (word ?? '') + command[at]
    } else word = (word ?? '') + char
  }
  if (word !== undefined) words.push(word)
  return words
}
