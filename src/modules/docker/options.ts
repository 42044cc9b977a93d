/** A mapping of names to texts that differs from the wanted one in these names: `name: before → after`. Sorted; [] when it does not. */
export function differences(
  want: Readonly<Record<string, string>> | undefined,
  is: Readonly<Record<string, string>> | null | undefined,
): string[] {
  return Object.entries(want ?? {})
    .filter(([name, value]) => is?.[name] !== value)
    .map(([name, value]) => `${name}: ${is?.[name] ?? 'unset'} → ${value}`)
    .sort()
}

/** The words of a repeated option: `--opt a=b --opt c=d`. */
export const pairs = (option: string, values: Readonly<Record<string, string>> | undefined): string[] =>
  Object.entries(values ?? {}).flatMap(([name, value]) => [option, `${name}=${value}`])
