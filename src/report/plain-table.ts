/** Columns of text under their headings, two blanks apart, for commands that list things. */
export function printTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headings.map((heading, i) => Math.max(heading.length, ...rows.map((row) => row[i]?.length ?? 0)))
  const line = (cells: readonly string[]) => cells.map((cell, i) => cell.padEnd(i === cells.length - 1 ? 0 : widths[i]!)).join('  ')
  return [headings, ...rows].map((row) => `${line(row)}\n`).join('')
}
