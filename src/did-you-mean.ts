/** Damerau–Levenshtein distance (optimal string alignment): insert, delete, replace, swap neighbours. */
export function distance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) => [i, ...Array<number>(b.length).fill(0)])
  const cell = (i: number, j: number) => rows[i]?.[j] ?? 0
  for (let j = 0; j <= b.length; j++) rows[0]![j] = j
  for (let i = 1; i <= a.length; i++)
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      let best = Math.min(cell(i - 1, j) + 1, cell(i, j - 1) + 1, cell(i - 1, j - 1) + cost)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, cell(i - 2, j - 2) + 1)
      rows[i]![j] = best
    }
  return cell(a.length, b.length)
}

/** The known word nearest to a misspelt one, or undefined when none is near enough to be meant. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  const limit = Math.max(1, Math.floor(word.length / 3))
  let best: { word: string; far: number } | undefined
  for (const candidate of known) {
    const far = distance(word.toLowerCase(), candidate.toLowerCase())
    const better = !best || far < best.far || (far === best.far && candidate.startsWith(word) && !best.word.startsWith(word))
    if (far <= limit && better) best = { word: candidate, far }
  }
  return best?.word
}

/** The hint for a misspelt word: the nearest known one, else all of them when they are few. */
export function didYouMean(word: string, known: Iterable<string>): string | undefined {
  const all = [...known]
  const near = nearest(word, all)
  if (near) return `did you mean "${near}"?`
  return all.length > 0 && all.length <= 12 ? `one of ${all.join(', ')}` : undefined
}
