/** The lines from the first to the last that differ, so that a diff shows nothing else of a file that may hold secrets. */
export function changedLines(before: string, after: string): { before: string; after: string } {
  const [a, b] = [before, after].map((text) => text.split(/(?<=\n)/)) as [string[], string[]]
  const least = Math.min(a.length, b.length)
  let first = 0
  while (first < least && a[first] === b[first]) first++
  let same = 0
  while (same < least - first && a[a.length - 1 - same] === b[b.length - 1 - same]) same++
  return { before: a.slice(first, a.length - same).join(''), after: b.slice(first, b.length - same).join('') }
}
