const SPECIAL = 0o6000
const ALL = 0o7777
const WHO: Record<string, number> = { u: 0o4700, g: 0o2070, o: 0o1007, a: ALL }
const PERMS: Record<string, number> = { r: 0o444, w: 0o222, x: 0o111, X: 0, s: SPECIAL, t: 0o1000 }
const COPIED: Record<string, number> = { u: 6, g: 3, o: 0 }

/**
 * The permission bits that a wanted mode makes of the present ones. Octal digits are meant exactly, setuid and setgid included.
 * Symbolic clauses do what chmod(1) does: `X` looks at the bits so far, a clause without who leaves out the umask's bits,
 * and a directory keeps setuid and setgid unless `s` is said.
 */
export function settleMode(wanted: string, present: number, about: { directory: boolean; umask: number }): number {
  if (/^[0-7]+$/.test(wanted)) return Number.parseInt(wanted, 8) & ALL
  let bits = present & ALL
  for (const clause of wanted.split(',')) {
    const who = /^[ugoa]*/.exec(clause)![0]
    const affected = [...who].reduce((sum, letter) => sum | WHO[letter]!, 0)
    for (const [, sign, perms = ''] of clause.slice(who.length).matchAll(/([-+=])([rwxXst]*|[ugo])(?=[-+=]|$)/g)) {
      let value = 0
      if (/^[ugo]$/.test(perms)) value = ((bits >> COPIED[perms]!) & 7) * 0o111
      else {
        value = [...perms].reduce((sum, letter) => sum | PERMS[letter]!, 0)
        if (perms.includes('X') && (about.directory || bits & 0o111)) value |= 0o111
      }
      const named = perms.includes('s') ? (who ? affected & SPECIAL : SPECIAL) : 0
      const kept = about.directory ? SPECIAL & ~named : 0
      const reach = (who ? affected : ALL) & ~kept
      value &= (who ? affected : ~about.umask) & ~kept
      if (sign === '+') bits |= value
      else if (sign === '-') bits &= ~value
      else bits = (bits & ~reach) | value
    }
  }
  return bits
}

/** As Ansible's results write it: `0644`, `01777`. */
export const octal = (mode: number): string => `0${mode.toString(8).padStart(3, '0')}`

/** For chmod(1): with five digits GNU's also clears a directory's setuid and setgid. */
export const chmodOperand = (mode: number): string => mode.toString(8).padStart(5, '0')
